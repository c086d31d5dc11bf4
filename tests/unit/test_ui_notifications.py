from PySide6.QtWidgets import QSystemTrayIcon

from qbdesk.sync.views import Warned
from qbdesk.ui.tray.notifications import QUIET_SECONDS, Notifier, body

HELD = Warned("maple", "3 invoices need attention", "No email <b>&</b> \u202eevil.", ("a", "b"))


class Icon(QSystemTrayIcon):
    """A tray icon that notes its balloons instead of showing them."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[tuple[str, str]] = []

    def showMessage(self, title: str, text: str, *_: object) -> None:  # noqa: N802
        self.shown.append((title, text))


def test_the_body_holds_no_markup(qapp) -> None:
    assert body(HELD.sentence) == "No email &lt;b&gt;&amp;&lt;/b&gt; ⟨U+202E⟩evil."


def test_a_warning_is_shown_once(qapp) -> None:
    icon = Icon()
    notifier = Notifier(icon)
    notifier.warn(HELD)
    assert icon.shown == [(HELD.title, body(HELD.sentence))]


def test_the_same_warning_is_not_repeated_within_a_minute(qapp) -> None:
    icon, now = Icon(), [0.0]
    notifier = Notifier(icon, clock=lambda: now[0])
    notifier.warn(HELD)
    now[0] = QUIET_SECONDS - 1
    notifier.warn(HELD)
    assert len(icon.shown) == 1
    notifier.warn(Warned("maple", "Signed out", "Connect again."))
    assert len(icon.shown) == 2
    now[0] = QUIET_SECONDS + 1
    notifier.warn(HELD)
    assert len(icon.shown) == 3


def test_a_clicked_balloon_leads_to_what_it_spoke_of(qtbot) -> None:
    icon = Icon()
    notifier = Notifier(icon)
    notifier.warn(HELD)
    with qtbot.waitSignal(notifier.clicked) as clicked:
        icon.messageClicked.emit()
    assert clicked.args == [HELD]


def test_a_click_on_another_programs_balloon_leads_nowhere(qtbot) -> None:
    icon = Icon()
    notifier = Notifier(icon)
    with qtbot.assertNotEmitted(notifier.clicked):
        icon.messageClicked.emit()
