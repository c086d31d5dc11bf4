"""What the consent window shows, and what it does not let a page do."""

import datetime
import ipaddress
from collections.abc import Iterator
from pathlib import Path

import pytest
from consent_support import START, Answer, CallbackServer, PageServer, redirect_to
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QColor, QImage, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWebEngineCore import QWebEngineProfile
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import Shiboken

from qbdesk.ui.consent.messages import BrowserWanted, Closed, ConsentRequest, Landed, Outcome
from qbdesk.ui.consent.page import ConsentPage, private_profile
from qbdesk.ui.consent.pane import PagePane
from qbdesk.ui.consent.window import SignInWindow

pytestmark = [
    pytest.mark.desktop,
    # Chromium says these where there is no graphics card and no system bus.
    pytest.mark.qt_log_ignore("[Vv]ulkan", "GPU", "[Ss]andbox"),
]

REDIRECT = "https://books.invalid/callback"
WAIT = 20_000


@pytest.fixture
def profile() -> Iterator[QWebEngineProfile]:
    profile = private_profile()
    yield profile
    Shiboken.delete(profile)


class Shown:
    """A consent window on the screen, and how it ended."""

    def __init__(self, qtbot: QtBot, profile: QWebEngineProfile) -> None:
        self._qtbot = qtbot
        self._profile = profile
        self.outcomes: list[Outcome] = []

    def open(self, request: ConsentRequest) -> SignInWindow:
        window = SignInWindow(request, self._profile)
        window.finished.connect(self.outcomes.append)
        window.show()
        window.start()
        self.window = window
        return window

    @property
    def pane(self) -> PagePane:
        return self.panes()[0]

    def panes(self) -> list[PagePane]:
        return self.window.findChildren(PagePane)

    def wait_for_notice(self, text: str) -> None:
        self._qtbot.waitUntil(lambda: text in self.window.notice.text(), timeout=WAIT)
        assert self.window.notice.isVisible()

    def wait_for_address(self, ending: str) -> None:
        self._qtbot.waitUntil(lambda: self.pane.address.text().endswith(ending), timeout=WAIT)

    def button(self, text: str) -> QPushButton:
        (button,) = [
            button
            for button in self.window.findChildren(QPushButton)
            if button.text().replace("&", "") == text
        ]
        return button


@pytest.fixture
def shown(qtbot: QtBot, profile: QWebEngineProfile) -> Iterator[Shown]:
    shown = Shown(qtbot, profile)
    yield shown
    Shiboken.delete(shown.window)


def certificate_of_nobody(folder: Path) -> Path:
    """Write a self-signed certificate for 127.0.0.1, with its key, and return the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / "nobody.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def on_click(script: str) -> str:
    """Return a page that runs a script at the first click, wherever it falls."""
    return (
        "<body style='height: 100vh'>Sign in<script>"
        f"addEventListener('click', () => {{ {script} }}, {{ once: true }})</script>"
    )


def click_opens(shown: Shown, intuit: PageServer, path: str) -> bool:
    """Click on the page, unless the server shows that an earlier click has arrived.

    Chromium serves input first: clicks in quick succession hold up a page that is still loading,
    and a page that has never been painted hears none of them.
    """
    if not intuit.was_asked(path) and not shown.pane.page.isLoading():
        view = shown.pane.findChild(QWebEngineView)
        QTest.mouseClick(view.focusProxy(), Qt.MouseButton.LeftButton, pos=view.rect().center())
    return intuit.was_asked(path)


def test_the_address_of_the_page_is_shown_without_its_query(
    shown: Shown, intuit: PageServer
) -> None:
    intuit.answer(START, "<h1>Sign in</h1>")
    window = shown.open(intuit.request(REDIRECT))
    shown.wait_for_address(START)
    assert shown.pane.address.text() == intuit.root + START
    assert window.windowTitle().endswith("qbdesk")
    assert window.notice.isHidden()


def test_the_host_stays_in_sight_when_the_path_is_long_and_the_window_narrow(
    qtbot: QtBot, shown: Shown, intuit: PageServer
) -> None:
    path = START + "/accounts.google.com" * 20
    intuit.answer(path, "<h1>Sign in</h1>")
    window = shown.open(intuit.request(REDIRECT, path=path))
    window.resize(window.minimumSize())
    shown.wait_for_address("…")
    assert shown.pane.address.text().startswith(intuit.root + START)

    shown.pane.address.show_url(QUrl("https://" + "accounts.google.com." * 12 + "x.intuit.com/y"))

    text = shown.pane.address.text()
    assert text.startswith("https://…")
    assert "x.intuit.com" in text


def test_another_host_is_refused_in_a_sentence_before_anything_is_sent_there(
    shown: Shown, intuit: PageServer, elsewhere: CallbackServer
) -> None:
    intuit.answer(START, redirect_to(f"{elsewhere.root}/sign-in"))
    shown.open(intuit.request(REDIRECT))
    shown.wait_for_notice(elsewhere.root.removeprefix("http://"))
    assert "so it was not opened" in shown.window.notice.text()
    assert elsewhere.connections() == 0

    shown.button("Open in my browser").click()

    assert shown.outcomes == [BrowserWanted()]


def test_the_page_stays_when_only_a_link_on_it_was_refused(
    qtbot: QtBot, shown: Shown, intuit: PageServer, elsewhere: CallbackServer
) -> None:
    intuit.answer(
        START, f"<script>setTimeout(() => location = '{elsewhere.root}/x', 200)</script>Sign in"
    )
    shown.open(intuit.request(REDIRECT))
    shown.wait_for_notice("so it was not opened")
    assert shown.pane.address.text() == intuit.root + START
    assert elsewhere.connections() == 0


def test_try_again_starts_over_and_takes_the_sentence_away(
    qtbot: QtBot, shown: Shown, intuit: PageServer
) -> None:
    intuit.answer(START, Answer(503, ""))
    window = shown.open(intuit.request(REDIRECT))
    shown.wait_for_notice("answered with an error")
    intuit.answer(START, "<h1>Sign in</h1>")

    shown.button("Try again").click()

    qtbot.waitUntil(lambda: window.notice.isHidden(), timeout=WAIT)
    shown.wait_for_address(START)
    assert shown.outcomes == []


def test_a_page_that_cannot_be_reached_is_said_in_a_sentence(
    shown: Shown, intuit: PageServer
) -> None:
    with PageServer() as gone:
        request = gone.request(REDIRECT)
    shown.open(request)
    shown.wait_for_notice("could not be loaded")


def test_a_certificate_that_proves_nothing_is_refused(shown: Shown, tmp_path: Path) -> None:
    with PageServer(certificate_of_nobody(tmp_path)) as stranger:
        stranger.answer(START, "<h1>Sign in</h1>")
        shown.open(stranger.request(REDIRECT))
        shown.wait_for_notice("certificate could not be verified")
        assert stranger.requests == []
        shown.window.close()


def test_a_popup_has_its_own_address_and_closes_with_the_window(
    qtbot: QtBot, shown: Shown, intuit: PageServer
) -> None:
    intuit.answer(START, on_click("window.open('/help')"))
    intuit.answer("/help", "<h1>Help</h1>")
    window = shown.open(intuit.request(REDIRECT))
    shown.wait_for_address(START)
    qtbot.waitUntil(lambda: click_opens(shown, intuit, "/help"), timeout=WAIT)

    qtbot.waitUntil(lambda: len(shown.panes()) == 2, timeout=WAIT)
    popup = shown.panes()[1]
    qtbot.waitUntil(lambda: popup.address.text() == f"{intuit.root}/help", timeout=WAIT)
    assert popup.isVisible()
    assert popup.isWindow()
    assert popup.windowTitle() == window.windowTitle()

    window.close()

    assert not popup.isVisible()
    assert shown.outcomes == [Closed()]


def test_a_popup_to_another_host_is_refused_in_a_sentence_and_the_page_goes_on(
    qtbot: QtBot, shown: Shown, intuit: PageServer, elsewhere: CallbackServer
) -> None:
    intuit.answer(
        START,
        on_click(
            f"fetch('/clicked'); window.open('{elsewhere.root}/google');"
            "addEventListener('click', () => fetch('/clicked-again'))"
        ),
    )
    shown.open(intuit.request(REDIRECT))
    shown.wait_for_address(START)
    qtbot.waitUntil(lambda: click_opens(shown, intuit, "/clicked"), timeout=WAIT)

    shown.wait_for_notice("so it was not opened")
    qtbot.waitUntil(lambda: len(shown.panes()) == 1, timeout=WAIT)
    assert elsewhere.connections() == 0
    qtbot.waitUntil(lambda: click_opens(shown, intuit, "/clicked-again"), timeout=WAIT)


def test_a_popup_that_nobody_clicked_for_does_not_open(
    qtbot: QtBot, shown: Shown, intuit: PageServer
) -> None:
    intuit.answer(START, "<script>window.open('/help'); fetch('/tried')</script>Sign in")
    shown.open(intuit.request(REDIRECT))
    qtbot.waitUntil(lambda: intuit.was_asked("/tried"), timeout=WAIT)
    assert len(shown.panes()) == 1
    assert not intuit.was_asked("/help")


def test_the_redirect_counts_once_and_nothing_is_opened_after_it(
    qtbot: QtBot, profile: QWebEngineProfile, shown: Shown, intuit: PageServer
) -> None:
    intuit.answer(START, "<h1>Sign in</h1>")
    shown.open(intuit.request(REDIRECT))
    shown.wait_for_address(START)
    page = shown.pane.page
    kind = ConsentPage.NavigationType.NavigationTypeRedirect

    answers = [
        page.acceptNavigationRequest(QUrl(address), kind, True)  # noqa: FBT003 - Qt's own signature
        for address in (f"{REDIRECT}?code=1", f"{REDIRECT}?code=2", intuit.root + START)
    ]

    qtbot.waitUntil(lambda: bool(shown.outcomes), timeout=WAIT)
    assert answers == [False, False, False]
    assert shown.outcomes == [Landed(address=f"{REDIRECT}?code=1")]


def brightness(colour: QColor) -> float:
    """Return the relative luminance of a colour (WCAG 2.2), from 0 to 1."""
    shares = (colour.redF(), colour.greenF(), colour.blueF())
    linear = [
        ((share + 0.055) / 1.055) ** 2.4 if share > 0.04 else share / 12.92 for share in shares
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(picture: QImage, widget: QWidget, window: QWidget) -> float:
    """Return the contrast between the darkest and the brightest point of a widget on a picture."""
    corner = widget.mapTo(window, widget.rect().topLeft())
    levels = sorted(
        brightness(picture.pixelColor(corner.x() + x, corner.y() + y))
        for x in range(widget.width())
        for y in range(widget.height())
    )
    return (levels[-1] + 0.05) / (levels[0] + 0.05)


@pytest.mark.parametrize("desktop", ["light", "dark"])
def test_the_window_can_be_read_on_a_light_and_on_a_dark_desktop(
    qapp: QApplication,
    shown: Shown,
    intuit: PageServer,
    tmp_path: Path,
    desktop: str,
) -> None:
    before = qapp.palette()
    dark = QPalette(QColor("#31363b"), QColor("#2a2e32"))
    try:
        if desktop == "dark":
            qapp.setPalette(dark)
        intuit.answer(START, redirect_to("https://accounts.google.com/sign-in"))
        window = shown.open(intuit.request(REDIRECT))
        shown.wait_for_notice("so it was not opened")
        shown.pane.address.show_url(QUrl("https://accounts.intuit.com/app/sign-in"))
        picture = window.grab().toImage()
    finally:
        qapp.setPalette(before)
    assert picture.save(str(tmp_path / f"{desktop}.png"))

    assert (brightness(picture.pixelColor(1, 1)) < 0.2) == (desktop == "dark")
    assert contrast(picture, shown.pane.address, window) > 7
    assert contrast(picture, window.notice, window) > 7
    assert contrast(picture, shown.button("Cancel"), window) > 7


def test_cookies_and_cache_are_kept_in_memory_only(profile: QWebEngineProfile) -> None:
    assert profile.isOffTheRecord()
    assert profile.httpCacheType() == QWebEngineProfile.HttpCacheType.MemoryHttpCache
    assert (
        profile.persistentCookiesPolicy() == profile.persistentCookiesPolicy().NoPersistentCookies
    )


def test_a_page_gets_no_permissions_and_no_files(
    qtbot: QtBot, shown: Shown, intuit: PageServer
) -> None:
    intuit.answer(
        START,
        "<input type=file oncancel=\"fetch('/no-file')\"><script>"
        "navigator.geolocation.getCurrentPosition(() => fetch('/found'), () => fetch('/denied'))"
        "</script>" + on_click("document.querySelector('input').click()"),
    )
    shown.open(intuit.request(REDIRECT))
    shown.wait_for_address(START)
    qtbot.waitUntil(lambda: intuit.was_asked("/denied"), timeout=WAIT)
    qtbot.waitUntil(lambda: click_opens(shown, intuit, "/no-file"), timeout=WAIT)
    assert not intuit.was_asked("/found")
