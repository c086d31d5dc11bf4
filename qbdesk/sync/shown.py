"""Ledger rows as the screen and the command line see them."""

from collections.abc import Mapping
from datetime import datetime

from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.ledger.invoices import InvoiceRecord
from qbdesk.sync.quickbooks.hosts import Hosts
from qbdesk.sync.views import (
    Choice,
    CompanyView,
    Finding,
    InvoiceRow,
    State,
    Status,
)

TRY_AGAIN = Choice("try_again", "Try again")
SOON = 7  # days before the end of the sign-in at which Reconnect is offered


def row(record: InvoiceRecord, company: Company, hosts: Hosts) -> InvoiceRow:
    choices = record.choices
    if record.status is Status.NEEDS_ATTENTION and TRY_AGAIN.word not in [c.word for c in choices]:
        choices = (*choices, TRY_AGAIN)
    link = None
    if record.quickbooks_invoice_id and company.environment:
        link = hosts.web_link(company.environment, "invoice", record.quickbooks_invoice_id)
    payments = record.quickbooks_payment_ids
    return InvoiceRow(
        source_id=record.source_id,
        number=record.number,
        customer=record.customer,
        amount=record.amount,
        currency=record.currency,
        paid_on=record.paid_on,
        method=record.method,
        fees=record.fees,
        status=record.status,
        message=record.message,
        choices=choices,
        quickbooks_invoice_id=record.quickbooks_invoice_id,
        quickbooks_payment_id=payments[0] if payments else None,
        quickbooks_link=link,
        source_link=record.source_link,
    )


def company_view(
    company: Company,
    counts: Mapping[Status, int],
    *,
    running: bool,
    next_pass_at: datetime | None,
    test_server: bool,
    now: datetime,
    why_paused: str = "",
    of_the_ledger: tuple[Finding, ...] = (),
) -> CompanyView:
    """What is going on with a company.

    Args:
        why_paused: What is said instead of all else while it is paused, if there is a reason.
    """
    state = _state(company, counts, running=running)
    health = company.token_health
    ends_soon = company.connected and health.refresh_days(now) < SOON
    return CompanyView(
        name=company.name,
        source=company.source,
        source_url=company.source_url,
        source_name=company.tenant_name,
        from_date=company.from_date,
        company_name=company.company_name,
        environment=company.environment,
        test_server=test_server,
        connected=company.connected,
        token=health,
        state=state,
        sentence=_sentence(company, counts, state, why_paused),
        reconnect=_needs_reconnecting(company) or ends_soon,
        income_account=company.income_account_name,
        last_pass_at=company.last_pass_at,
        next_pass_at=next_pass_at,
        paused=company.paused,
        counts=dict(counts),
        findings=(*(Finding(**found) for found in company.findings), *of_the_ledger),
        ledger_findings=of_the_ledger,
    )


def _needs_reconnecting(company: Company) -> bool:
    """Signed out, or stopped in a way that new keys or another sign-in may mend."""
    stopped = company.trouble_kind in (State.SIGNED_OUT, State.ATTENTION)
    return company.realm_id is not None and (stopped or not company.connected)


def _state(company: Company, counts: Mapping[Status, int], *, running: bool) -> State:
    if not company.connected or company.trouble_kind == State.SIGNED_OUT:
        return State.SIGNED_OUT
    if running:
        return State.SYNCING
    if company.trouble_kind is not None:
        return State(company.trouble_kind)
    if counts.get(Status.NEEDS_ATTENTION):
        return State.ATTENTION
    return State.PAUSED if company.paused else State.IDLE


def _sentence(company: Company, counts: Mapping[Status, int], state: State, why_paused: str) -> str:
    if not company.connected:
        return "Not connected to QuickBooks. Nothing is posted."
    if state is State.SYNCING:
        return "Syncing now."
    if company.paused and why_paused:
        return why_paused
    if company.trouble:
        return company.trouble
    if company.last_pass_at is None and not company.paused:
        return "Connected. Paid invoices have not been looked for yet."
    held = counts.get(Status.NEEDS_ATTENTION, 0)
    told = "Paused. " if company.paused else ""
    if held:
        return f"{told}{held} invoice{'s need' if held > 1 else ' needs'} your attention."
    if told:
        return "Paused. Nothing is posted until you resume it; the preview shows what would be."
    waiting = counts.get(Status.WAITING, 0) + counts.get(Status.POSTING, 0)
    if waiting:
        return f"{waiting} invoice{'s wait' if waiting > 1 else ' waits'} for the next sync."
    ignored = counts.get(Status.IGNORED, 0)
    but = f", but for {ignored} that {'are' if ignored > 1 else 'is'} ignored" if ignored else ""
    return f"Every paid invoice is in QuickBooks{but}."
