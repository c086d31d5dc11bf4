"""The pages of the connect dialog: keys, waiting, pasting, confirming. Layout only."""

from datetime import date

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from qbdesk.sync.views import Offer, Proposal
from qbdesk.ui import look, words
from qbdesk.ui.look import GAP, Tone
from qbdesk.ui.parts import layouts
from qbdesk.ui.parts.agreement import Agreement
from qbdesk.ui.parts.banner import Findings
from qbdesk.ui.parts.choice_box import ChoiceBox
from qbdesk.ui.parts.day_box import DayBox
from qbdesk.ui.parts.pill import Pill
from qbdesk.ui.plain import plain


class KeysPage(QWidget):
    """Client id, client secret and redirect URI of the user's app at Intuit."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        column = _column(self)
        told = self.tr(
            "qbdesk signs in with the keys of an app at developer.intuit.com: open your app there, "
            "then Keys & credentials. You enter them once; the secret goes into this computer's "
            "keyring."
        )
        column.addWidget(look.label(told, wrap=True))
        self.client_id = QLineEdit()
        self.secret = QLineEdit(echoMode=QLineEdit.EchoMode.Password)
        self.redirect = QLineEdit(placeholderText="https://…")
        form = _form()
        for text, field in (
            (self.tr("Client ID"), self.client_id),
            (self.tr("Client secret"), self.secret),
            (self.tr("Redirect URI"), self.redirect),
        ):
            title = look.label(text)
            title.setBuddy(field)
            field.setAccessibleName(text)
            field.textChanged.connect(lambda _: self.changed.emit())
            form.addRow(title, field)
        column.addLayout(form)
        hint = self.tr(
            "The redirect URI has to be listed with your app, letter for letter. Production keys "
            "need an https address; it is never loaded here, only its parameters are read."
        )
        column.addWidget(look.label(hint, wrap=True, quiet=True))
        column.addSpacing(GAP)
        column.addWidget(look.label(self.tr("What happens next"), bold=True))
        for step in (
            self.tr("1.  You sign in at Intuit and pick the QuickBooks company."),
            self.tr("2.  Back here you see which company it is, and choose the income account."),
            self.tr("3.  You confirm. Nothing is posted, and nothing is kept, before that."),
        ):
            column.addWidget(look.label(step, wrap=True))
        column.addStretch(1)
        self._secret_stored = False

    def show_stored(self, client_id: str, redirect_uri: str) -> None:
        """Keys that were entered before; the secret stays where it is."""
        self._secret_stored = True
        self.client_id.setText(client_id)
        self.redirect.setText(redirect_uri)
        self.secret.setPlaceholderText(self.tr("Stored in the keyring; leave empty to keep it"))
        self.changed.emit()

    def complete(self) -> bool:
        secret = self._secret_stored or bool(self.secret.text())
        return secret and bool(self.client_id.text().strip() and self.redirect.text().strip())

    def keys(self) -> tuple[str, str | None, str]:
        secret = self.secret.text().strip() or None
        return self.client_id.text().strip(), secret, self.redirect.text().strip()


class WaitingPage(QWidget):
    """While the consent window is open."""

    def __init__(self) -> None:
        super().__init__()
        column = _column(self)
        column.addWidget(
            look.label(
                self.tr(
                    "The sign-in window is open. Sign in at Intuit, pick the QuickBooks company, "
                    "and allow the access. This page goes on by itself."
                ),
                wrap=True,
            )
        )
        column.addWidget(
            look.label(
                self.tr(
                    "Sign in with Google, passkeys or a password manager? They work in your own "
                    "browser only: use “Open in my browser”."
                ),
                wrap=True,
                quiet=True,
            )
        )
        column.addStretch(1)


class PastePage(QWidget):
    """While the user signs in with the system's browser."""

    def __init__(self) -> None:
        super().__init__()
        column = _column(self)
        steps = (
            self.tr("1.  Sign in at Intuit in your browser and allow the access."),
            self.tr(
                "2.  The browser then goes to your redirect address. Whether or not a page is "
                "shown there, copy the whole address from the browser's address bar."
            ),
            self.tr("3.  Paste it here within ten minutes. It works once."),
        )
        for step in steps:
            column.addWidget(look.label(step, wrap=True))
        self.again = QPushButton(self.tr("Open in my browser"))
        self.copy = QPushButton(self.tr("Copy the sign-in address"))
        row = layouts.row()
        row.addWidget(self.again)
        row.addWidget(self.copy)
        row.addStretch(1)
        column.addLayout(row)
        self.address = QLineEdit(
            placeholderText=self.tr("Paste the address here: https://…?code=…")
        )
        self.address.setAccessibleName(self.tr("Address the browser landed on"))
        column.addWidget(self.address)
        column.addStretch(1)


class ConfirmPage(QWidget):
    """Whom the consent was for, the income account, and what has to be agreed to."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        outer = layouts.column(self)
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        area.setWidget(inside)
        outer.addWidget(area)
        column = _column(inside)
        column.setContentsMargins(0, 0, GAP, 0)  # beside it the scroll bar has its place
        self.company = look.label(size=1.35, bold=True, wrap=True)
        self.badge = Pill()
        column.addWidget(look.label(self.tr("You allowed access to"), quiet=True))
        row = layouts.row(gap=10)
        row.addWidget(self.company, 1)
        row.addWidget(self.badge)
        column.addLayout(row)
        self.country = look.label(quiet=True)
        column.addWidget(self.country)
        self.account = QComboBox()
        self.account.setAccessibleName(self.tr("Default income account"))
        self.account.currentIndexChanged.connect(lambda _: self.changed.emit())
        title = look.label(self.tr("Default income account"), bold=True)
        title.setBuddy(self.account)
        column.addWidget(title)
        column.addWidget(self.account)
        told = self.tr("Invoice lines are posted to this income account.")
        column.addWidget(look.label(told, wrap=True, quiet=True))
        # Books that were fed before keep theirs; another one is chosen in the settings.
        self._first_day_part = QWidget()
        part = layouts.column(self._first_day_part, gap=GAP + 2)
        title = look.label(self.tr("Posts what was paid from"), bold=True)
        self.first_day = DayBox(self.tr("Posts what was paid from"))
        title.setBuddy(self.first_day)
        self.first_day_told = look.label(wrap=True, quiet=True)
        for widget in (title, self.first_day, self.first_day_told):
            part.addWidget(widget)
        column.addWidget(self._first_day_part)
        column.addWidget(look.label(self.tr("Sales tax"), bold=True))
        self.tax = look.label(wrap=True, quiet=True)
        column.addWidget(self.tax)
        self._untaxed = _form()
        column.addLayout(self._untaxed)
        column.addWidget(look.label(self.tr("Where payouts wait"), bold=True))
        told = self.tr(
            "Cards, PayPal and bank debits are paid out later, in one sum and net of fees. Choose "
            "a clearing account for each, or leave it for later: the settings have it too."
        )
        column.addWidget(look.label(told, wrap=True, quiet=True))
        self._clearing = _form()
        column.addLayout(self._clearing)
        self.proposed: dict[str, ChoiceBox] = {}
        self.findings = Findings()
        column.addWidget(self.findings)
        self._questions = layouts.column()
        column.addLayout(self._questions)
        column.addStretch(1)
        self.boxes: dict[str, QCheckBox] = {}

    def show_offer(self, offer: Offer) -> None:
        self.company.setText(offer.company_name)
        sandbox = offer.environment == "sandbox"
        tone = Tone.TEST if sandbox or offer.test_server else Tone.BUSY
        self.badge.show_mark(words.environment_badge(offer.environment, offer.test_server), tone)
        said = self.tr("{country}  ·  home currency {currency}")
        country = words.country(offer.country)
        self.country.setText(said.format(country=country, currency=offer.currency))
        self.account.clear()
        self.account.setPlaceholderText(self.tr("Choose an income account"))
        for account in offer.income_accounts:
            self.account.addItem(plain(account.name), account.id)
        chosen = offer.income_account.id if offer.income_account else None
        self.account.setCurrentIndex(self.account.findData(chosen) if chosen else -1)
        self._first_day_part.setVisible(offer.new_books)
        self.first_day.show_day(offer.first_day)
        self.first_day_told.setText(plain(offer.first_day_told))
        self.first_day_told.setVisible(bool(offer.first_day_told))
        self.tax.setText(plain(offer.tax))
        self.proposed = {}
        self._propose(self._untaxed, offer.untaxed)
        self._propose(self._clearing, offer.clearing)
        self.findings.show_findings(offer.findings)
        self._ask_questions(offer.questions)
        self.changed.emit()

    def _propose(self, form: QFormLayout, proposals: tuple[Proposal, ...]) -> None:
        """Whoever confirms has seen what is proposed (rules 17 and 25)."""
        while form.rowCount():
            form.removeRow(0)
        for each in proposals:
            box = ChoiceBox(each.label, each.choices, each.chosen or each.proposed)
            title = look.label(each.label)
            title.setBuddy(box)
            form.addRow(title, box)
            self.proposed[each.key] = box

    def _ask_questions(self, questions: tuple[tuple[str, str], ...]) -> None:
        layouts.empty(self._questions)
        self.boxes = {}
        if questions:
            title = self.tr("Tick what you want all the same")
            self._questions.addWidget(look.label(title, bold=True))
        for word, sentence in questions:
            agreement = Agreement(sentence)
            agreement.box.toggled.connect(lambda _: self.changed.emit())
            self._questions.addWidget(agreement)
            self.boxes[word] = agreement.box

    def complete(self) -> bool:
        agreed = all(box.isChecked() for box in self.boxes.values())
        return agreed and self.account.currentIndex() >= 0

    def chosen_first_day(self) -> date | None:
        return None if self._first_day_part.isHidden() else self.first_day.day()

    def answer(self) -> tuple[str, frozenset[str], dict[str, str]]:
        agreed = frozenset(word for word, box in self.boxes.items() if box.isChecked())
        chosen = {key: box.chosen() for key, box in self.proposed.items()}
        answers = {key: word for key, word in chosen.items() if word is not None}
        return str(self.account.currentData()), agreed, answers


def _column(widget: QWidget) -> QVBoxLayout:
    return layouts.column(widget, gap=GAP + 2)


def _form() -> QFormLayout:
    form = QFormLayout()
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
    form.setHorizontalSpacing(14)
    form.setVerticalSpacing(10)
    return form
