"""doctor: is everything in order, and what does a sandbox company answer to the probes?"""

import asyncio
from pathlib import Path

import click

from qbdesk.commands.progress import shown_progress
from qbdesk.commands.running import is_person, plain, print_json, service, wait
from qbdesk.home import home_folder
from qbdesk.sync.errors import Refusal
from qbdesk.sync.views import Checkup, Finding, Probed

COMPUTER = "this computer"
NOTHING_DONE = "Nothing was done."


@click.command()
@click.option(
    "--probe", metavar="COMPANY", help="Ask this sandbox company what Intuit leaves open."
)
@click.option("--yes", is_flag=True, help="With --probe: agree without being asked.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON, on the last line.")
def doctor(probe: str | None, yes: bool, as_json: bool) -> None:
    """Look whether everything is in order; nothing is changed."""
    if probe is not None:
        _probe(probe, yes=yes, as_json=as_json)
        return
    # Loaded here: they take a while, which --help need not wait for.
    from qbdesk.sync.doctor.computer import examine_computer
    from qbdesk.sync.linux_keyring import system_keyring
    from qbdesk.sync.vault import KeyringVault

    home = home_folder()
    found = asyncio.run(examine_computer(home, KeyringVault(home, system_keyring())))
    checkups = _all_companies(found) if _can_be_opened(home, found) else []
    if as_json:
        print_json(_answer(found, checkups))
        return
    _print(COMPUTER, found)
    for checkup in checkups:
        _print(checkup.company, checkup.findings)


def _can_be_opened(home: Path, found: list[Finding]) -> bool:
    """Without a ledger there is nothing more to look at, and none is made for that."""
    from qbdesk.sync.doctor.computer import LEDGER, has_no_tables

    file = home / LEDGER
    damaged = any(finding.level == "stop" and str(file) in finding.sentence for finding in found)
    return not damaged and not has_no_tables(file)


def _all_companies(found: list[Finding]) -> list[Checkup]:
    """Each company in turn; what they tell of their common ledger joins what was `found`."""
    with service() as opened:
        views = wait(opened.companies())
        common = (finding for view in views[:1] for finding in view.ledger_findings)
        found += [finding for finding in common if finding not in found]
        return [wait(opened.examine(view.name)) for view in views]


def _print(about: str, found: tuple[Finding, ...] | list[Finding]) -> None:
    for finding in found:
        line = f"{about}: {finding.level}: {finding.sentence} {finding.advice}"
        click.echo(plain(line.strip()))


def _answer(found: list[Finding], checkups: list[Checkup]) -> dict[str, object]:
    return {
        "findings": [
            *(_finding(None, finding) for finding in found),
            *(_finding(c.company, finding) for c in checkups for finding in c.findings),
        ],
        "requests": {
            c.company: {
                "reads": c.requests.reads,
                "writes": c.requests.writes,
                "batches": c.requests.batches,
            }
            for c in checkups
        },
    }


def _finding(company: str | None, finding: Finding) -> dict[str, object]:
    return {
        "company": company,
        "level": finding.level,
        "sentence": finding.sentence,
        "advice": finding.advice,
    }


# ---- probes ----


def _probe(company: str, *, yes: bool, as_json: bool) -> None:
    with service() as opened:
        view = wait(opened.company(company))
        if view.environment == "sandbox" and not yes:
            _ask(view.company_name or company)
        with shown_progress(opened, [company]):
            probed = wait(opened.probe(company))
    if as_json:
        print_json(_probed(company, probed))
        return
    for seen in probed.seen:
        click.echo(plain(f"{seen.probe}: {seen.seen}"))
    for name in probed.left:
        click.echo(plain(f"not put away: {name}"))


def _ask(name: str) -> None:
    """Raises Refusal unless a person says yes."""
    question = (
        f"The probes make customers, an item and invoices called “qbdesk probe ...” in the sandbox "
        f"company {name}, and put them away again."
    )
    if not is_person():
        raise Refusal(f"{question} {NOTHING_DONE} If it is what you want, add --yes.")
    if not click.confirm(plain(f"{question} Go on?")):
        raise Refusal(NOTHING_DONE)


def _probed(company: str, probed: Probed) -> dict[str, object]:
    return {
        "company": company,
        "probes": [
            {"name": seen.probe, "question": seen.question, "seen": seen.seen}
            for seen in probed.seen
        ],
        "left": list(probed.left),
    }
