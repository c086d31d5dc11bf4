"""Ignoring invoices: they are never posted, and the journal says who wanted it and why."""

from PySide6.QtWidgets import QLineEdit, QWidget

from qbdesk.sync.views import InvoiceRow
from qbdesk.ui import look, words
from qbdesk.ui.dialogs.sheet import Sheet


class IgnoreDialog(Sheet):
    def __init__(self, rows: list[InvoiceRow], parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        if len(rows) == 1:
            heading = self.tr("Ignore invoice {number}?").format(number=rows[0].number)
        else:
            heading = self.tr("Ignore {count} invoices?").format(count=words.number(len(rows)))
        self.heading.setText(heading)
        self.setWindowTitle(self.tr("Ignore") + " – qbdesk")
        self.say(
            self.tr(
                "qbdesk will not post what it ignores. Nothing changes in QuickBooks, and Resync "
                "takes it up again."
            )
        )
        self.field = QLineEdit(placeholderText=self.tr("For example: entered by hand in March"))
        self.field.setAccessibleName(self.tr("Note for the journal"))
        self.body.addWidget(look.label(self.tr("Note for the journal"), bold=True))
        self.body.addWidget(self.field)
        self.button(self.tr("Cancel"), self.reject)
        self.ignore = self.button(self.tr("Ignore"), self.accept, primary=True)
        self.ignore.setEnabled(False)
        self.field.textChanged.connect(lambda _: self.ignore.setEnabled(bool(self.note())))

    def note(self) -> str:
        return self.field.text().strip()
