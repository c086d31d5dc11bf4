"""The head of the window: which company, connected or not, how long the sign-in lasts."""

from datetime import UTC, datetime

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QWidget

from qbdesk.sync.views import CompanyView, State
from qbdesk.ui import look, words
from qbdesk.ui.icons import state_icon
from qbdesk.ui.look import MARGIN, PrimaryButton, Tone
from qbdesk.ui.parts import layouts
from qbdesk.ui.parts.pill import Pill
from qbdesk.ui.plain import plain

REFRESH_TOKEN_DAYS = 100
_ICON = 40


class Header(QWidget):
    """Signals:
    company_chosen: The user switched to another company. arg: name
    connect_pressed: Sign in, or sign in again.
    token_pressed: Enter another token of the source.
    totals_pressed: See where source and QuickBooks differ.
    """

    company_chosen = Signal(str)
    connect_pressed = Signal()
    token_pressed = Signal()
    totals_pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view: CompanyView | None = None
        self.icon = QLabel()
        self.name = look.label(size=1.45, bold=True)
        self.pill = Pill()
        self.badge = Pill()
        self.sentence = look.label(wrap=True)
        self.facts = look.label(quiet=True, wrap=True)
        self.company = QComboBox()
        self.company.setAccessibleName(self.tr("Company"))
        self.company.setToolTip(self.tr("Switch to another company"))
        self.company.setMinimumContentsLength(14)
        self.company.textActivated.connect(lambda _: self._choose())
        self.connect_button = PrimaryButton(self.tr("Connect QuickBooks"))
        self.connect_button.setMinimumHeight(40)
        self.connect_button.clicked.connect(self.connect_pressed)
        self.reconnect_button = PrimaryButton(self.tr("Reconnect"))
        self.reconnect_button.clicked.connect(self.connect_pressed)
        self.token_button = PrimaryButton(self.tr("New source token…"))
        self.token_button.clicked.connect(self.token_pressed)
        self.differ_button = QPushButton(self.tr("Source and QuickBooks differ…"))
        self.differ_button.setIcon(state_icon(State.ATTENTION))
        self.differ_button.clicked.connect(self.totals_pressed)
        self.differ_button.hide()
        self._lay_out()

    def _lay_out(self) -> None:
        title = layouts.row(gap=10)
        title.addWidget(self.name)
        title.addWidget(self.pill)
        title.addWidget(self.badge)
        title.addStretch(1)
        title.addWidget(self.company)
        facts = layouts.row(gap=10)
        facts.addWidget(self.facts, 1)
        facts.addWidget(self.differ_button)
        facts.addWidget(self.reconnect_button)
        facts.addWidget(self.token_button)
        texts = layouts.column(gap=5)
        texts.addLayout(title)
        texts.addWidget(self.sentence)
        texts.addLayout(facts)
        row = layouts.row(self, gap=MARGIN - 2)
        row.setContentsMargins(MARGIN, MARGIN - 2, MARGIN, MARGIN - 4)
        row.addWidget(self.icon, alignment=Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
        row.addWidget(self.connect_button, alignment=Qt.AlignmentFlag.AlignVCenter)

    def show_companies(self, names: list[str], current: str | None) -> None:
        known = [self.company.itemData(at) for at in range(self.company.count())]
        if names != known:
            self.company.clear()
            for name in names:
                self.company.addItem(plain(name), name)
        self.company.setCurrentIndex(self.company.findData(current))
        self.company.setVisible(len(names) > 1)

    def show_company(self, view: CompanyView) -> None:
        self._view = view
        self.icon.setPixmap(state_icon(view.state).pixmap(_ICON))
        self.icon.setAccessibleName(words.state_word(view.state))
        self.icon.setToolTip(words.state_word(view.state))
        self.name.setText(view.company_name or view.name)
        self._show_connection(view)
        test = view.test_server or view.environment == "sandbox"
        self.badge.show_mark(
            words.environment_badge(view.environment, view.test_server),
            Tone.TEST if test else Tone.BUSY,
        )
        self.sentence.setText(view.sentence)
        token = words.is_about_source_token(view.sentence)
        self.token_button.setVisible(token)
        self.reconnect_button.setVisible(view.reconnect and not token)
        self.connect_button.setVisible(not (view.connected or view.reconnect))
        self.tell_times()

    def show_agreement(self, *, agree: bool) -> None:
        """Whether the control totals of source and QuickBooks are the same."""
        self.differ_button.setVisible(not agree)

    def _show_connection(self, view: CompanyView) -> None:
        if not view.connected:
            self.pill.show_mark(self.tr("Not connected"), Tone.QUIET, "signs/not_connected")
        elif view.state == State.SIGNED_OUT:
            self.pill.show_mark(self.tr("Sign in again"), Tone.MIND, "signs/not_connected")
        else:
            self.pill.show_mark(self.tr("QuickBooks connected"), Tone.GOOD, "signs/connected")

    def tell_times(self) -> None:
        """What is said of minutes and days: anew whenever somebody looks."""
        if self._view is not None:
            now = datetime.now(UTC)
            self.facts.setText("   ·   ".join(_facts(self, self._view, now)))
            self.facts.setVisible(bool(self.facts.text()))

    def _choose(self) -> None:
        self.company_chosen.emit(self.company.currentData())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().base())
        line = QRectF(0, self.height() - 1, self.width(), 1)
        painter.fillRect(line, look.hairline(self.palette()))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()


def _facts(owner: QWidget, view: CompanyView, now: datetime) -> list[str]:
    facts = []
    if view.last_pass_at:
        facts.append(words.last_sync(view.last_pass_at, now))
    if view.next_pass_at and view.connected and not view.paused:
        said = owner.tr("Next sync {when}")
        facts.append(said.format(when=words.moment(view.next_pass_at, now)))
    if not view.connected:
        return facts
    token = view.token
    if token.access_expires_at:
        said = owner.tr("Access token: {minutes} min left")
        facts.append(said.format(minutes=token.access_minutes(now)))
    if token.refresh_expires_at:
        said = owner.tr("Sign-in: {days} of {all} days left")
        facts.append(said.format(days=token.refresh_days(now), all=REFRESH_TOKEN_DAYS))
    if token.last_refresh_at:
        said = owner.tr("Refreshed {when}")
        facts.append(said.format(when=words.moment(token.last_refresh_at, now)))
    return facts
