"""Which product or service of QuickBooks each line stands on."""

from collections.abc import Sequence
from dataclasses import dataclass

import simplejson

from qbdesk.sync.ledger.steps import StepRecord
from qbdesk.sync.model import Line, PaidInvoice
from qbdesk.sync.planner.decisions import Hold, Look, Subject
from qbdesk.sync.planner.figures import lines_of_the_source
from qbdesk.sync.planner.knowledge import Knowledge
from qbdesk.sync.quickbooks import text
from qbdesk.sync.quickbooks.answers import PostedInvoice
from qbdesk.sync.quickbooks.objects import ItemObject

ITEM = "item."
PUT_AWAY = " (deleted)"  # QuickBooks adds it to the name of what is made inactive


@dataclass(frozen=True)
class Items:
    """The item of each line, and of a discount that is no discount line; None: the usual one."""

    lines: tuple[str | None, ...]
    discount: str | None = None


def item_setting(product: str) -> str:
    """The setting that names the item of a product, or of a line's whole text."""
    return ITEM + " ".join(product.casefold().split())


def chosen(invoice: PaidInvoice, known: Knowledge) -> Items:
    """As products are mapped today."""
    return Items(tuple(_mapped(line, known)[1] for line in invoice.lines))


def _mapped(line: Line, known: Knowledge) -> tuple[str, str | None]:
    """What of the line is mapped (the product's id or name, or the line's text), and to which."""
    product = (line.product.id, line.product.name) if line.product else ()
    for name in (*product, line.description):
        item = known.settings.get(item_setting(name))
        if item:
            return name, item
    return line.description, None


def looks(items: Items, known: Knowledge) -> list[Look]:
    """Mapped items are looked at before they are used: they may have been put away since."""
    wanted = dict.fromkeys(item for item in items.lines if item is not None)
    return [Look(Subject.MAPPED_ITEM, item) for item in wanted if item not in known.mapped_items]


def unfit(invoice: PaidInvoice, known: Knowledge) -> Hold | None:
    """A line whose item cannot be posted to any more."""
    for line in invoice.lines:
        name, item_id = _mapped(line, known)
        if item_id is None:
            continue
        item = known.mapped_items[item_id]
        if item is not None and item.active and item.takes_an_amount:
            continue
        product = text.one_line(name, 60)
        return Hold(
            "item_unfit",
            f"{_what_is_wrong(item, product)} Nothing was posted. Put that right in QuickBooks and "
            f"press Try again, or choose another one for “{product}” in the settings of this "
            "company.",
        )
    return None


def _what_is_wrong(item: ItemObject | None, product: str) -> str:
    if item is None:
        return f"The product or service that “{product}” is sold as is not in QuickBooks any more."
    name = item.full_name.removesuffix(PUT_AWAY)
    why = "has become stock or a bundle, or has no income account any more"
    return f"“{name}”, which “{product}” is sold as, {why if item.active else 'is inactive'}."


def posted(
    invoice: PaidInvoice, known: Knowledge, answer: PostedInvoice, step: StepRecord | None
) -> Items:
    """As the invoice stands in QuickBooks, whatever is mapped today: what is booked stays where it
    is. Where its lines were changed by hand, as it was sent."""
    told: Sequence[str | None] = [line.item_id for line in answer.lines or ()]
    if lines_of_the_source(invoice, answer.lines) is None:
        told = _sent(step)
    if len(told) < len(invoice.lines):
        return chosen(invoice, known)
    own, rest = told[: len(invoice.lines)], told[len(invoice.lines) :]
    return Items(tuple(own), rest[0] if rest else None)


def _sent(step: StepRecord | None) -> Sequence[str | None]:
    """The items of a body; an invoice that was taken over was sent by another installation."""
    if step is None or not step.body:
        return []
    details = (line.get("SalesItemLineDetail") for line in simplejson.loads(step.body)["Line"])
    return [detail["ItemRef"]["value"] for detail in details if detail]
