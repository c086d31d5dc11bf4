"""Finding out in QuickBooks what the planner wants to know, with as few metered reads as can be."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TypeVar

from qbdesk.sync.ledger.parts import parts
from qbdesk.sync.planner.decisions import Look, Subject
from qbdesk.sync.planner.knowledge import Knowledge
from qbdesk.sync.quickbooks.client import QuickBooks
from qbdesk.sync.quickbooks.objects import (
    CustomerObject,
    InvoiceObject,
    ItemObject,
    PaymentMethodObject,
    PaymentObject,
)
from qbdesk.sync.quickbooks.queries import (
    ACTIVE_OR_NOT,
    MOST_RESULTS,
    Condition,
    contains,
    query,
)

Owed = TypeVar("Owed", InvoiceObject, PaymentObject)

IN_ONE_QUESTION = 100  # numbers or Ids: as many as a GET address takes
# From so many unknown addresses on it may be cheaper to read the customers page by page.
MANY_EMAILS = 10
CUSTOMERS_AT_ONCE = MOST_RESULTS - 1  # a full page would make the client go on by itself


class Lookups:
    """Answers looks from QuickBooks into the knowledge of one pass."""

    def __init__(self, quickbooks: QuickBooks, known: Knowledge) -> None:
        self._quickbooks = quickbooks
        self._known = known
        self._everybody: dict[str, list[CustomerObject]] | None = None

    async def answer(self, subject: Subject, keys: Sequence[str]) -> None:
        """Looks up all keys of one subject.

        Raises:
            QuickBooksError, Unreachable: As the client's reads do.
        """
        ways = {
            Subject.NUMBER: self._numbers,
            Subject.EMAIL: self._emails,
            Subject.NAME: self._names,
            Subject.ITEM: self._items,
            Subject.MAPPED_ITEM: self._mapped_items,
            Subject.METHODS: self._methods,
            Subject.EXCHANGE_RATE: self._rates,
            Subject.PAYMENTS: self._payments,
            Subject.OPEN_INVOICES: self._open_invoices,
        }
        await ways[subject](keys)

    async def _numbers(self, numbers: Sequence[str]) -> None:
        for part in parts(sorted(set(numbers)), IN_ONE_QUESTION):
            statement = query("Invoice", [Condition("DocNumber", "IN", part)])
            found = await self._quickbooks.query(statement, InvoiceObject, "Invoice")
            for number in part:
                key = number.casefold()
                self._known.numbers[key] = tuple(
                    entry for entry in found if (entry.doc_number or "").casefold() == key
                )

    async def _emails(self, emails: Sequence[str]) -> None:
        if self._everybody is None and len(emails) >= MANY_EMAILS:
            await self._read_everybody(len(emails))
        for email in emails:
            if self._everybody is not None:
                self._known.by_email[email] = tuple(self._everybody.get(email, ()))
                continue
            conditions = [contains("PrimaryEmailAddr", email), ACTIVE_OR_NOT]
            statement = query("Customer", conditions)
            found = await self._quickbooks.query(statement, CustomerObject, "Customer")
            self._known.by_email[email] = tuple(c for c in found if _has(c, email))

    async def _read_everybody(self, emails: int) -> None:
        """All customers, where that takes fewer reads than asking for each address."""
        found: dict[str, CustomerObject] = {}
        for page in range(1, emails):
            start = (page - 1) * CUSTOMERS_AT_ONCE + 1
            statement = query("Customer", [ACTIVE_OR_NOT], start=start, limit=CUSTOMERS_AT_ONCE)
            rows = await self._quickbooks.query(statement, CustomerObject, "Customer")
            found |= {row.id: row for row in rows}
            if len(rows) < CUSTOMERS_AT_ONCE:
                break
        else:
            return
        self._everybody = {}
        for customer in found.values():
            for email in customer.emails():
                self._everybody.setdefault(email.casefold(), []).append(customer)

    async def _names(self, names: Sequence[str]) -> None:
        for name in names:
            statement = query("Customer", [Condition("DisplayName", "=", name), ACTIVE_OR_NOT])
            found = await self._quickbooks.query(statement, CustomerObject, "Customer")
            holder = next((c for c in found if c.display_name.casefold() == name.casefold()), None)
            self._known.by_name[name.casefold()] = holder

    async def _items(self, names: Sequence[str]) -> None:
        for name in names:
            statement = query("Item", [Condition("Name", "=", name), ACTIVE_OR_NOT])
            found = await self._quickbooks.query(statement, ItemObject, "Item")
            self._known.item_names_looked.add(name)
            for item in found:
                account = item.income_account_ref.value if item.income_account_ref else ""
                if item.active and account == self._known.income_account_id:
                    self._known.items[account] = item.id
                else:
                    self._known.item_names_taken.add(name)

    async def _mapped_items(self, ids: Sequence[str]) -> None:
        for part in parts(sorted(ids), IN_ONE_QUESTION):
            statement = query("Item", [Condition("Id", "IN", part), ACTIVE_OR_NOT])
            found = await self._quickbooks.query(statement, ItemObject, "Item")
            there = {item.id: item for item in found}
            self._known.mapped_items |= {item_id: there.get(item_id) for item_id in part}

    async def _methods(self, _keys: Sequence[str]) -> None:
        statement = query("PaymentMethod")
        found = await self._quickbooks.query(statement, PaymentMethodObject, "PaymentMethod")
        self._known.methods |= {entry.name.casefold(): entry.id for entry in found if entry.active}
        self._known.methods_looked = True

    async def _rates(self, keys: Sequence[str]) -> None:
        for key in keys:
            currency, day = key.split()
            rate = await self._quickbooks.exchange_rate(currency, date.fromisoformat(day))
            self._known.rates[key] = rate

    async def _payments(self, customers: Sequence[str]) -> None:
        for part in parts(customers, IN_ONE_QUESTION):
            statement = query("Payment", [_of_customers(part)])
            found = await self._quickbooks.query(statement, PaymentObject, "Payment")
            self._known.payments |= _by_customer(found, part)

    async def _open_invoices(self, customers: Sequence[str]) -> None:
        for part in parts(customers, IN_ONE_QUESTION):
            statement = query("Invoice", [_of_customers(part), Condition("Balance", ">", "0")])
            found = await self._quickbooks.query(statement, InvoiceObject, "Invoice")
            self._known.open_invoices |= _by_customer(found, part)


def _of_customers(ids: Sequence[str]) -> Condition:
    """Intuit, "Data queries": a reference may be compared by = and by IN."""
    if len(ids) == 1:
        return Condition("CustomerRef", "=", ids[0])
    return Condition("CustomerRef", "IN", ids)


def _by_customer(found: Iterable[Owed], ids: Sequence[str]) -> dict[str, tuple[Owed, ...]]:
    of: dict[str, list[Owed]] = {key: [] for key in ids}
    for entry in found:
        if entry.customer_ref.value in of:
            of[entry.customer_ref.value].append(entry)
    return {key: tuple(entries) for key, entries in of.items()}


def _has(customer: CustomerObject, email: str) -> bool:
    """LIKE finds too much: one field may hold several addresses, and ours within another."""
    return email in (address.casefold() for address in customer.emails())


def by_subject(looks: Iterable[Look]) -> dict[Subject, list[str]]:
    """The keys to look up, per subject, each once and in order."""
    found: dict[Subject, dict[str, None]] = {}
    for look in looks:
        found.setdefault(look.subject, {})[look.key] = None
    return {subject: list(keys) for subject, keys in found.items()}
