"""After a world: the books are held against everything that the invoicing system ever showed."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from desk import NAME
from feed_rows import Shown

from qbdesk.practice.books.books import Books
from qbdesk.sync.ledger import companies, invoices
from qbdesk.sync.ledger.invoices import InvoiceRecord
from qbdesk.sync.ledger.steps import StepState
from qbdesk.sync.ledger.tables import step
from qbdesk.sync.planner.plan import OFTEN
from qbdesk.sync.views import Status

if TYPE_CHECKING:
    from worlds import World

# Of two desks that post the same invoice at once, one may ask about what the other has just done.
WHILE_ANOTHER_POSTS = {"by_hand", "opening_receivable", "balance", "credit_by_itself"}
# Four answers in a row that could not be read: true then, and a person has to say "try again".
# So often was one write answered and not taken: `_judge_never_taken` holds it against the network.
IN_BAD_WEATHER = {"look_failed", "never_taken"}
UNSETTLED = (Status.WAITING, Status.POSTING)


@dataclass
class Verdict:
    """What is wrong with a world, if anything.

    Attributes:
        lost: Neither in the books nor visible.
        doubled: In the books more than once.
        wrong: Everything else that must not be.
        held: Visible, for a true reason.
    """

    shown: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)

    @property
    def told(self) -> str:
        """Everything that is wrong, in words."""
        doubled = [f"doubled: {entry}" for entry in self.doubled]
        return "; ".join([*self.lost, *doubled, *self.wrong])

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.wrong)


def judge(world: "World", stopped: str | None) -> Verdict:
    """Holds the books of a healed world against its feed."""
    verdict = Verdict(shown=len(world.source.rows) + len(world.source.broken))
    if stopped is not None:
        verdict.wrong.append(f"the passes do not get through: {stopped}")
    verdict.wrong += world.net.violations
    books = world.company.books
    by_number: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in books.of("Invoice"):
        by_number[entry.get("DocNumber") or ""].append(entry)
    known = {shown.number for shown in world.source.rows.values()}
    for number in by_number.keys() - known:
        verdict.wrong.append(f"invoice {number!r} is in the books and nobody showed it")
    for number, found in by_number.items():
        # Two invoices of the source may bear one number: two desks at once may post one each.
        apart = len(world.homes) > 1 and len({entry["PrivateNote"] for entry in found}) == len(
            found
        )
        if len(found) > 1 and not apart:
            verdict.doubled.append(f"{len(found)} invoices {number}")
    ledgers = [_records(world, name) for name in world.homes]
    for name, ledger in zip(world.homes, ledgers, strict=True):
        _judge_never_taken(verdict, world, name, ledger)
    for key, shown in world.source.rows.items():
        _judge_one(verdict, key, shown, by_number[shown.number], books, ledgers)
    for key in world.source.broken:
        if not all(_is_held(ledger.get(key)) for ledger in ledgers):
            verdict.lost.append(f"{key}, which cannot be read, is not shown")
    _judge_the_rest(verdict, books, by_number)
    return verdict


def _records(world: "World", name: str) -> dict[str, InvoiceRecord]:
    with world.homes[name].ledger.begin() as connection:
        company = companies.named(connection, NAME)
        assert company is not None
        found = invoices.everything(connection, company.id)
    return {record.source_id: record for record in found}


def _judge_never_taken(
    verdict: Verdict, world: "World", name: str, ledger: dict[str, InvoiceRecord]
) -> None:
    """What is held for it has a write, its own or a shared one, that the network turned away."""
    held = {key: each for key, each in ledger.items() if each.reason == "never_taken"}
    if not held:
        return
    with world.homes[name].ledger.begin() as connection:
        found = connection.execute(step.select().where(step.c.state == StepState.INTENT)).all()
    turned_away = [each for each in found if world.net.not_taken[each.request_id] >= OFTEN]
    for key, record in held.items():
        if not any(
            each.invoice_id == record.id or each.kind in ("customer", "item", "paymentmethod")
            for each in turned_away
        ):
            verdict.wrong.append(f"{key} is held for answers that nobody gave")


def _is_held(record: InvoiceRecord | None) -> bool:
    return record is not None and record.status is Status.NEEDS_ATTENTION


def _judge_one(
    verdict: Verdict,
    key: str,
    shown: Shown,
    found: list[dict[str, Any]],
    books: Books,
    ledgers: list[dict[str, InvoiceRecord]],
) -> None:
    true_reasons = (
        shown.reasons | IN_BAD_WEATHER | (WHILE_ANOTHER_POSTS if len(ledgers) > 1 else set())
    )
    for ledger in ledgers:
        _judge_row(verdict, key, ledger.get(key), true_reasons)
    held = any(_is_held(ledger.get(key)) for ledger in ledgers)
    totals = {Decimal(version["total"]) for version in shown.versions}
    ours = [entry for entry in found if Decimal(str(entry["TotalAmt"])) in totals]
    if not held and not ours:
        verdict.lost.append(f"{key} is not in the books, and nothing says so")
    for entry in ours:
        _judge_entry(verdict, key, shown, entry, books, held=held)


def _judge_row(
    verdict: Verdict, key: str, record: InvoiceRecord | None, true_reasons: set[str]
) -> None:
    if record is None:
        verdict.lost.append(f"{key} is in no ledger")
    elif record.status in UNSETTLED:
        verdict.lost.append(f"{key} does not come to rest: {record.message}")
    elif record.status is Status.IGNORED:
        verdict.wrong.append(f"{key} is ignored: {record.message}")
    elif _is_held(record):
        verdict.held.append(f"{key}: {record.reason}")
        if record.reason not in true_reasons:
            told = f"{record.reason}, {record.message}"
            verdict.wrong.append(f"{key} is held without cause: {told}")


def _judge_entry(
    verdict: Verdict, key: str, shown: Shown, entry: dict[str, Any], books: Books, *, held: bool
) -> None:
    """One invoice in the books, and what was paid on it."""
    total = Decimal(str(entry["TotalAmt"]))
    paid = [payment for payment in books.of("Payment") if _pays(payment, entry["Id"])]
    received = sum((Decimal(str(payment["TotalAmt"])) for payment in paid), Decimal(0))
    wanted = [v for v in shown.versions if Decimal(v["total"]) == total]
    if received > total or len(paid) > max(len(v["payments"]) for v in wanted):
        verdict.doubled.append(f"{key} has {len(paid)} payments, {received} for {total}")
    elif not held and (received != total or entry["Balance"] != 0):
        verdict.lost.append(f"{key} has {received} of {total} paid")
    now = shown.versions[-1]["total"]
    if not held and total != Decimal(now):
        verdict.wrong.append(f"{key} is {total} in the books and {now} at the source")


def _pays(payment: dict[str, Any], invoice_id: str) -> bool:
    return any(
        link["TxnId"] == invoice_id
        for line in payment["Line"]
        for link in line.get("LinkedTxn", [])
    )


def _judge_the_rest(verdict: Verdict, books: Books, by_number: dict[str, list[Any]]) -> None:
    known = {entry["Id"] for found in by_number.values() for entry in found}
    for payment in books.of("Payment"):
        if not any(_pays(payment, invoice_id) for invoice_id in known):
            verdict.doubled.append(f"payment {payment['Id']} pays nothing that is there")
        if payment.get("UnappliedAmt"):
            verdict.doubled.append(f"{payment['UnappliedAmt']} of payment {payment['Id']} is left")
    emails = Counter(c["PrimaryEmailAddr"]["Address"] for c in books.of("Customer"))
    verdict.doubled += [f"{n} customers {email}" for email, n in emails.items() if n > 1]
    items = Counter(entry["Name"].casefold() for entry in books.of("Item"))
    methods = Counter(entry["Name"].casefold() for entry in books.of("PaymentMethod"))
    verdict.doubled += [f"{n} of {name}" for name, n in (items + methods).items() if n > 1]
    if sum(books.trial_balance().values()) != 0:
        verdict.wrong.append("the trial balance does not balance")
