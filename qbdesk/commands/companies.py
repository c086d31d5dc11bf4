"""add, connect, disconnect, pause, resume, remove, settings, status."""

import sys
import webbrowser
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import click

from qbdesk.commands import consent
from qbdesk.commands.running import (
    fail,
    is_person,
    plain,
    print_json,
    print_table,
    say,
    secret,
    service,
    turn,
    wait,
    who,
)
from qbdesk.commands.totals import as_json_value
from qbdesk.sync.errors import Refusal
from qbdesk.sync.views import CompanyView, ConsentRequest, Offer, Proposal, State

if TYPE_CHECKING:
    from qbdesk.sync.service import Service


LONGEST_LINE = 10_000  # characters; an address that Intuit sends the browser to has a few hundred


@click.command()
@click.argument("company")
@click.option("--source", default="feed", show_default=True, help="Where the invoices come from.")
@click.option("--url", required=True, help="The root of the invoicing system's server.")
@click.option("--from", "from_date", help="First day of payment, YYYY-MM-DD.")
def add(company: str, source: str, url: str, from_date: str | None) -> None:
    """Add COMPANY, or give one that is there a new token; without --from its first day stays.

    The token comes from $QBDESK_SOURCE_TOKEN, or is asked.
    """
    day = None if from_date is None else _day("--from", from_date)
    token = secret("QBDESK_SOURCE_TOKEN", "Token of the invoicing system")
    with service() as opened:
        there = {view.name: view for view in wait(opened.companies())}
        view = wait(opened.add_company(company, source, url, token, day, who()))
        before = there.get(view.name)
        click.echo(plain(_about_adding(before, view)))
        if before is None:
            _mind_the_future(view.from_date)
        else:
            _about_another_first_day(before, view)


def _about_adding(before: CompanyView | None, after: CompanyView) -> str:
    told = f"{after.name}: {after.source_name}, from {after.from_date}."
    if before is None:
        return f"Added {told}"
    if (before.source_url, before.from_date) == (after.source_url, after.from_date):
        renewed = "token of the invoicing system entered again"
        return f"{after.name}: {renewed}; address and first day as before."
    return f"Changed {told}"


def _mind_the_future(first_day: date) -> None:
    if first_day > date.today():
        say(f"{first_day} is still to come: what is paid until then is not posted.")


def _day(name: str, told: str) -> date:
    try:
        # Not date.fromisoformat(): it takes weeks and days without dashes as well.
        return datetime.strptime(told, "%Y-%m-%d").date()
    except ValueError:
        fail(f"{name} is a day of the calendar, written YYYY-MM-DD, such as 2026-01-31.")


@click.command()
@click.argument("company")
@click.option("--client-id", required=True, help="Client ID of your Intuit app.")
@click.option("--redirect-uri", required=True, help="A redirect address registered for it.")
@click.option("--paste", is_flag=True, help="Sign in with a browser and paste the last address.")
@click.option("--switch", is_flag=True, help="Agree to another company or environment.")
def connect(company: str, client_id: str, redirect_uri: str, paste: bool, switch: bool) -> None:
    """Connect COMPANY to QuickBooks. The secret comes from $QBDESK_CLIENT_SECRET, or is asked."""
    with service() as opened:
        client_secret = secret("QBDESK_CLIENT_SECRET", "Client secret of your Intuit app")
        request = wait(opened.begin_connect(company, client_id, client_secret, redirect_uri))
        try:
            address = _pasted(request) if paste else _landed(request)
            offer = wait(opened.finish_connect(company, address))
            _confirm(opened, company, offer, switch=switch)
        except BaseException:
            # Denied, refused or stopped: nothing is kept.
            wait(opened.cancel_connect(company))
            raise


def _pasted(request: ConsentRequest) -> str:
    click.echo("Open this address, sign in, and paste the address you land on:")
    click.echo(request.authorize_url)
    sys.stdout.flush()
    if is_person():
        webbrowser.open(request.authorize_url)
    return sys.stdin.readline(LONGEST_LINE)


def _landed(request: ConsentRequest) -> str:
    address = consent.ask(request)
    return _pasted(request) if address is None else address


NOTHING_KEPT = "Not connected; nothing was kept."
OTHER_COMPANY = "other_company"  # words of Offer.questions
MISMATCH = "environment_mismatch"
INCOME_ACCOUNT = "income_account"
FIRST_DAY = "first_day"
TO_UNDEPOSITED = "Undeposited Funds until a clearing account is chosen"
ASKED_FOR = "asked for at the first such invoice"


def _confirm(opened: "Service", company: str, offer: Offer, *, switch: bool) -> None:
    """Names company, environment and income account, and asks what has to be asked."""
    tested = ", test server" if offer.test_server else ""
    click.echo(f"{plain(offer.company_name)} ({offer.environment}{tested}), {offer.currency}")
    for finding in offer.findings:
        if finding.level != "fine":
            click.echo(plain(f"{finding.sentence} {finding.advice}"))
    if offer.income_account is None:
        raise Refusal("This company has no active income account. Make one in QuickBooks first.")
    account = offer.income_account
    click.echo(
        f"Income goes to “{plain(account.name)}” (to change it: "
        f"qbdesk settings {plain(company)} {INCOME_ACCOUNT} NAME)."
    )
    click.echo(_about_first_day(offer, company))
    for clearing in offer.clearing:
        click.echo(_about(clearing, company, TO_UNDEPOSITED))
    click.echo(offer.tax)
    for untaxed in offer.untaxed:
        click.echo(_about(untaxed, company, ASKED_FOR))
    agreed = {OTHER_COMPANY} if switch else set()
    for word, sentence in offer.questions:
        if word not in agreed:
            _ask(word, sentence)
            agreed.add(word)
    if is_person() and not click.confirm("Connect?", default=True):
        raise Refusal(NOTHING_KEPT)
    view = wait(opened.confirm_connect(company, account.id, frozenset(agreed), who=who()))
    click.echo(f"Connected {plain(view.name)} to {plain(offer.company_name)}.")


def _about(proposal: Proposal, company: str, until_chosen: str) -> str:
    """What is chosen, or proposed; here nothing is chosen that nobody has named."""
    how = f"qbdesk settings {plain(company)} {proposal.key} NAME"
    if proposal.chosen:
        return f"{proposal.label}: “{plain(proposal.chosen_name)}” (to change it: {how})."
    proposed = f", “{plain(proposal.proposed_name)}” for example" if proposal.proposed else ""
    return f"{proposal.label}: {until_chosen}{proposed}: {how}."


def _about_first_day(offer: Offer, company: str) -> str:
    how = f"qbdesk settings {plain(company)} {FIRST_DAY}"
    if offer.first_day_told:
        return f"{offer.first_day_told} To begin with the first open day: {how} {offer.first_day}."
    return f"What was paid from {offer.first_day} on is posted (to change it: {how} DAY)."


def _ask(word: str, sentence: str) -> None:
    """Raises Refusal unless a person says yes; live and test are joined in the window only."""
    if word == MISMATCH:
        raise Refusal(f"{sentence} {NOTHING_KEPT} If it is what you want, connect in the window.")
    if not is_person():
        way = "add --switch" if word == OTHER_COMPANY else "connect in a terminal or in the window"
        raise Refusal(f"{sentence} {NOTHING_KEPT} If it is what you want, {way}.")
    if not click.confirm(plain(f"{sentence} Do it all the same?")):
        raise Refusal(NOTHING_KEPT)


@click.command()
@click.argument("company")
def disconnect(company: str) -> None:
    """Sign COMPANY out of QuickBooks. Past invoices stay there."""
    with service() as opened:
        connected = wait(opened.company(company)).connected
        told = wait(opened.disconnect(company, who()))
        if not connected:
            click.echo(f"{plain(company)} was not connected. No token of it is kept here.")
            return
        click.echo(f"Disconnected {plain(company)}. Both tokens are deleted.")
        if not told:
            click.echo(
                "Intuit could not be told; end the connection there too: in QuickBooks under Apps, "
                "My apps.",
                err=True,
            )


@click.command()
@click.argument("company")
def pause(company: str) -> None:
    """Post nothing for COMPANY until it is resumed."""
    with service() as opened:
        wait(opened.pause(company, who()))
        click.echo(f"Paused {plain(company)}.")


@click.command()
@click.argument("company")
def resume(company: str) -> None:
    """Post for COMPANY again."""
    with service() as opened:
        wait(opened.resume(company, who()))
        click.echo(f"Resumed {plain(company)}.")


@click.command()
@click.argument("company")
def remove(company: str) -> None:
    """Sign COMPANY out and take it off the list; its ledger is kept."""
    with service() as opened:
        wait(opened.remove_company(company, who()))
        click.echo(f"Removed {plain(company)}. What was posted stays in QuickBooks.")


@click.command()
@click.argument("company")
@click.argument("key", required=False)
@click.argument("value", required=False)
def settings(company: str, key: str | None, value: str | None) -> None:
    """Show the settings of COMPANY, or change one."""
    with service() as opened:
        if key is not None and value is None:
            raise Refusal("Give the new value as well: qbdesk settings COMPANY KEY VALUE.")
        if key is not None and value is not None:
            _change(opened, company, key, value)
        day = wait(opened.company(company)).from_date
        rows = [[FIRST_DAY, "Posts what was paid from", str(day)]]
        rows += [[s.key, s.label, s.shown] for s in wait(opened.settings(company))]
        print_table({"Setting": "left", "What it is": "left", "Now": "left"}, rows)


def _change(opened: "Service", company: str, key: str, value: str) -> None:
    if key != FIRST_DAY:
        with turn(opened, company):
            wait(opened.change_setting(company, key, value, who()))
        return
    # Not in turn: a pass under way goes by it from its next write on.
    before = wait(opened.company(company))
    after = wait(opened.begin_from(company, _day(FIRST_DAY, value), who()))
    _about_another_first_day(before, after)


def _about_another_first_day(before: CompanyView, after: CompanyView) -> None:
    _mind_the_future(after.from_date)
    if after.from_date > before.from_date:
        say(f"What was paid before {after.from_date} and is not in QuickBooks yet is ignored.")
    if after.paused and not before.paused:
        name = plain(after.name)
        say(
            f"{name} is paused, since an earlier day brings more invoices. See what would be "
            f"posted: qbdesk sync {name} --preview. Then post it: qbdesk resume {name}."
        )


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON, on the last line.")
def status(as_json: bool) -> None:
    """How every company is doing."""
    with service() as opened:
        views = wait(opened.companies())
        # As they were added up at the end of the last pass: nobody waits here.
        found = [wait(opened.totals(view.name, afresh=False)) for view in views]
    if as_json:
        pairs = zip(views, found, strict=True)
        print_json([_status(v) | {"control_totals": as_json_value(totals)} for v, totals in pairs])
        return
    rows = [[v.name, v.company_name or "", _environment(v), v.sentence] for v in views]
    columns = {"Company": "left", "QuickBooks": "left", "Environment": "left", "State": "left"}
    print_table(columns, rows)
    for warning in _warnings(views):
        say(warning)
    for view in (v for v, totals in zip(views, found, strict=True) if not totals.agree):
        name = plain(view.name)
        say(f"{name}: source and QuickBooks differ. See where: qbdesk totals {name}.")


def _warnings(views: list[CompanyView]) -> list[str]:
    """Of the ledger that all companies share: each once."""
    found = (finding for view in views[:1] for finding in view.ledger_findings)
    return [f"{finding.sentence} {finding.advice}" for finding in found]


def _environment(view: CompanyView) -> str:
    told = view.environment or ""
    return f"TEST SERVER, {told}" if view.test_server and told else told


def _status(view: CompanyView) -> dict[str, object]:
    now = datetime.now(UTC)
    return {
        "company": view.name,
        "company_name": view.company_name,
        "environment": view.environment,
        "test_server": view.test_server,
        "connected": view.connected and view.state is not State.SIGNED_OUT,
        "state": view.state,
        "message": view.sentence,
        "paused": view.paused,
        "token": {
            "access_minutes": view.token.access_minutes(now),
            "refresh_days": view.token.refresh_days(now),
        },
        "last_pass": view.last_pass_at.isoformat() if view.last_pass_at else None,
        "counts": {str(status): count for status, count in view.counts.items()},
        "warnings": _warnings([view]),
    }
