"""One company's books: every entity as Intuit would answer it, and the ledger beneath."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from qbdesk.practice.books.ledger import Ledger, Posting
from qbdesk.practice.clock import Clock, intuit_time
from qbdesk.practice.switches import Switches
from qbdesk.practice.wire import ZERO

Entity = dict[str, Any]

# DisplayName is unique across these three (Intuit: Customer, "Name list objects").
SHARED_NAMES = ("Customer", "Vendor", "Employee")
NAME_FIELD = {kind: "DisplayName" for kind in (*SHARED_NAMES, "TaxAgency")}
TRANSACTION_KINDS = ("Invoice", "Payment")
KINDS = (
    *SHARED_NAMES,
    *("Account", "Item", "PaymentMethod", "Class", "Term", "Department"),
    *("TaxCode", "TaxRate", "TaxAgency", "CompanyCurrency"),
    *TRANSACTION_KINDS,
    # Known to queries and empty here: a careful client looks for them before it posts.
    *("SalesReceipt", "CreditMemo", "RefundReceipt", "Deposit", "Estimate", "JournalEntry"),
)
# What clients ask for once per invoice: looked up, not scanned for.
INDEXED = (("Invoice", "DocNumber"), ("Invoice", "CustomerRef"), ("Payment", "CustomerRef"))
DELETED_SUFFIX = " (deleted)"


class Books:
    """The books of one company, keyed by kind and Id.

    Attributes:
        entities: kind -> Id -> the object as Intuit answers it.
        ledger: the double-entry ledger, in home currency.
        deleted: tombstones for change data capture: (kind, Id, when).
        deposited: Ids of payments that a bank deposit holds fast (fault 6540).
        rates: what a unit of a foreign currency costs in home currency; see `rate_on`.
    """

    def __init__(self, realm_id: str, company_name: str, switches: Switches, clock: Clock) -> None:
        self.realm_id = realm_id
        self.company_name = company_name
        self.switches = switches
        self.clock = clock
        self.entities: dict[str, dict[str, Entity]] = {kind: {} for kind in KINDS}
        self.ledger = Ledger()
        self.deleted: list[tuple[str, str, str]] = []
        self.deposited: set[str] = set()
        self.rates: dict[str, Decimal] = {"USD": Decimal("1.37"), "EUR": Decimal("1.49")}
        self.default_item = ""
        self._counters: defaultdict[str, int] = defaultdict(int)
        self._names: dict[tuple[str, str], str] = {}
        self._by_value: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
        self._owed: dict[str, tuple[str, Decimal]] = {}
        self._owed_by: defaultdict[str, Decimal] = defaultdict(Decimal)
        self._unseen: set[tuple[str, str]] | None = None
        self.number_sequence = 1000

    def add(self, kind: str, entity: Entity, entity_id: str | None = None) -> Entity:
        """Gives a new entity its Id, SyncToken "0" and MetaData, and keeps it."""
        counter = "transaction" if kind in TRANSACTION_KINDS else kind
        if entity_id is None:
            self._counters[counter] += 1
            while str(self._counters[counter]) in self.entities[kind]:
                self._counters[counter] += 1
            entity_id = str(self._counters[counter])
        now = intuit_time(self.clock())
        kept = {
            **entity,
            "domain": "QBO",
            "sparse": False,
            "Id": entity_id,
            "SyncToken": "0",
            "MetaData": {"CreateTime": now, "LastUpdatedTime": now},
        }
        self.entities[kind][entity_id] = kept
        if self._unseen is not None:
            self._unseen.add((kind, entity_id))
        self._index(kind, kept)
        return kept

    def replace(self, kind: str, entity: Entity) -> Entity:
        """Keeps a changed entity under its Id, with the next SyncToken."""
        old = self.entities[kind][entity["Id"]]
        self._unindex(kind, old)
        entity["SyncToken"] = str(int(old["SyncToken"]) + 1)
        entity["MetaData"] = {**old["MetaData"], "LastUpdatedTime": intuit_time(self.clock())}
        entity["domain"], entity["sparse"] = "QBO", False
        self.entities[kind][entity["Id"]] = entity
        self._index(kind, entity)
        return entity

    def remove(self, kind: str, entity_id: str) -> None:
        self._unindex(kind, self.entities[kind].pop(entity_id))
        self.deleted.append((kind, entity_id, intuit_time(self.clock())))

    def get(self, kind: str, entity_id: str) -> Entity | None:
        """An entity as a request may see it."""
        return None if self.hides(kind, entity_id) else self.entities[kind].get(entity_id)

    def hides(self, kind: str, entity_id: str) -> bool:
        return self._unseen is not None and (kind, entity_id) in self._unseen

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """What is done meanwhile is dated at that moment, though it is later already."""
        clock, self.clock = self.clock, lambda: moment
        try:
            yield
        finally:
            self.clock = clock

    @contextmanager
    def hiding_new(self) -> Iterator[None]:
        """What is made meanwhile cannot be read or referred to: the items of one batch."""
        self._unseen = set()
        try:
            yield
        finally:
            self._unseen = None

    def of(self, kind: str) -> Iterable[Entity]:
        return self.entities[kind].values()

    def named(self, kind: str, name: str) -> Entity | None:
        """The entity of this kind with that name, compared as QuickBooks does: ignoring case."""
        key = self._names.get((kind, name.casefold()))
        return None if key is None else self.entities[kind][key]

    def name_taken(self, kind: str, name: str, by_other_than: str | None) -> str | None:
        """The kind that already uses a name, or None."""
        kinds = SHARED_NAMES if kind in SHARED_NAMES else (kind,)
        for other in kinds:
            holder = self._names.get((other, name.casefold()))
            if holder is not None and not (other == kind and holder == by_other_than):
                return other
        return None

    def indexed(self, kind: str, field: str, value: str) -> list[Entity] | None:
        """The entities with that value, in the order of their Ids; None where no index is kept."""
        if field == "Id":
            entity = self.entities[kind].get(value)
            return [] if entity is None else [entity]
        if (kind, field) not in INDEXED:
            return None
        keys = sorted(self._by_value.get((kind, field, value.casefold()), ()), key=int)
        return [self.entities[kind][key] for key in keys]

    def invoices_numbered(self, number: str) -> list[Entity]:
        return self.indexed("Invoice", "DocNumber", number) or []

    def account(self, subtype: str) -> str:
        """The Id of the first active account of an AccountSubType."""
        for account in self.of("Account"):
            if account["AccountSubType"] == subtype and account["Active"]:
                return str(account["Id"])
        raise LookupError(subtype)

    def rate_on(self, currency: str, day: date) -> Decimal | None:
        """What a unit of a currency costs in home currency on that day; None: nobody knows."""
        if currency == self.switches.home_currency:
            return Decimal(1)
        rate = self.rates.get(currency)
        if rate is None or day == self.switches.day_without_rate:
            return None
        if not self.switches.daily_rates:
            return rate
        # Up to 2 per cent up or down, the same for the same day.
        return rate * (1000 + day.toordinal() * 37 % 41 - 20) / 1000

    def post(self, transaction: str, customer: str, owed: Decimal, posting: Posting) -> None:
        """Puts a transaction into the ledger and into what its customer owes, in its currency."""
        self.ledger.post(transaction, posting)
        before, amount = self._owed.pop(transaction, (customer, ZERO))
        self._owed_by[before] -= amount
        self._owed[transaction] = (customer, owed)
        self._owed_by[customer] += owed
        for key in {before, customer} & self.entities["Customer"].keys():
            holder = self.entities["Customer"][key]
            holder["Balance"] = holder["BalanceWithJobs"] = self._owed_by[key]
        for account_id in posting.keys() & self.entities["Account"].keys():
            account = self.entities["Account"][account_id]
            account["CurrentBalance"] = self._signed(account)
            account["CurrentBalanceWithSubAccounts"] = account["CurrentBalance"]

    def trial_balance(self) -> dict[str, Decimal]:
        """Account name -> balance, debits positive. Adds up to zero, always."""
        accounts = self.entities["Account"]
        return {accounts[key]["Name"]: amount for key, amount in self.ledger.balances().items()}

    def account_balance(self, name: str) -> Decimal:
        account = self.named("Account", name)
        if account is None:
            raise LookupError(name)
        return self.ledger.balance(account["Id"])

    def customer_balance(self, customer_id: str) -> Decimal:
        return self._owed_by.get(customer_id, ZERO)

    @property
    def receivable(self) -> Decimal:
        """Accounts receivable, in home currency."""
        return self.ledger.balance(self.account("AccountsReceivable"))

    def _signed(self, account: Entity) -> Decimal:
        # QuickBooks shows what a liability, equity or income account holds as a positive figure.
        balance = self.ledger.balance(account["Id"])
        return balance if account["Classification"] in ("Asset", "Expense") else -balance

    def _index(self, kind: str, entity: Entity) -> None:
        name = entity.get(NAME_FIELD.get(kind, "Name"))
        if name:
            self._names[kind, name.casefold()] = entity["Id"]
        for key in _index_keys(kind, entity):
            self._by_value[key].add(entity["Id"])

    def _unindex(self, kind: str, entity: Entity) -> None:
        name = entity.get(NAME_FIELD.get(kind, "Name"))
        if name and self._names.get((kind, name.casefold())) == entity["Id"]:
            del self._names[kind, name.casefold()]
        for key in _index_keys(kind, entity):
            self._by_value[key].discard(entity["Id"])


def _index_keys(kind: str, entity: Entity) -> Iterable[tuple[str, str, str]]:
    for indexed_kind, field in INDEXED:
        value = entity.get(field) if indexed_kind == kind else None
        if value:
            text = value["value"] if isinstance(value, dict) else value
            yield kind, field, text.casefold()
