from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QLineEdit
from ui_stand_in import OFFER, REDIRECT, StandIn, not_connected

from qbdesk.sync.errors import Refusal
from qbdesk.sync.views import Finding
from qbdesk.ui.bridge import Bridge
from qbdesk.ui.dialogs.connect import ConnectDialog, consent_message
from qbdesk.ui.look import Tone

LANDED = f"{REDIRECT}?code=abc&state=xyz&realmId=1"


class Consent(QObject):
    """The consent window as the dialog sees it, without its child process."""

    landed = Signal(str)
    closed = Signal()
    browser_wanted = Signal()
    timed_out = Signal()
    unavailable = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.request: object = None

    def open(self, request: object) -> bool:
        self.request = request
        return True

    def close(self) -> None:
        self.closed.emit()


class Dialog:
    """The connect dialog with what it touches."""

    def __init__(self, qtbot, service: StandIn) -> None:
        self.qtbot, self.service = qtbot, service
        self.bridge = Bridge()
        self.bridge.attach(service)
        self.consents: list[Consent] = []
        self.browsed: list[str] = []
        self.dialog = ConnectDialog(
            self.bridge, not_connected(), self.browse, make_consent=self.make_consent
        )
        self.browser_works = True
        qtbot.addWidget(self.dialog)
        self.dialog.show()
        self.settle()

    def make_consent(self, parent: QObject) -> Consent:
        self.consents.append(Consent(parent))
        return self.consents[-1]

    def browse(self, address: str) -> bool:
        self.browsed.append(address)
        return self.browser_works

    def settle(self) -> None:
        asked = -1
        while asked != len(self.service.asked):
            done: list[object] = []
            future = self.service.settings("maple")
            asked = len(self.service.asked)
            self.bridge.ask(self.bridge, future, done.append)
            self.qtbot.waitUntil(lambda done=done: bool(done))

    def press(self, button) -> None:
        assert button.isVisible()
        assert button.isEnabled()
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        self.settle()

    def enter_keys(self) -> None:
        keys = self.dialog.keys
        keys.client_id.setText("client")
        keys.secret.setText("hush")
        keys.redirect.setText(REDIRECT)

    def sign_in(self) -> Consent:
        self.enter_keys()
        self.press(self.dialog.go_on)
        return self.consents[-1]

    def land(self) -> None:
        self.sign_in().landed.emit(LANDED)
        self.settle()

    def page(self):
        return self.dialog.pages.currentWidget()

    def texts(self) -> str:
        return "\n".join(made.text() for made in self.dialog.findChildren(QLabel))


@pytest.fixture
def service() -> Iterator[StandIn]:
    made = StandIn(not_connected())
    yield made
    made.stop()


@pytest.fixture
def at(qtbot, service: StandIn) -> Iterator[Dialog]:
    made = Dialog(qtbot, service)
    yield made
    made.bridge.close()


# ---- keys ----


def test_without_keys_nobody_can_go_on(at: Dialog) -> None:
    assert not at.dialog.go_on.isEnabled()
    assert not at.dialog.browser.isEnabled()
    at.enter_keys()
    assert at.dialog.go_on.isEnabled()


def test_the_secret_is_never_readable_on_the_screen(at: Dialog) -> None:
    assert at.dialog.keys.secret.echoMode() == QLineEdit.EchoMode.Password


def test_a_secret_that_is_stored_need_not_be_typed_again(qtbot, service: StandIn) -> None:
    service.keys = ("client", REDIRECT)
    at = Dialog(qtbot, service)
    assert at.dialog.keys.client_id.text() == "client"
    assert at.dialog.keys.secret.text() == ""
    at.press(at.dialog.go_on)
    assert service.calls("begin_connect") == [["maple", "client", None, REDIRECT]]
    at.bridge.close()


def test_nothing_can_be_pressed_twice_while_an_answer_is_on_its_way(at: Dialog) -> None:
    at.enter_keys()
    at.service.gate.clear()
    at.dialog.go_on.click()
    at.dialog.keys.client_id.setText("another")
    assert not at.dialog.go_on.isEnabled()
    assert not at.dialog.browser.isEnabled()
    at.service.gate.set()
    at.settle()
    assert at.service.calls("begin_connect") == [["maple", "client", "hush", REDIRECT]]


def test_keys_that_are_refused_are_said_and_can_be_corrected(at: Dialog) -> None:
    at.service.troubles["begin_connect"] = Refusal("The redirect address must be https.")
    at.enter_keys()
    at.press(at.dialog.go_on)
    assert at.page() is at.dialog.keys
    assert at.dialog.trouble.text() == "The redirect address must be https."
    assert at.dialog.go_on.isEnabled()


# ---- the embedded window ----


def test_the_consent_window_is_opened_with_the_request(at: Dialog) -> None:
    consent = at.sign_in()
    assert at.service.calls("begin_connect") == [["maple", "client", "hush", REDIRECT]]
    assert consent.request.redirect_uri == REDIRECT
    assert at.page() is at.dialog.waiting


def test_the_sign_in_address_can_be_copied_where_no_browser_opens(at: Dialog) -> None:
    at.browser_works = False
    at.enter_keys()
    at.press(at.dialog.browser)
    assert "Copy the sign-in address" in at.dialog.trouble.text()
    at.press(at.dialog.paste.copy)
    assert QGuiApplication.clipboard().text() == "https://appcenter.intuit.com/connect"


def test_the_country_is_named_in_words(at: Dialog) -> None:
    at.land()
    assert at.dialog.confirm.country.text() == "Canada  ·  home currency CAD"


def test_the_typed_secret_goes_with_the_dialog(at: Dialog) -> None:
    at.sign_in().closed.emit()
    at.settle()
    assert at.dialog.go_on.isEnabled(), "who closed the window by mistake types nothing again"
    at.press(at.dialog.cancel)
    assert at.dialog.keys.secret.text() == ""


def test_the_consent_window_reads_the_request(service: StandIn) -> None:
    request = service.begin_connect("maple", "client", None, REDIRECT).result(timeout=5)
    request = replace(request, test_server_root="http://127.0.0.1:8080")
    message = consent_message(request)
    assert message.authorize_url == request.authorize_url
    assert message.intuit_root == "http://127.0.0.1:8080"


def test_the_landing_is_read_and_the_company_shown(at: Dialog) -> None:
    at.land()
    assert at.service.calls("finish_connect") == [["maple", LANDED]]
    assert at.page() is at.dialog.confirm
    assert at.dialog.confirm.company.text() == "Maple & Birch Consulting Inc."
    assert at.dialog.confirm.badge.text() == "SANDBOX"
    assert "CAD" in at.dialog.confirm.country.text()


@pytest.mark.parametrize(
    ("signal", "sentence"),
    [("closed", "The sign-in window was closed"), ("timed_out", "more than ten minutes")],
)
def test_closing_and_waiting_too_long_leave_nothing_behind(
    at: Dialog, signal: str, sentence: str
) -> None:
    getattr(at.sign_in(), signal).emit()
    at.settle()
    assert at.page() is at.dialog.keys
    assert sentence in at.dialog.trouble.text()
    assert at.service.calls("cancel_connect") == [["maple"]]


@pytest.mark.parametrize(
    "sentence",
    ["You did not allow the access, so nothing was connected.", "The answer was not for us."],
)
def test_a_denial_or_a_wrong_state_is_said_and_leaves_nothing_behind(
    at: Dialog, sentence: str
) -> None:
    at.service.troubles["finish_connect"] = Refusal(sentence)
    at.land()
    assert at.page() is at.dialog.keys
    assert at.dialog.trouble.text() == sentence
    assert at.service.calls("cancel_connect") == [["maple"]]


def test_without_a_web_view_the_browser_is_offered_with_the_reason(at: Dialog) -> None:
    at.sign_in().unavailable.emit("No window can be shown here.")
    at.settle()
    assert at.page() is at.dialog.paste
    assert at.dialog.trouble.text() == "No window can be shown here."
    assert at.service.calls("cancel_connect") == []
    at.press(at.dialog.paste.again)
    assert at.browsed == ["https://appcenter.intuit.com/connect"]


# ---- the browser ----


def test_the_browser_and_a_pasted_address_lead_to_the_same_page(at: Dialog) -> None:
    at.enter_keys()
    at.press(at.dialog.browser)
    assert at.browsed == ["https://appcenter.intuit.com/connect"]
    assert at.page() is at.dialog.paste
    assert not at.dialog.go_on.isEnabled()
    at.dialog.paste.address.setText(f" {LANDED} ")
    at.press(at.dialog.go_on)
    assert at.service.calls("finish_connect") == [["maple", LANDED]]
    assert at.page() is at.dialog.confirm
    assert at.dialog.paste.address.text() == "", "a code does not stay on the screen"


@pytest.mark.parametrize("by", ["dialog", "consent window"])
def test_the_browser_may_be_chosen_while_the_window_is_open(at: Dialog, by: str) -> None:
    consent = at.sign_in()
    if by == "dialog":
        at.press(at.dialog.browser)
    else:
        consent.browser_wanted.emit()
        at.settle()
    assert at.page() is at.dialog.paste
    assert len(at.browsed) == 1
    assert len(at.service.calls("begin_connect")) == 1, "the same request goes on"
    assert at.service.calls("cancel_connect") == []


def test_a_missing_browser_is_said(at: Dialog) -> None:
    at.browser_works = False
    at.enter_keys()
    at.press(at.dialog.browser)
    assert "No browser could be opened" in at.dialog.trouble.text()


# ---- confirming ----


def test_the_account_is_proposed_and_confirmed(at: Dialog) -> None:
    at.land()
    assert at.dialog.confirm.account.currentText() == "Services"
    at.dialog.confirm.account.setCurrentIndex(0)
    with at.qtbot.waitSignal(at.dialog.connected) as connected:
        at.press(at.dialog.other_way)
    ((company, account, agreed, *_),) = at.service.calls("confirm_connect")
    assert (company, account, agreed) == ("maple", "1", frozenset())
    assert connected.args[0].connected
    assert at.service.calls("cancel_connect") == []
    assert not at.dialog.isVisible()


def test_new_books_are_posted_to_after_a_preview_unless_a_person_wants_it_at_once(
    at: Dialog,
) -> None:
    assert not at.dialog.other_way.isVisible()
    at.land()
    assert at.dialog.other_way.text() == "Use it, and post at once"
    heard: list[object] = []
    at.dialog.connected.connect(heard.append)
    with at.qtbot.waitSignal(at.dialog.preview_wanted) as wanted:
        at.press(at.dialog.go_on)
    ((company, account, agreed, *_, paused),) = at.service.calls("confirm_connect")
    assert (company, account, agreed, paused) == ("maple", "2", frozenset(), "paused")
    assert (wanted.args[0].connected, wanted.args[0].paused) == (True, True)
    assert heard == []


def test_books_that_were_posted_to_before_need_no_preview(at: Dialog) -> None:
    at.service.offer = replace(OFFER, new_books=False)
    at.land()
    assert at.dialog.other_way.text() == "Use it, and preview first"
    assert not at.dialog.confirm.first_day.isVisible()
    with at.qtbot.waitSignal(at.dialog.connected) as connected:
        at.press(at.dialog.go_on)
    assert not connected.args[0].paused
    assert None in at.service.calls("confirm_connect")[0], "the first day stays as it is"


def test_a_company_that_was_paused_stays_so_when_it_is_only_signed_in_again(at: Dialog) -> None:
    at.service.offer = replace(OFFER, new_books=False)
    at.service.views["maple"] = replace(at.service.views["maple"], paused=True)
    at.land()
    with at.qtbot.waitSignal(at.dialog.connected) as connected:
        at.press(at.dialog.go_on)
    assert connected.args[0].paused


def test_the_first_day_is_proposed_with_its_reason_and_can_be_another(at: Dialog) -> None:
    why = "You chose 2026-01-01, but the books are closed up to 2026-03-31."
    at.service.offer = replace(OFFER, first_day=date(2026, 4, 1), first_day_told=why)
    at.land()
    assert why in at.texts()
    assert at.dialog.confirm.first_day.day() == date(2026, 4, 1)
    at.dialog.confirm.first_day.show_day(date(2026, 5, 1))
    at.press(at.dialog.go_on)
    assert date(2026, 5, 1) in at.service.calls("confirm_connect")[0]


def test_how_sales_are_taxed_is_said_and_codes_for_untaxed_lines_proposed(at: Dialog) -> None:
    at.land()
    assert "Every line gets a tax code." in at.texts()
    assert at.dialog.confirm.proposed["tax.untaxed.abroad"].currentText() == "Zero-rated"
    at.press(at.dialog.go_on)
    assert at.service.calls("confirm_connect")[0][3]["tax.untaxed.abroad"] == "7"


def test_without_a_proposal_an_account_has_to_be_chosen(at: Dialog) -> None:
    at.service.offer = replace(OFFER, income_account=None)
    at.land()
    assert not at.dialog.go_on.isEnabled()
    at.dialog.confirm.account.setCurrentIndex(1)
    assert at.dialog.go_on.isEnabled()


def test_clearing_accounts_are_asked_for_and_may_be_left_for_later(at: Dialog) -> None:
    at.land()
    boxes = at.dialog.confirm.proposed
    boxes.pop("tax.untaxed.abroad")
    assert "paid out later, in one sum and net of fees" in at.texts()
    # What looks like the account is proposed.
    assert {key: box.currentText() for key, box in boxes.items()} == {
        "deposit.card": "Card clearing",
        "deposit.paypal": "Later: Undeposited Funds until then",
    }
    boxes["deposit.paypal"].setCurrentIndex(1)
    boxes["deposit.card"].setCurrentIndex(0)
    at.press(at.dialog.go_on)
    answers = at.service.calls("confirm_connect")[0][3]
    assert answers == {"deposit.card": "", "deposit.paypal": "91"}


def test_another_offer_brings_its_own_clearing_accounts(at: Dialog) -> None:
    at.land()
    at.dialog.confirm.show_offer(replace(OFFER, clearing=OFFER.clearing[:1]))
    assert list(at.dialog.confirm.proposed) == ["tax.untaxed.abroad", "deposit.card"]


def test_every_question_has_to_be_agreed_to_in_words(at: Dialog) -> None:
    questions = (("other_company", "It is another company."), ("same_source", "Oak uses it too."))
    at.service.offer = replace(OFFER, questions=questions)
    at.land()
    assert "It is another company." in at.texts()
    assert not at.dialog.go_on.isEnabled()
    at.dialog.confirm.boxes["other_company"].setChecked(True)
    assert not at.dialog.go_on.isEnabled()
    at.dialog.confirm.boxes["same_source"].setChecked(True)
    at.press(at.dialog.go_on)
    agreed = at.service.calls("confirm_connect")[0][2]
    assert agreed == frozenset({"other_company", "same_source"})


def test_the_preflight_is_told_before_anything_is_confirmed(at: Dialog) -> None:
    at.service.offer = replace(OFFER, findings=(Finding("mind", "Reminders are on."),))
    at.land()
    assert "Reminders are on." in at.texts()


def test_a_test_server_is_badged_as_one(at: Dialog) -> None:
    at.service.offer = replace(OFFER, test_server=True, environment="production")
    at.land()
    assert at.dialog.confirm.badge.text() == "TEST SERVER · PRODUCTION"
    assert at.dialog.confirm.badge.tone() == Tone.TEST


def test_what_cannot_be_confirmed_is_said_and_may_be_tried_again(at: Dialog) -> None:
    at.land()
    at.service.troubles["confirm_connect"] = Refusal("The keyring is locked. Unlock it.")
    at.press(at.dialog.go_on)
    assert at.dialog.trouble.text() == "The keyring is locked. Unlock it."
    assert at.page() is at.dialog.confirm
    assert at.dialog.go_on.isEnabled()


@pytest.mark.parametrize("when", ["waiting", "confirm"])
def test_cancelling_leaves_nothing_behind(at: Dialog, when: str) -> None:
    at.sign_in() if when == "waiting" else at.land()
    at.press(at.dialog.cancel)
    assert at.service.calls("cancel_connect") == [["maple"]]
    assert not at.dialog.isVisible()


def test_escape_leaves_nothing_behind_either(at: Dialog) -> None:
    at.land()
    at.qtbot.keyClick(at.dialog, Qt.Key.Key_Escape)
    at.settle()
    assert at.service.calls("cancel_connect") == [["maple"]]


def test_cancelling_while_intuit_is_asked_ends_that_too(at: Dialog) -> None:
    consent = at.sign_in()
    at.service.gate.clear()
    busy = at.service.settings("maple")
    consent.landed.emit(LANDED)
    asked = at.dialog._under_way
    at.dialog.cancel.click()
    at.service.gate.set()
    busy.result(timeout=5)
    at.settle()
    assert asked.cancelled()
    assert at.service.calls("cancel_connect") == [["maple"]]


def test_what_is_being_confirmed_is_not_broken_off(at: Dialog) -> None:
    at.land()
    at.service.gate.clear()
    at.dialog.go_on.click()
    assert not at.dialog.cancel.isEnabled()
    at.qtbot.keyClick(at.dialog, Qt.Key.Key_Escape)
    assert at.dialog.isVisible()
    with at.qtbot.waitSignal(at.dialog.preview_wanted):
        at.service.gate.set()
    assert at.service.calls("cancel_connect") == []


def test_looking_at_the_keys_alone_changes_nothing(at: Dialog) -> None:
    at.press(at.dialog.cancel)
    assert at.service.calls("cancel_connect") == []


def test_a_hostile_company_name_is_only_text(at: Dialog) -> None:
    at.service.offer = replace(OFFER, company_name="<img src=x>\u202eevil")
    at.land()
    assert at.dialog.confirm.company.text() == "<img src=x>⟨U+202E⟩evil"
