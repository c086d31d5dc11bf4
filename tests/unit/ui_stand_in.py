"""A service in memory for tests of the screen: same methods, real futures, its own thread."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Event as Flag
from typing import Any, TypeVar

from qbdesk.sync.errors import Refusal
from qbdesk.sync.reports import (
    ControlTotals,
    Kind,
    MarkedInvoice,
    MonthPlan,
    PlanKind,
    PlanLine,
    Preview,
    SeenAmount,
    SeenLine,
    TotalLine,
)
from qbdesk.sync.views import (
    Choice,
    CompanyChanged,
    CompanyRemoved,
    CompanyView,
    ConsentRequest,
    Event,
    IncomeAccount,
    InvoicePage,
    InvoiceQuery,
    InvoiceRow,
    InvoicesChanged,
    JournalEntry,
    Offer,
    PassResult,
    Proposal,
    Requests,
    Setting,
    SortBy,
    State,
    Status,
    TokenHealth,
)

Answer = TypeVar("Answer")
NOW = datetime.now(UTC)
REDIRECT = "https://example.com/callback"


def invoice(count: int, /, **changes: Any) -> InvoiceRow:
    row = InvoiceRow(
        source_id=f"inv_{count:05}",
        number=f"2026-{count:04}",
        customer="Maple & Birch",
        amount=Decimal("1234.50"),
        currency="CAD",
        paid_on=date(2026, 1, 1) + timedelta(days=count % 300),
        method="Card",
        fees="",
        status=Status.SYNCED,
        message="",
        choices=(),
        quickbooks_invoice_id="17",
        quickbooks_payment_id="18",
        quickbooks_link=f"https://sandbox.qbo.intuit.com/app/invoice?txnId={count}",
        source_link=None,
    )
    return replace(row, **changes)


def held(count: int, /, **changes: Any) -> InvoiceRow:
    """An invoice that needs attention."""
    return invoice(
        count,
        **{
            "status": Status.NEEDS_ATTENTION,
            "message": "The customer has no email address. Set it at the source, or decide here.",
            "choices": (Choice("post_new", "Post as a new customer"),),
            "quickbooks_link": None,
            **changes,
        },
    )


def company(name: str = "maple", /, **changes: Any) -> CompanyView:
    view = CompanyView(
        name=name,
        source="feed",
        source_url="https://billing.example.com",
        source_name="Maple Billing",
        from_date=date(2026, 1, 1),
        company_name="Maple & Birch Consulting Inc.",
        environment="sandbox",
        test_server=False,
        connected=True,
        token=TokenHealth(
            NOW + timedelta(minutes=42, seconds=30),
            NOW + timedelta(days=87, hours=1),
            NOW - timedelta(minutes=17),
        ),
        state=State.IDLE,
        sentence="Everything that was paid is in QuickBooks.",
        reconnect=False,
        income_account="Sales",
        last_pass_at=NOW - timedelta(minutes=4),
        next_pass_at=NOW + timedelta(minutes=11),
        paused=False,
    )
    return replace(view, **changes)


def not_connected(name: str = "maple", /, **changes: Any) -> CompanyView:
    return company(
        name,
        **{
            "connected": False,
            "company_name": None,
            "environment": None,
            "token": TokenHealth(None, None, None),
            "state": State.SIGNED_OUT,
            "sentence": "Not connected to QuickBooks yet.",
            "last_pass_at": None,
            "next_pass_at": None,
            **changes,
        },
    )


LATER_OR = (Choice("", "Later: Undeposited Funds until then"), Choice("91", "Card clearing"))
OFFER = Offer(
    company_name="Maple & Birch Consulting Inc.",
    environment="sandbox",
    test_server=False,
    country="CA",
    currency="CAD",
    income_accounts=(IncomeAccount("1", "Sales"), IncomeAccount("2", "Services")),
    income_account=IncomeAccount("2", "Services"),
    questions=(),
    findings=(),
    new_books=True,
    tax="Every line gets a tax code.",
    first_day=date(2026, 1, 1),
    untaxed=(
        Proposal(
            "tax.untaxed.abroad",
            "Lines without tax, clients abroad",
            (Choice("", "Ask again with the next invoice"), Choice("7", "Zero-rated")),
            "",
            "7",
        ),
    ),
    clearing=(
        Proposal("deposit.card", "Credit card", LATER_OR, "", "91"),
        Proposal("deposit.paypal", "PayPal", LATER_OR, "", ""),
    ),
)

_PLACES = (Choice("", "Undeposited Funds"), Choice("35", "Chequing"), Choice("91", "Card clearing"))
SETTINGS = [
    Setting("income_account", "Default income account", "1", (Choice("1", "Sales"),)),
    *(
        Setting(f"deposit.{method}", f"{name}: money goes to", "", _PLACES)
        for method, name in (
            ("card", "Credit card"),
            ("bank_debit", "Bank debit"),
            ("e_transfer", "e-Transfer"),
            ("cheque", "Cheque"),
            ("paypal", "PayPal"),
        )
    ),
    Setting("tax.13.ON", "Tax code for 13 % in ON", "5", (Choice("5", "HST ON"),)),
]


def total_line(kind: Kind, label: str, source: str, quickbooks: str | None = "") -> TotalLine:
    """QuickBooks says the same unless another figure is given."""
    there = None if quickbooks is None else Decimal(quickbooks or source)
    return TotalLine(kind, label, "CAD", Decimal(source), there)


def _seen(status: Status, count: int, total: str, *, posted: bool = False) -> SeenLine:
    return SeenLine(status, posted, (SeenAmount("CAD", count, Decimal(total)),))


def plan_line(
    kind: PlanKind, label: str, count: int, amount: str, base: str | None = None
) -> PlanLine:
    on = None if base is None else Decimal(base)
    return PlanLine(kind, label, "CAD", count, Decimal(amount), on)


CONTROL = ControlTotals(
    company="maple",
    month=None,
    months=("2026-11", "2026-10"),
    last_pass_at=NOW,
    current=True,
    lines=(
        total_line(Kind.COUNT, "", "143"),
        total_line(Kind.NET, "", "48210.55", "48310.55"),
        total_line(Kind.TAX, "GST (5 %)", "412.30"),
        total_line(Kind.TAX, "HST ON (13 %)", "5190.22", "5203.22"),
        total_line(Kind.GROSS, "", "53813.07", "53926.07"),
        total_line(Kind.PAID, "Card clearing", "21004.10"),
        total_line(Kind.PAID, "Undeposited Funds", "32808.97", "32695.97"),
    ),
    seen=(
        _seen(Status.SYNCED, 142, "53700.07", posted=True),
        _seen(Status.NEEDS_ATTENTION, 1, "113.00", posted=True),
        _seen(Status.NEEDS_ATTENTION, 4, "870.10"),
        _seen(Status.IGNORED, 2, "99.00"),
    ),
    still_open=(
        MarkedInvoice(
            "inv_00017",
            "2026-0017",
            "Harbour Condo Corp",
            "CAD",
            Decimal("113.00"),
            Decimal("226.00"),
            "Spot-check: QuickBooks made 226.00 CAD of the invoice, the source says 113.00 CAD.",
        ),
    ),
    still_open_count=1,
    differing=(),
    differing_count=0,
)

PREVIEW = Preview(
    company="maple",
    rows=(),
    whole=MonthPlan(
        None,
        "",
        (
            plan_line(PlanKind.POST, "", 143, "53813.07"),
            plan_line(PlanKind.PAYMENT, "", 3, "1130.00"),
            plan_line(PlanKind.NET, "", 143, "48210.55"),
            plan_line(PlanKind.TAX, "GST", 12, "412.30", "8246.00"),
            plan_line(PlanKind.TAX, "HST ON", 128, "5190.22", "39924.77"),
            plan_line(PlanKind.TAX, "Zero-rated", 3, "0.00", "39.78"),
            plan_line(PlanKind.INCOME, "Services", 143, "48210.55"),
            plan_line(PlanKind.DEPOSIT, "Undeposited Funds", 102, "33938.97"),
            plan_line(PlanKind.DEPOSIT, "Card clearing", 44, "21004.10"),
            plan_line(PlanKind.ALREADY, "", 6, "2310.85"),
            plan_line(
                PlanKind.HELD, "Could not find customer email: set it at the source.", 4, "87"
            ),
            plan_line(PlanKind.HELD, "Several customers in QuickBooks have this email.", 2, "226"),
            plan_line(PlanKind.IGNORED, "Paid before 2026-01-01.", 9, "990.10"),
        ),
    ),
    months=(
        MonthPlan("2026-10", "closed", (plan_line(PlanKind.HELD, "Closed.", 2, "226.00"),)),
        MonthPlan("2026-11", "", (plan_line(PlanKind.POST, "", 143, "53813.07"),)),
    ),
    new_customers=31,
    matched_customers=54,
    doubtful_customers=2,
    closed_up_to=date(2026, 10, 31),
    requests=Requests(reads=12),
)


class StandIn:
    """Answers from lists; `asked` notes every call as (method, arguments)."""

    def __init__(self, *companies: CompanyView, rows: Sequence[InvoiceRow] = ()) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="stand-in")
        self._listeners: list[Callable[[Event], None]] = []
        self.views = {view.name: view for view in companies}
        self.rows = {row.source_id: row for row in rows}
        self.entries: list[JournalEntry] = []
        self.asked: list[tuple[Any, ...]] = []
        self.offer = OFFER
        self.keys: tuple[str, str] | None = None
        self.troubles: dict[str, Exception] = {}
        self.intuit_told = True
        self.same: dict[str, tuple[str, ...]] = {}
        self.pass_results: list[PassResult] = []
        self.known_settings = SETTINGS
        self.control = CONTROL
        self.planned = PREVIEW
        self.gate = Flag()
        self.gate.set()
        self.started = self.stopped = False

    # ---- life ----

    def start(self) -> None:
        self.started = True

    def stop(self, timeout: float = 5.0) -> None:
        self.stopped = True
        self.gate.set()
        self._thread.shutdown()

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell(self, *events: Event) -> None:
        """Events come from the engine's own thread."""

        def told() -> None:
            for event in events:
                for listener in list(self._listeners):
                    listener(event)

        self._thread.submit(told)

    def _answer(self, work: Callable[[], Answer], name: str, *arguments: Any) -> "Future[Answer]":
        self.asked.append((name, *arguments))
        if self.stopped:
            late: Future[Answer] = Future()
            late.set_exception(Refusal("qbdesk is closing down."))
            return late

        def done() -> Answer:
            self.gate.wait(30)
            if name in self.troubles:
                raise self.troubles[name]
            return work()

        return self._thread.submit(done)

    def calls(self, name: str) -> list[tuple[Any, ...]]:
        return [arguments for called, *arguments in self.asked if called == name]

    # ---- companies ----

    def companies(self) -> "Future[list[CompanyView]]":
        return self._answer(lambda: list(self.views.values()), "companies")

    def company(self, name: str) -> "Future[CompanyView]":
        return self._answer(lambda: self.views[name], "company", name)

    def change_company(self, name: str, **changes: Any) -> None:
        self.views[name] = replace(self.views[name], **changes)
        self.tell(CompanyChanged(name))

    def add_company(
        self, name: str, source: str, url: str, token: str, from_date: date, who: str
    ) -> "Future[CompanyView]":
        def added() -> CompanyView:
            self.views[name] = not_connected(name, source_url=url, from_date=from_date)
            return self.views[name]

        return self._answer(added, "add_company", name, source, url, token, from_date, who)

    def remove_company(self, name: str, who: str = "you") -> "Future[None]":
        def removed() -> None:
            del self.views[name]
            self.tell(CompanyRemoved(name))

        return self._answer(removed, "remove_company", name)

    def change_source_token(self, company: str, token: str) -> "Future[None]":
        return self._answer(lambda: None, "change_source_token", company, token)

    # ---- invoices ----

    def invoices(
        self, query: InvoiceQuery, after: str | None = None, limit: int = 200
    ) -> "Future[InvoicePage]":
        return self._answer(
            lambda: self._page(query, after, limit), "invoices", query, after, limit
        )

    def _page(self, query: InvoiceQuery, after: str | None, limit: int) -> InvoicePage:
        keys: dict[SortBy, Callable[[InvoiceRow], Any]] = {
            SortBy.PAID_ON: lambda row: row.paid_on or date.min,
            SortBy.NUMBER: lambda row: row.number,
            SortBy.CUSTOMER: lambda row: row.customer,
            SortBy.AMOUNT: lambda row: row.amount or Decimal(0),
            SortBy.STATUS: lambda row: row.status.value,
        }
        key = keys[query.sort_by]
        rows = sorted(
            (row for row in self.rows.values() if self._fits(row, query)),
            key=lambda row: (key(row), row.source_id),
            reverse=query.descending,
        )
        start = 0
        if after is not None:
            known = [row.source_id for row in rows]
            start = known.index(after) + 1
        page = tuple(rows[start : start + limit])
        more = start + limit < len(rows)
        return InvoicePage(page, len(rows), page[-1].source_id if more else None)

    @staticmethod
    def _fits(row: InvoiceRow, query: InvoiceQuery) -> bool:
        status = query.status in (None, row.status)
        return status and query.search.lower() in f"{row.number} {row.customer}".lower()

    def invoice(self, company: str, source_id: str) -> "Future[InvoiceRow]":
        def known() -> InvoiceRow:
            if source_id not in self.rows:
                raise Refusal(f"{company} has no invoice with the id {source_id!r}.")
            return self.rows[source_id]

        return self._answer(known, "invoice", company, source_id)

    def change_invoices(self, *rows: InvoiceRow, company: str = "maple") -> None:
        self.rows.update({row.source_id: row for row in rows})
        self.tell(InvoicesChanged(company, tuple(row.source_id for row in rows)))

    def journal(self, company: str, source_id: str | None = None) -> "Future[list[JournalEntry]]":
        return self._answer(lambda: list(self.entries), "journal", company, source_id)

    def resync(self, company: str, source_ids: Sequence[str]) -> "Future[tuple[str, ...]]":
        return self._answer(lambda: (), "resync", company, tuple(source_ids))

    def alike(self, company: str, source_id: str) -> "Future[dict[str, tuple[str, ...]]]":
        return self._answer(lambda: self.same, "alike", company, source_id)

    def resolve_all(
        self, company: str, source_ids: list[str], choice: str, who: str
    ) -> "Future[None]":
        return self._answer(lambda: None, "resolve_all", company, source_ids, choice, who)

    def resolve(self, company: str, source_id: str, choice: str, who: str) -> "Future[None]":
        return self._answer(lambda: None, "resolve", company, source_id, choice, who)

    def ignore(
        self, company: str, source_ids: Sequence[str], note: str, who: str
    ) -> "Future[tuple[str, ...]]":
        return self._answer(lambda: (), "ignore", company, tuple(source_ids), note, who)

    # ---- connecting ----

    def app_keys_known(self) -> "Future[tuple[str, str] | None]":
        return self._answer(lambda: self.keys, "app_keys_known")

    def begin_connect(
        self, company: str, client_id: str, client_secret: str | None, redirect_uri: str
    ) -> "Future[ConsentRequest]":
        request = ConsentRequest("https://appcenter.intuit.com/connect", redirect_uri, None)
        return self._answer(
            lambda: request, "begin_connect", company, client_id, client_secret, redirect_uri
        )

    def finish_connect(self, company: str, address: str) -> "Future[Offer]":
        return self._answer(lambda: self.offer, "finish_connect", company, address)

    def confirm_connect(
        self,
        company_name: str,
        income_account_id: str,
        agreed: frozenset[str],
        answers: dict[str, str],
        who: str,
        *,
        first_day: date | None,
        paused: bool | None,
    ) -> "Future[CompanyView]":
        def confirmed() -> CompanyView:
            if {word for word, _ in self.offer.questions} - agreed:
                raise Refusal("Not everything was agreed to.")
            before = self.views[company_name].paused if company_name in self.views else False
            now = before if paused is None else paused
            self.views[company_name] = company(company_name, paused=now)
            return self.views[company_name]

        told = (company_name, income_account_id, agreed, answers, first_day, who)
        return self._answer(confirmed, "confirm_connect", *told, *(["paused"] if paused else []))

    def cancel_connect(self, company: str) -> "Future[None]":
        return self._answer(lambda: None, "cancel_connect", company)

    def disconnect(self, company: str, who: str = "you") -> "Future[bool]":
        def gone() -> bool:
            self.views[company] = not_connected(company, counts=self.views[company].counts)
            self.tell(CompanyChanged(company))
            return self.intuit_told

        return self._answer(gone, "disconnect", company)

    # ---- passes ----

    def sync(self, company: str | None = None) -> "Future[list[PassResult]]":
        named = [company] if company else list(self.views)
        done = self.pass_results or [PassResult(name, 0, 0, 0, Requests()) for name in named]
        return self._answer(lambda: done, "sync", company)

    def stop_pass(self, company: str | None = None) -> "Future[None]":
        return self._answer(lambda: None, "stop_pass", company)

    def pause(self, company: str, who: str = "you") -> "Future[None]":
        return self._answer(lambda: self.change_company(company, paused=True), "pause", company)

    def resume(self, company: str, who: str = "you") -> "Future[None]":
        return self._answer(lambda: self.change_company(company, paused=False), "resume", company)

    # ---- control totals ----

    def totals(
        self, company: str, month: str | None = None, *, afresh: bool = True
    ) -> "Future[ControlTotals]":
        name = "totals" if afresh else "totals of before"
        found = replace(self.control, company=company, month=month)
        return self._answer(lambda: found, name, company, month)

    def save_totals(self, company: str, month: str | None, file: Path) -> "Future[None]":
        return self._answer(lambda: None, "save_totals", company, month, file)

    def preview(self, company: str) -> "Future[Preview]":
        return self._answer(lambda: self.planned, "preview", company)

    # ---- settings ----

    def settings(self, company: str) -> "Future[list[Setting]]":
        return self._answer(lambda: list(self.known_settings), "settings", company)

    def begin_from(self, company: str, first_day: date, who: str) -> "Future[CompanyView]":
        def begins() -> CompanyView:
            view = self.views[company]
            paused = view.paused or (view.connected and first_day < view.from_date)
            self.views[company] = replace(view, from_date=first_day, paused=paused)
            self.tell(CompanyChanged(company))
            return self.views[company]

        return self._answer(begins, "begin_from", company, first_day, who)

    def change_setting(
        self, company: str, key: str, value: str, who: str, *, offered: bool = False
    ) -> "Future[None]":
        def changed() -> None:
            self.known_settings = [
                replace(setting, value=value) if setting.key == key else setting
                for setting in self.known_settings
            ]

        return self._answer(changed, "change_setting", company, key, value, who)
