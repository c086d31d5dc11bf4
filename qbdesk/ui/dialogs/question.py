"""Asking before something that cannot be taken back, in words that say what happens."""

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QCheckBox, QWidget

from qbdesk.sync.views import CompanyView
from qbdesk.ui.dialogs.sheet import Sheet


class Question(Sheet):
    """`accepted` when the answer is yes; the safe answer is the one under Return and Escape."""

    def __init__(
        self, heading: str, sentences: tuple[str, ...], yes: str, no: str, parent: QWidget | None
    ) -> None:
        super().__init__(heading, parent, width=460)
        for sentence in sentences:
            self.say(sentence)
        self.no = self.button(no, self.reject)
        self.yes = self.button(yes, self.accept)
        self.no.setDefault(True)
        self.no.setFocus()

    def remember_box(self, text: str) -> QCheckBox:
        box = QCheckBox(text)
        self.body.addWidget(box)
        return box


def disconnect_question(view: CompanyView, parent: QWidget | None) -> Question:
    translate = QCoreApplication.translate
    heading = translate("question", "Disconnect {company} from QuickBooks?")
    return Question(
        heading.format(company=view.company_name or view.name),
        (
            translate(
                "question",
                "qbdesk deletes its access and refresh tokens at once and tells Intuit to end "
                "them.",
            ),
            translate(
                "question",
                "What was synced stays in QuickBooks, and the journal stays here. New paid "
                "invoices wait until you connect again.",
            ),
        ),
        translate("question", "Disconnect"),
        translate("question", "Stay connected"),
        parent,
    )


def remove_question(view: CompanyView, parent: QWidget | None) -> Question:
    translate = QCoreApplication.translate
    heading = translate("question", "Remove {company} from qbdesk?")
    return Question(
        heading.format(company=view.name),
        (
            translate(
                "question",
                "qbdesk signs out of QuickBooks, forgets the source's token, and no longer syncs "
                "this company.",
            ),
            translate(
                "question",
                "Nothing is deleted in QuickBooks. The ledger with its journal is kept on this "
                "computer, so that nothing is posted twice if you add the company again.",
            ),
        ),
        translate("question", "Remove"),
        translate("question", "Keep"),
        parent,
    )


def leave_question(parent: QWidget | None) -> Question:
    """Asked once where there is no tray: closing the window would leave no way back to it."""
    translate = QCoreApplication.translate
    return Question(
        translate("question", "Keep syncing while the window is closed?"),
        (
            translate(
                "question",
                "This desktop shows no tray icons. qbdesk can stay in the task bar as a minimised "
                "window and go on syncing; starting qbdesk again brings the window back as well.",
            ),
        ),
        translate("question", "Quit"),
        translate("question", "Minimise and keep syncing"),
        parent,
    )
