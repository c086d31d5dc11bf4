"""What the window and the command line are shown: immutable snapshots and events."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from qbdesk.sync.quickbooks.hosts import Environment


class Status(StrEnum):
    """What became of a paid invoice."""

    WAITING = "waiting"
    POSTING = "posting"
    SYNCED = "synced"
    ALREADY_IN_QUICKBOOKS = "already_in_quickbooks"
    NEEDS_ATTENTION = "needs_attention"
    IGNORED = "ignored"


class State(StrEnum):
    """How a company is doing: the one state behind icon, tooltip, menu and window."""

    SIGNED_OUT = "signed_out"
    ATTENTION = "attention"
    OFFLINE = "offline"
    SYNCING = "syncing"
    PAUSED = "paused"
    IDLE = "idle"


@dataclass(frozen=True)
class TokenHealth:
    """What may be known about a sign-in without any secret; UTC, None where signed out."""

    access_expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None  # the earlier of the rolling and the final end
    last_refresh_at: datetime | None = None

    def access_minutes(self, now: datetime) -> int:
        return _whole(self.access_expires_at, now, 60)

    def refresh_days(self, now: datetime) -> int:
        return _whole(self.refresh_expires_at, now, 86_400)


def _whole(end: datetime | None, now: datetime, seconds: int) -> int:
    return max(0, int((end - now).total_seconds() // seconds)) if end else 0


@dataclass(frozen=True)
class Finding:
    """One line of the preflight."""

    level: str  # "fine", "mind" or "stop"
    sentence: str
    advice: str = ""


@dataclass(frozen=True)
class CompanyView:
    """One company as the screen shows it.

    Attributes:
        name: What the user calls it; the COMPANY of the command line.
        sentence: What is going on, for header, tooltip and menu.
        reconnect: True when only signing in again helps, or will be needed soon.
        findings: What is to be minded, `ledger_findings` among it: those of the ledger's place and
            backups, which are the same for every company.
    """

    name: str
    source: str
    source_url: str
    source_name: str | None
    from_date: date
    company_name: str | None
    environment: Environment | None
    test_server: bool
    connected: bool
    token: TokenHealth
    state: State
    sentence: str
    reconnect: bool
    income_account: str | None
    last_pass_at: datetime | None
    next_pass_at: datetime | None
    paused: bool
    counts: dict[Status, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    ledger_findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Choice:
    """Something a person may decide for a held invoice; `word` is what `resolve` takes."""

    word: str
    label: str


@dataclass(frozen=True)
class Setting:
    """Something a person chooses once for a company.

    Attributes:
        key: What `qbdesk settings` calls it.
        value: The word of the present choice.
        choices: What there is in QuickBooks to choose from.
    """

    key: str
    label: str
    value: str
    choices: tuple[Choice, ...]

    @property
    def shown(self) -> str:
        """The present choice in QuickBooks' own name."""
        named = (choice.label for choice in self.choices if choice.word == self.value)
        return next(named, self.value)


@dataclass(frozen=True)
class InvoiceRow:
    """One line of the window's table."""

    source_id: str
    number: str
    customer: str
    amount: Decimal | None
    currency: str
    paid_on: date | None
    method: str
    fees: str
    status: Status
    message: str
    choices: tuple[Choice, ...]
    quickbooks_invoice_id: str | None
    quickbooks_payment_id: str | None
    quickbooks_link: str | None
    source_link: str | None


class SortBy(StrEnum):
    PAID_ON = "paid_on"
    NUMBER = "number"
    CUSTOMER = "customer"
    AMOUNT = "amount"
    STATUS = "status"


@dataclass(frozen=True)
class InvoiceQuery:
    """Which rows, in what order; the ledger does the work, not the screen."""

    company: str
    status: Status | None = None
    search: str = ""
    sort_by: SortBy = SortBy.PAID_ON
    descending: bool = True


@dataclass(frozen=True)
class InvoicePage:
    """Some rows and the key after which the next page starts (None: that was all)."""

    rows: tuple[InvoiceRow, ...]
    total: int
    after: str | None


@dataclass(frozen=True)
class JournalEntry:
    at: datetime
    who: str
    text: str
    details: str = ""


@dataclass(frozen=True)
class Backup:
    """A backup of the ledger that can be restored; `name` is what `qbdesk restore` takes."""

    name: str
    made_at: datetime
    companies: int
    invoices: int


@dataclass(frozen=True)
class ConsentRequest:
    """What the consent window needs; nothing secret."""

    authorize_url: str
    redirect_uri: str
    test_server_root: str | None


@dataclass(frozen=True)
class IncomeAccount:
    id: str
    name: str


@dataclass(frozen=True)
class Proposal:
    """A setting that is asked for at connect and may be left for later.

    Attributes:
        key: The setting that keeps it.
        choices: The first, with the word "", leaves it for later.
        chosen: The word of what was chosen before; "": nothing yet.
        proposed: The word of the choice that looks right; "": none does.
    """

    key: str
    label: str
    choices: tuple[Choice, ...]
    chosen: str
    proposed: str

    @property
    def chosen_name(self) -> str:
        return self._name(self.chosen)

    @property
    def proposed_name(self) -> str:
        return self._name(self.proposed)

    def _name(self, word: str) -> str:
        return next((choice.label for choice in self.choices if word and choice.word == word), "")


@dataclass(frozen=True)
class Offer:
    """Whom the consent was for, before anything is kept.

    Attributes:
        questions: What a person has to agree to first: (stable word, sentence). The words are
            "other_company" (another company or environment than before), "environment_mismatch"
            (live source with a sandbox company, or the reverse) and "same_source" (another company
            is fed by the same source tenant).
        clearing: Where the money of each method waits that is paid out later (rule 25).
        new_books: It was not connected to these books until now.
        tax: How the company taxes its sales, and what that means for its invoices.
        untaxed: The tax codes of lines without tax (rule 17); none where QuickBooks needs none.
        first_day: From which day of payment on it is proposed to post.
        first_day_told: Why it is another one than was chosen before; "": it is the same.
    """

    company_name: str
    environment: Environment
    test_server: bool
    country: str
    currency: str
    income_accounts: tuple[IncomeAccount, ...]
    income_account: IncomeAccount | None
    questions: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]
    new_books: bool
    tax: str
    first_day: date
    first_day_told: str = ""
    clearing: tuple[Proposal, ...] = ()
    untaxed: tuple[Proposal, ...] = ()


@dataclass(frozen=True)
class Requests:
    reads: int = 0
    writes: int = 0
    batches: int = 0


@dataclass(frozen=True)
class PassResult:
    """What one pass did (`sync --json`).

    Attributes:
        stopped: The sentence that says why the company could not be served, else None.
    """

    company: str
    synced: int
    waiting: int
    needs_attention: int
    requests: Requests
    stopped: str | None = None


@dataclass(frozen=True)
class Checkup:
    """What `qbdesk doctor` found out about one company; `requests`: this month's, by kind."""

    company: str
    findings: tuple[Finding, ...]
    requests: Requests


@dataclass(frozen=True)
class Seen:
    """One probe's name, what it asks, and what a sandbox company answered."""

    probe: str
    question: str
    seen: str


@dataclass(frozen=True)
class Probed:
    """What the probes saw; `left`: names of what they made and could not put away."""

    seen: tuple[Seen, ...]
    left: tuple[str, ...]


# ---- events: heard on the engine's thread ----


@dataclass(frozen=True)
class CompanyChanged:
    company: str


@dataclass(frozen=True)
class CompanyRemoved:
    company: str


@dataclass(frozen=True)
class InvoicesChanged:
    company: str
    source_ids: tuple[str, ...]


@dataclass(frozen=True)
class Progress:
    """What is being done right now.

    Attributes:
        total: 0: nobody can say how much there is.
        writes: False: it is a preview, which posts nothing.
    """

    company: str
    sentence: str
    done: int = 0
    total: int = 0
    writes: bool = True


@dataclass(frozen=True)
class Warned:
    """Something for one tray notification: new held invoices (grouped), or a lost connection."""

    company: str
    title: str
    sentence: str
    source_ids: tuple[str, ...] = ()


Event = CompanyChanged | CompanyRemoved | InvoicesChanged | Progress | Warned
