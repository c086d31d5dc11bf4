"""The practice company's journey: add the source, sign in, post, show."""

from datetime import date

import click
import httpx

from qbdesk.commands.invoices import print_all
from qbdesk.commands.progress import shown_progress
from qbdesk.commands.running import plain, say
from qbdesk.practice.serve import PracticeServer
from qbdesk.sync.service import Service
from qbdesk.sync.views import CompanyView, Offer, Status


def set_up(service: Service, server: PracticeServer, company: str) -> tuple[Offer, CompanyView]:
    """Adds and connects the practice company, as a person would: consent page and all."""
    told = server.describe()
    start = date.fromisoformat(str(told["from"]))
    service.add_company(
        company, "feed", server.source_url, str(told["source_token"]), start
    ).result()
    request = service.begin_connect(
        company,
        str(told["client_id"]),
        str(told["client_secret"]),
        str(told["redirect_uri"]),
    ).result()
    # The practice consent page lets a script through at once.
    answer = httpx.get(request.authorize_url, follow_redirects=False, trust_env=False)
    offer = service.finish_connect(company, answer.headers["location"]).result()
    assert offer.income_account is not None
    agreed = frozenset(word for word, _ in offer.questions)
    view = service.confirm_connect(company, offer.income_account.id, agreed).result()
    return offer, view


def show(service: Service, server: PracticeServer, company: str) -> int:
    """The journey in the terminal, ending with the table of invoices."""
    offer, view = set_up(service, server, company)
    click.echo(f"Source: {plain(view.source_name or '')}, invoices paid from {view.from_date} on")
    tested = ", TEST SERVER" if offer.test_server else ""
    click.echo(f"QuickBooks connected: {plain(offer.company_name)} ({offer.environment}{tested})")
    with shown_progress(service, [company]):
        (result,) = service.sync(company).result()
    print_all(service, company)
    there = service.company(company).result().counts.get(Status.ALREADY_IN_QUICKBOOKS, 0)
    click.echo(
        f"{result.synced} synced, {there} already in QuickBooks, {result.waiting} waiting, "
        f"{result.needs_attention} need attention. Nothing left this machine."
    )
    if result.stopped:
        say(result.stopped)
        return 2
    return 0
