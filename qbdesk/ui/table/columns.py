"""The columns of the invoice table: what stands in them, and what they are sorted by."""

from enum import IntEnum

from PySide6.QtCore import QCoreApplication

from qbdesk.sync.views import InvoiceRow, SortBy
from qbdesk.ui import words
from qbdesk.ui.plain import plain


class Column(IntEnum):
    NUMBER = 0
    CUSTOMER = 1
    AMOUNT = 2
    PAID_ON = 3
    METHOD = 4
    STATUS = 5
    REASON = 6
    LINK = 7


SORTS = {
    Column.NUMBER: SortBy.NUMBER,
    Column.CUSTOMER: SortBy.CUSTOMER,
    Column.AMOUNT: SortBy.AMOUNT,
    Column.PAID_ON: SortBy.PAID_ON,
    Column.STATUS: SortBy.STATUS,
}


def heading(column: int) -> str:
    translate = QCoreApplication.translate
    return {
        Column.NUMBER: translate("columns", "Invoice"),
        Column.CUSTOMER: translate("columns", "Customer"),
        Column.AMOUNT: translate("columns", "Amount"),
        Column.PAID_ON: translate("columns", "Paid"),
        Column.METHOD: translate("columns", "Method"),
        Column.STATUS: translate("columns", "Status"),
        Column.REASON: translate("columns", "What happened"),
        Column.LINK: translate("columns", "QuickBooks"),
    }[Column(column)]


def text(row: InvoiceRow, column: int) -> str:
    """What stands in a cell, on one line."""
    match column:
        case Column.NUMBER:
            return plain(row.number) or "–"
        case Column.CUSTOMER:
            return plain(row.customer)
        case Column.AMOUNT:
            return words.amount(row.amount, plain(row.currency))
        case Column.PAID_ON:
            return words.day(row.paid_on)
        case Column.METHOD:
            return plain(row.method)
        case Column.STATUS:
            return words.status_word(row.status)
        case Column.REASON:
            return plain(row.message)
        case _:
            return QCoreApplication.translate("columns", "Open ↗") if row.quickbooks_link else ""


def spoken(row: InvoiceRow, column: int) -> str:
    """The same for a screen reader, which may stand in one cell of a row only."""
    if column == Column.NUMBER:
        said = QCoreApplication.translate("columns", "Invoice {number}, {customer}, {status}")
        return said.format(
            number=plain(row.number),
            customer=plain(row.customer),
            status=words.status_word(row.status),
        )
    return f"{heading(column)}: {text(row, column)}"


def aside(text: str, column: int) -> str:
    """The text as it is painted in cell and heading, with room towards edge or neighbour."""
    if column == Column.NUMBER:
        return f"\u2002{text}"
    return f"{text}\u2003" if column == Column.AMOUNT else text
