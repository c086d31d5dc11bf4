"""The QuickBooks client against the practice company, by real HTTP messages in one process."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from qbdesk.practice.books.books import Books
from qbdesk.practice.books.chart import open_books
from qbdesk.practice.intuit.app import intuit_app
from qbdesk.practice.intuit.company import PracticeCompany
from qbdesk.practice.switches import Switches
from qbdesk.sync.quickbooks.client import (
    Confirmed,
    NotSent,
    Outcome,
    QuickBooks,
    QuickBooksError,
    Refused,
    Unknown,
    Unreachable,
    Write,
)
from qbdesk.sync.quickbooks.faults import FaultKind
from qbdesk.sync.quickbooks.hosts import Environment, intuit_hosts
from qbdesk.sync.quickbooks.limits import Limiter, RequestKind
from qbdesk.sync.quickbooks.oauth import AppKeys, TokenSet, exchange_code, refresh
from qbdesk.sync.quickbooks.objects import (
    AccountObject,
    CustomerObject,
    InvoiceObject,
    PaymentObject,
    TaxCodeObject,
    TaxRateObject,
)
from qbdesk.sync.quickbooks.queries import ACTIVE_OR_NOT, Condition, contains, query

REALM = "9130350000000001"
REDIRECT = "http://localhost:8765/callback"
KEYS = AppKeys("app-id", "app-secret")
HOSTS = intuit_hosts("http://127.0.0.1:8080")


class Log:
    def recent(self, since: float) -> Sequence[tuple[float, RequestKind]]:
        return []

    def add(self, at: float, kind: RequestKind) -> None:
        pass


class SignedIn:
    """Tokens as Intuit's own endpoint hands them out."""

    def __init__(self, http: httpx.AsyncClient, now: Callable[[], datetime]) -> None:
        self._http = http
        self._now = now
        self.set: TokenSet

    async def sign_in(self, code: str) -> None:
        self.set = await exchange_code(self._http, HOSTS, KEYS, REDIRECT, code, self._now())

    async def access_token(self) -> str:
        return self.set.access_token

    async def refused(self, token: str) -> None:
        self.set = await refresh(self._http, HOSTS, KEYS, self.set.refresh_token, self._now())


class Office:
    """A practice company, and a signed-in client of it whose waits move the practice clock."""

    def __init__(self, switches: Switches | None = None) -> None:
        self.now = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
        self.switches = switches or Switches()
        self.books = Books(REALM, "Maple & Sons", self.switches, lambda: self.now)
        open_books(self.books)
        self.company = PracticeCompany(
            self.books,
            client_id=KEYS.client_id,
            client_secret=KEYS.client_secret,
            redirect_uri=REDIRECT,
            sleep=self.sleep,
        )
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(intuit_app(self.company)))
        self.tokens = SignedIn(self.http, lambda: self.now)
        self.waits: list[float] = []
        self.limiter = Limiter(Log(), wall=self.seconds, monotonic=self.seconds, sleep=self.sleep)
        self.quickbooks = self.client("sandbox")
        self._request_ids = 0

    def client(self, environment: Environment) -> QuickBooks:
        return QuickBooks(
            self.http,
            HOSTS,
            environment,
            REALM,
            self.tokens,
            self.limiter,
            sleep=self.sleep,
            on_wait=lambda seconds, _why: self.waits.append(seconds),
            chance=lambda: 0.0,
        )

    def seconds(self) -> float:
        return self.now.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def write(self, path: str, **body: Any) -> Write:
        self._request_ids += 1
        return Write(path, json.dumps(body).encode(), f"qd1-{self._request_ids}")

    async def customer(self, name: str = "Ann") -> str:
        return confirmed(await self.quickbooks.write(self.write("customer", DisplayName=name)))

    def invoice(self, customer: str, number: str, tax_code: str) -> Write:
        detail = {"ItemRef": {"value": self.books.default_item}, "TaxCodeRef": {"value": tax_code}}
        line = {"Amount": 500, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
        return self.write(
            "invoice",
            CustomerRef={"value": customer},
            DocNumber=number,
            TxnDate="2026-10-30",
            GlobalTaxCalculation="TaxExcluded",
            Line=[line],
        )

    def payment(self, customer: str, invoice: str, amount: int) -> Write:
        linked = [{"TxnId": invoice, "TxnType": "Invoice"}]
        return self.write(
            "payment",
            CustomerRef={"value": customer},
            TotalAmt=amount,
            TxnDate="2026-11-01",
            Line=[{"Amount": amount, "LinkedTxn": linked}],
        )

    async def tax_code(self, percent: str) -> str:
        """The active code of a single rate of so many percent."""
        rates = await self.quickbooks.query(query("TaxRate"), TaxRateObject, "TaxRate")
        codes = await self.quickbooks.query(query("TaxCode"), TaxCodeObject, "TaxCode")
        wanted = {rate.id for rate in rates if rate.active and rate.rate_value == Decimal(percent)}
        return next(code.id for code in codes if code.active and {*code.rate_ids()} <= wanted)

    async def invoices(self, number: str) -> list[InvoiceObject]:
        statement = query("Invoice", [Condition("DocNumber", "=", number)])
        return await self.quickbooks.query(statement, InvoiceObject, "Invoice")


def confirmed(outcome: Outcome) -> str:
    assert isinstance(outcome, Confirmed), outcome
    assert outcome.tid
    return str(outcome.entity["Id"])


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    practice = Office()
    async with practice.http:
        await practice.tokens.sign_in(practice.company.sign_in.consent())
        yield practice


async def test_a_company_is_known_by_its_name_its_settings_and_its_accounts(
    office: Office,
) -> None:
    office.switches.book_close_date = date(2025, 12, 31)
    company = await office.quickbooks.company_info()
    preferences = await office.quickbooks.preferences()
    assert (company.company_name, company.country) == ("Maple & Sons", "CA")
    assert company.offering() == "QuickBooks Online Plus"
    assert company.subscription_status() == "SUBSCRIBED"
    assert preferences.accounting_info_prefs.book_close_date == date(2025, 12, 31)
    assert preferences.sales_forms_prefs.custom_txn_numbers
    assert preferences.default_item() == office.books.default_item
    undeposited = [Condition("AccountSubType", "=", "UndepositedFunds")]
    accounts = await office.quickbooks.query(
        query("Account", undeposited), AccountObject, "Account"
    )
    assert [account.account_type for account in accounts] == ["Other Current Asset"]


async def test_customer_invoice_and_payment_written_one_by_one_leave_nothing_open(
    office: Office,
) -> None:
    customer = await office.customer()
    code = await office.tax_code("13")
    invoice = await office.quickbooks.write(office.invoice(customer, "INV-1", code))
    invoice_id = confirmed(invoice)
    payment_id = confirmed(await office.quickbooks.write(office.payment(customer, invoice_id, 565)))
    (found,) = await office.invoices("INV-1")
    assert (found.id, found.total_amt, found.balance) == (invoice_id, Decimal(565), Decimal(0))
    assert found.txn_tax_detail.total_tax == 65
    assert [linked.txn_id for linked in found.linked_txn] == [payment_id]
    payment = await office.quickbooks.read(f"payment/{payment_id}", PaymentObject, "Payment")
    assert payment is not None
    assert (payment.total_amt, payment.unapplied_amt) == (Decimal(565), Decimal(0))
    assert payment.txn_date == date(2026, 11, 1)
    assert office.company.requests.writes == 3


async def test_waves_of_batches_write_the_same_and_tell_each_item_apart(office: Office) -> None:
    code = await office.tax_code("13")
    names = [office.write("customer", DisplayName=name) for name in ("Ann", "Bob", "Ann")]
    ann, bob, second_ann = await office.quickbooks.batch(names, request_id="b1")
    assert isinstance(second_ann, Refused)
    assert second_ann.fault.code == "6240"
    customers = [confirmed(ann), confirmed(bob)]
    invoices = [
        confirmed(outcome)
        for outcome in await office.quickbooks.batch(
            [office.invoice(each, f"INV-{each}", code) for each in customers], request_id="b2"
        )
    ]
    pairs = zip(customers, invoices, strict=True)
    payments = [office.payment(customer, invoice, 565) for customer, invoice in pairs]
    for outcome in await office.quickbooks.batch(payments, request_id="b3"):
        confirmed(outcome)
    assert [invoice["Balance"] for invoice in office.books.of("Invoice")] == [0, 0]
    assert (office.company.requests.writes, office.company.requests.batches) == (0, 3)


async def test_a_full_batch_repeated_with_the_same_bytes_posts_nothing_twice(
    office: Office,
) -> None:
    writes = [office.write("customer", DisplayName=f"Client {each}") for each in range(30)]
    first = await office.quickbooks.batch(writes, request_id="b1")
    again = await office.quickbooks.batch(writes, request_id="b1")
    assert [confirmed(outcome) for outcome in first] == [confirmed(outcome) for outcome in again]
    assert len(list(office.books.of("Customer"))) == 30


async def test_every_customer_is_found_however_many_pages_there_are(office: Office) -> None:
    for each in range(2500):
        office.books.add("Customer", {"DisplayName": f"Client {each}", "Active": True})
    found = await office.quickbooks.query(query("Customer"), CustomerObject, "Customer")
    assert len({customer.display_name for customer in found}) == 2500
    assert office.company.requests.reads == 3


@pytest.mark.parametrize("name", ["O'Brien \\ Sons", "%", "' OR Id > '0", "Zoë <b>", "a\\'b"])
async def test_a_name_is_found_whatever_stands_in_it(office: Office, name: str) -> None:
    await office.customer("Somebody else")
    wanted = await office.customer(name)
    statement = query("Customer", [Condition("DisplayName", "=", name), ACTIVE_OR_NOT])
    found = await office.quickbooks.query(statement, CustomerObject, "Customer")
    assert [customer.id for customer in found] == [wanted]


async def test_an_email_is_found_among_several_in_one_field(office: Office) -> None:
    address = {"Address": "Ann@x.test, bob@x.test"}
    write = office.write("customer", DisplayName="Ann", PrimaryEmailAddr=address)
    wanted = confirmed(await office.quickbooks.write(write))
    found = await office.quickbooks.query(
        query("Customer", [contains("PrimaryEmailAddr", "bob@x.test")]), CustomerObject, "Customer"
    )
    assert [(each.id, each.emails()) for each in found] == [(wanted, ("ann@x.test", "bob@x.test"))]


async def test_a_query_too_long_for_an_address_is_posted(office: Office) -> None:
    wanted = [await office.customer(f"Client {each}") for each in range(3)]
    ids = [*wanted, *(str(each) for each in range(10_000, 10_600))]
    found = await office.quickbooks.query(
        query("Customer", [Condition("Id", "IN", ids)]), CustomerObject, "Customer"
    )
    assert [customer.id for customer in found] == wanted


async def test_an_exchange_rate_of_the_day_is_exact_and_none_for_days_too_long_ago(
    office: Office,
) -> None:
    office.switches.multicurrency = True
    rate = await office.quickbooks.exchange_rate("EUR", date(2026, 10, 30))
    assert rate == office.books.rates["EUR"]
    assert await office.quickbooks.exchange_rate("EUR", date(1999, 10, 30)) is None


async def test_an_invoice_that_is_gone_is_none(office: Office) -> None:
    assert await office.quickbooks.read("invoice/999", InvoiceObject, "Invoice") is None


async def test_an_expired_token_is_refreshed_and_the_write_goes_through_once(
    office: Office,
) -> None:
    office.now += timedelta(hours=2)
    await office.customer()
    assert office.company.requests.refreshes == 1
    assert len(list(office.books.of("Customer"))) == 1


async def test_after_a_disconnect_in_quickbooks_the_company_stops(office: Office) -> None:
    office.company.sign_in.disconnect()
    outcome = await office.quickbooks.write(office.write("customer", DisplayName="Ann"))
    assert isinstance(outcome, Refused)
    assert outcome.fault.kind is FaultKind.COMPANY


async def test_a_company_of_the_other_host_is_a_fault_of_the_whole_company(office: Office) -> None:
    with pytest.raises(QuickBooksError) as refusal:
        await office.client("production").company_info()
    assert refusal.value.fault.kind is FaultKind.COMPANY
    assert "sandbox companies and real companies have different keys" in str(refusal.value)


async def test_an_ended_subscription_under_http_200_stops_the_company(office: Office) -> None:
    office.switches.subscription_status = "EXPIRED"
    outcome = await office.quickbooks.write(office.write("customer", DisplayName="Ann"))
    assert isinstance(outcome, Refused)
    assert (outcome.fault.kind, outcome.fault.http_status) == (FaultKind.COMPANY, 200)


async def test_a_throttle_is_waited_out_for_a_minute_and_the_write_goes_through_once(
    office: Office,
) -> None:
    office.company.faults.add("throttled", "POST customer")
    began = office.now
    await office.customer()
    assert office.now - began == timedelta(seconds=60)
    assert office.waits == [60]
    assert len(list(office.books.of("Customer"))) == 1


async def test_intuits_limits_are_never_met_however_much_there_is_to_do(office: Office) -> None:
    office.switches.limits = True
    for each in range(45):
        writes = [office.write("customer", DisplayName=f"Client {each}")]
        await office.quickbooks.batch(writes, request_id=f"b{each}")
    for _ in range(600):
        await office.quickbooks.preferences()
    assert office.company.requests.throttled == 0


@pytest.mark.parametrize(
    "fault", ["reply_lost", "garbage", "empty", "cut_off", "request_lost", "unavailable",
              "server_error"]
)  # fmt: skip
async def test_a_write_whose_answer_is_no_good_is_unknown_and_not_repeated(
    office: Office, fault: Any
) -> None:
    office.company.faults.add(fault, "POST customer")
    write = office.write("customer", DisplayName="Ann")
    outcome = await office.quickbooks.write(write)
    assert isinstance(outcome, Unknown)
    assert "the program looks before it sends anything again" in outcome.why
    assert office.company.requests.writes == 1
    # The same bytes under the same request id settle it, whether or not it had been carried out.
    confirmed(await office.quickbooks.write(write))
    assert len(list(office.books.of("Customer"))) == 1


async def test_a_batch_whose_answer_is_lost_is_unknown_item_by_item(office: Office) -> None:
    office.company.faults.add("reply_lost", "batch")
    writes = [office.write("customer", DisplayName=name) for name in ("Ann", "Bob")]
    outcomes = await office.quickbooks.batch(writes, request_id="b1")
    assert [type(outcome) for outcome in outcomes] == [Unknown, Unknown]
    assert len(list(office.books.of("Customer"))) == 2


@pytest.mark.parametrize("fault", ["reply_lost", "unavailable", "server_error", "garbage"])
async def test_a_read_is_repeated_until_the_trouble_has_passed(office: Office, fault: Any) -> None:
    office.company.faults.add(fault, "read", times=3)
    assert (await office.quickbooks.preferences()).sales_forms_prefs.custom_txn_numbers
    assert office.waits == [1, 2, 4]


async def test_a_read_that_never_gets_an_answer_says_so(office: Office) -> None:
    office.company.faults.add("reply_lost", "read", times=None)
    with pytest.raises(Unreachable, match="broke off before its answer was complete"):
        await office.quickbooks.preferences()
    assert office.company.requests.reads == 4


async def test_a_closed_period_is_refused_with_its_reason(office: Office) -> None:
    customer = await office.customer()
    write = office.invoice(customer, "INV-1", await office.tax_code("13"))
    office.switches.book_close_date = date(2026, 10, 31)
    outcome = await office.quickbooks.write(write)
    assert isinstance(outcome, Refused)
    assert (outcome.fault.code, outcome.fault.kind) == ("6200", FaultKind.DECIDE)


async def test_fields_that_nobody_has_documented_do_no_harm(office: Office) -> None:
    office.switches.drift = True
    await office.customer()
    found = await office.quickbooks.query(query("Customer"), CustomerObject, "Customer")
    assert [customer.display_name for customer in found] == ["Ann"]


async def test_where_nobody_listens_a_write_is_not_sent(office: Office) -> None:
    async with httpx.AsyncClient() as network:
        nobody = intuit_hosts("http://127.0.0.1:1")
        quickbooks = QuickBooks(
            network, nobody, "sandbox", REALM, office.tokens, office.limiter, sleep=office.sleep
        )
        outcome = await quickbooks.write(office.write("customer", DisplayName="Ann"))
    assert isinstance(outcome, NotSent)
    assert outcome.why == (
        "QuickBooks cannot be reached. Nothing is lost: invoices wait, and qbdesk goes on with "
        "them by itself as soon as it can. Check this computer's internet connection."
    )
