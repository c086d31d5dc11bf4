import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QWidget
from ui_stand_in import NOW, StandIn, company, held, invoice, not_connected

from qbdesk.sync.errors import Refusal
from qbdesk.sync.sources.feed import FeedSource
from qbdesk.sync.sources.source import SourceRefused
from qbdesk.sync.views import (
    Choice,
    Finding,
    JournalEntry,
    PassResult,
    Progress,
    Requests,
    State,
    Status,
)
from qbdesk.ui.bridge import Bridge
from qbdesk.ui.companies import Companies
from qbdesk.ui.company_actions import CompanyActions
from qbdesk.ui.contents import Contents
from qbdesk.ui.desk import Desk
from qbdesk.ui.dialogs.add_company import AddCompanyDialog
from qbdesk.ui.dialogs.connect import ConnectDialog
from qbdesk.ui.dialogs.ignore import IgnoreDialog
from qbdesk.ui.dialogs.preview import PreviewDialog
from qbdesk.ui.dialogs.question import Question
from qbdesk.ui.dialogs.source_token import SourceTokenDialog
from qbdesk.ui.dialogs.totals import TotalsDialog
from qbdesk.ui.invoice_actions import InvoiceActions
from qbdesk.ui.look import Tone
from qbdesk.ui.person import who
from qbdesk.ui.table.columns import Column

ROWS = [*(invoice(number) for number in range(1, 8)), held(8), held(9)]
COUNTS = {Status.SYNCED: 7, Status.NEEDS_ATTENTION: 2}


class Screen:
    """The window's contents with all that drives them, over a stand-in."""

    def __init__(self, qtbot, service: StandIn) -> None:
        self.qtbot, self.service = qtbot, service
        self.bridge = Bridge()
        self.companies = Companies(self.bridge)
        self.contents = Contents(self.bridge)
        self.desk = Desk(self.bridge, self.companies, self.contents)
        self.invoice_actions = InvoiceActions(self.desk, self.contents)
        self.company_actions = CompanyActions(self.desk, self.companies, self.contents)
        self.opened: list[str] = []
        for actions in (self.invoice_actions, self.company_actions):
            actions.open_url = lambda url: self.opened.append(QUrl(url).toString()) or True
        qtbot.addWidget(self.contents)
        self.contents.resize(1280, 800)
        self.contents.show()
        self.bridge.attach(service)
        with qtbot.waitSignal(self.companies.changed):
            self.companies.load()
        self.settle()

    def close(self) -> None:
        self.bridge.close()
        for timer in (self.companies._gather, self.contents.table._stale):
            timer.stop()

    def settle(self) -> None:
        """Until everything asked so far is answered and shown."""
        asked = -1
        while asked != len(self.service.asked):
            asked = len(self.service.asked)
            done: list[object] = []
            self.bridge.ask(self.bridge, self.service.app_keys_known(), done.append)
            asked += 1
            self.qtbot.waitUntil(lambda done=done: len(done) == 1)

    def gather(self) -> None:
        """Lets the timers fire that gather many changes into one question."""
        self.settle()
        for timer in (self.companies._gather, self.contents.table._stale):
            if timer.isActive():
                timer.stop()
                timer.timeout.emit()
        self.settle()

    def press(self, button: QWidget) -> None:
        assert button.isVisible()
        assert button.isEnabled()
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        self.settle()

    def dialog(self, kind: type) -> QWidget:
        return next(made for made in self.contents.findChildren(kind) if made.isVisible())

    def banner(self) -> str:
        return self.contents.banner.text() if self.contents.banner.isVisible() else ""


@pytest.fixture
def service() -> Iterator[StandIn]:
    made = StandIn(company(counts=COUNTS), rows=ROWS)
    yield made
    made.stop()


@pytest.fixture
def screen(qtbot, service: StandIn) -> Iterator[Screen]:
    made = Screen(qtbot, service)
    yield made
    made.close()


def texts(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel))


# ---- header ----


def test_a_connected_company_has_a_green_pill(screen: Screen) -> None:
    header = screen.contents.header
    assert header.pill.text() == "QuickBooks connected"
    assert header.pill.tone() == Tone.GOOD
    assert header.name.text() == "Maple & Birch Consulting Inc."
    assert not header.connect_button.isVisible()


def test_the_header_tells_how_long_the_sign_in_lasts(screen: Screen) -> None:
    facts = screen.contents.header.facts.text()
    assert re.search(r"Access token: \d+ min left", facts)
    assert "Sign-in: 87 of 100 days left" in facts
    assert "Last sync" in facts
    assert "Next sync" in facts


@pytest.mark.parametrize(
    ("environment", "test_server", "badge"),
    [
        ("sandbox", False, "SANDBOX"),
        ("production", False, "PRODUCTION"),
        ("sandbox", True, "TEST SERVER · SANDBOX"),
        ("production", True, "TEST SERVER · PRODUCTION"),
    ],
)
def test_the_badge_names_the_environment_and_besides_a_test_server(
    screen: Screen, environment: str, test_server: bool, badge: str
) -> None:
    screen.service.change_company("maple", environment=environment, test_server=test_server)
    screen.gather()
    assert screen.contents.header.badge.text() == badge


def test_a_company_that_lost_its_connection_offers_to_connect(screen: Screen) -> None:
    screen.service.views["maple"] = not_connected(counts=COUNTS)
    screen.service.change_company("maple")
    screen.gather()
    header = screen.contents.header
    assert header.pill.text() == "Not connected"
    assert header.pill.tone() == Tone.QUIET
    assert not screen.contents.actions_bar.sync.isEnabled()
    screen.press(header.connect_button)
    assert screen.dialog(ConnectDialog)


def test_a_sign_in_that_ends_soon_offers_to_reconnect(screen: Screen) -> None:
    assert not screen.contents.header.reconnect_button.isVisible()
    screen.service.change_company("maple", reconnect=True)
    screen.gather()
    screen.press(screen.contents.header.reconnect_button)
    assert screen.dialog(ConnectDialog)


def test_a_lost_sign_in_is_amber_and_offers_to_reconnect(screen: Screen) -> None:
    screen.service.change_company("maple", state=State.SIGNED_OUT, reconnect=True)
    screen.gather()
    header = screen.contents.header
    assert (header.pill.text(), header.pill.tone()) == ("Sign in again", Tone.MIND)
    assert header.reconnect_button.isVisible()


def test_a_company_that_was_disconnected_offers_to_reconnect(screen: Screen) -> None:
    screen.service.views["maple"] = not_connected(counts=COUNTS, reconnect=True)
    screen.service.change_company("maple")
    screen.gather()
    header = screen.contents.header
    assert header.pill.text() == "Not connected"
    assert not header.connect_button.isVisible(), "one button for one thing"
    screen.press(header.reconnect_button)
    assert screen.dialog(ConnectDialog)


@pytest.mark.parametrize("status", [401, 403])
def test_a_source_that_refuses_its_token_is_given_another_one(screen: Screen, status: int) -> None:
    sentence = said_by_the_feed(status)
    screen.service.change_company("maple", state=State.ATTENTION, reconnect=True, sentence=sentence)
    screen.gather()
    header = screen.contents.header
    assert not header.reconnect_button.isVisible(), "signing in at Intuit would not help"
    screen.press(header.token_button)
    dialog = screen.dialog(SourceTokenDialog)
    assert dialog.token.echoMode() == QLineEdit.EchoMode.Password
    assert not dialog.use.isEnabled()
    dialog.token.setText(" fresh ")
    screen.press(dialog.use)
    assert screen.service.calls("change_source_token") == [["maple", "fresh"]]
    assert screen.service.calls("sync") == [["maple"]]
    assert screen.banner() == "The source has accepted the new token."


def said_by_the_feed(status: int) -> str:
    """What the company's sentence is when the source answers so."""

    async def asked() -> str:
        refuse = httpx.MockTransport(lambda _: httpx.Response(status))
        async with httpx.AsyncClient(transport=refuse) as client:
            source = FeedSource(client, "https://billing.example.com", "old", sleep=asyncio.sleep)
            with pytest.raises(SourceRefused) as refused:
                await source.tenant()
        return str(refused.value)

    return asyncio.run(asked())


def test_a_new_token_that_is_refused_is_said_and_can_be_entered_again(screen: Screen) -> None:
    screen.service.troubles["change_source_token"] = Refusal("The token is not accepted.")
    screen.contents.actions_bar.token.trigger()
    dialog = screen.dialog(SourceTokenDialog)
    dialog.token.setText("wrong")
    screen.press(dialog.use)
    assert dialog.trouble.text() == "The token is not accepted."
    assert dialog.use.isEnabled()
    assert screen.service.calls("sync") == []


def test_the_minutes_left_go_down(screen: Screen) -> None:
    header = screen.contents.header
    for minutes in (42, 40):
        end = datetime.now(UTC) + timedelta(minutes=minutes, seconds=30)
        token = replace(header._view.token, access_expires_at=end)
        header._view = replace(header._view, token=token)
        screen.contents._minute.timeout.emit()
        assert f"{minutes} min left" in header.facts.text()


# ---- another program on the same ledger ----


def test_the_minutes_only_run_while_somebody_looks(screen: Screen) -> None:
    assert screen.contents._minute.isActive()
    screen.contents.hide()
    assert not screen.contents._minute.isActive()


@pytest.mark.parametrize("how", ["activated", "a minute later"])
def test_what_another_program_did_is_noticed(screen: Screen, how: str) -> None:
    select(screen, "inv_00008")
    screen.service.rows["inv_00008"] = invoice(8)
    screen.service.views["maple"] = company(sentence="Done elsewhere.", counts=COUNTS)
    if how == "activated":
        QApplication.sendEvent(screen.contents, QEvent(QEvent.Type.WindowActivate))
    else:
        screen.contents._minute.timeout.emit()
    screen.gather()
    assert screen.contents.header.sentence.text() == "Done elsewhere."
    assert screen.contents.details.status.text() == "Synced"
    row = screen.contents.table.rows.position("inv_00008")
    assert screen.contents.table.rows.row_at(row).status == Status.SYNCED


def test_a_company_that_another_program_added_appears(screen: Screen) -> None:
    screen.service.views["oak"] = company("oak")
    screen.contents._minute.timeout.emit()
    screen.settle()
    assert screen.contents.header.company.isVisible()


def test_nothing_is_redrawn_when_nothing_has_changed(screen: Screen) -> None:
    with screen.qtbot.assertNotEmitted(screen.companies.changed):
        screen.contents._minute.timeout.emit()
        screen.gather()


def test_findings_that_matter_are_shown_and_the_worst_comes_first(screen: Screen) -> None:
    mind, stop = Finding("mind", "Reminders are on.", "Turn them off."), Finding("stop", "No tax.")
    screen.service.change_company("maple", findings=(Finding("fine", "Good."), mind, stop))
    screen.gather()
    shown = texts(screen.contents.findings)
    assert "Good." not in shown
    assert shown.index("No tax.") < shown.index("Reminders are on.") < shown.index("Turn them off.")


# ---- companies ----


def test_another_company_brings_its_own_rows(screen: Screen) -> None:
    screen.service.views["oak"] = company("oak", company_name="Oak Ltd")
    screen.companies.load()
    screen.settle()
    combo = screen.contents.header.company
    assert combo.isVisible()
    combo.setCurrentIndex(combo.findData("oak"))
    combo.textActivated.emit("oak")
    screen.settle()
    assert screen.contents.header.name.text() == "Oak Ltd"
    assert screen.service.calls("invoices")[-1][0].company == "oak"


def test_the_first_start_leads_through_the_steps(qtbot) -> None:
    service = StandIn()
    screen = Screen(qtbot, service)
    welcome = screen.contents.welcome
    assert welcome.isVisible()
    assert not screen.contents.header.isVisible()
    assert not welcome.connect_button.isEnabled()
    screen.press(welcome.add)
    dialog = screen.dialog(AddCompanyDialog)
    dialog.name.setText(" maple ")
    dialog.url.setText("https://billing.example.com")
    dialog.token.setText("secret")
    screen.press(dialog.add)
    name, source, url, token, *_ = service.calls("add_company")[0]
    assert (name, source, url, token) == ("maple", "feed", "https://billing.example.com", "secret")
    assert welcome.isVisible()
    screen.press(welcome.connect_button)
    assert screen.dialog(ConnectDialog)
    screen.close()
    service.stop()


def test_the_set_up_says_what_a_bookkeeper_has_to_know(qtbot) -> None:
    service = StandIn()
    screen = Screen(qtbot, service)
    said = texts(screen.contents.welcome)
    assert "Only paid invoices arrive." in said
    assert "only in US companies with automated sales tax" in said
    assert "a bank deposit in QuickBooks or match them" in said
    screen.close()
    service.stop()


def test_a_source_that_refuses_keeps_the_dialog_open_and_says_why(screen: Screen) -> None:
    screen.service.troubles["add_company"] = Refusal("The source refused the token.")
    screen.contents.actions_bar.add_pressed.emit()
    dialog = screen.dialog(AddCompanyDialog)
    for field in (dialog.name, dialog.url, dialog.token):
        field.setText("x")
    screen.press(dialog.add)
    assert dialog.trouble.text() == "The source refused the token."
    assert dialog.add.isEnabled()


def test_a_second_company_of_the_same_name_is_not_added(screen: Screen) -> None:
    screen.contents.actions_bar.add_pressed.emit()
    dialog = screen.dialog(AddCompanyDialog)
    for field in (dialog.name, dialog.url, dialog.token):
        field.setText(" maple ")
    screen.press(dialog.add)
    assert dialog.trouble.text().startswith("maple is there already.")
    assert "“New source token…”" in dialog.trouble.text()
    assert screen.service.calls("add_company") == []


def test_removing_a_company_asks_first_and_says_that_the_ledger_stays(screen: Screen) -> None:
    screen.contents.actions_bar.remove_pressed.emit()
    question = screen.dialog(Question)
    assert "The ledger with its journal is kept" in texts(question)
    screen.press(question.yes)
    screen.settle()
    assert screen.service.calls("remove_company") == [["maple"]]
    assert screen.contents.welcome.isVisible()


def test_disconnecting_asks_first_and_can_be_declined(screen: Screen) -> None:
    screen.press(screen.contents.actions_bar.disconnect_button)
    question = screen.dialog(Question)
    assert "deletes its access and refresh tokens at once" in texts(question)
    screen.press(question.no)
    assert screen.service.calls("disconnect") == []


@pytest.mark.parametrize(
    ("told", "sentence"),
    [(True, "deleted here and at Intuit"), (False, "Intuit could not be told")],
)
def test_disconnecting_says_whether_intuit_knows(screen: Screen, told: bool, sentence: str) -> None:
    screen.service.intuit_told = told
    screen.press(screen.contents.actions_bar.disconnect_button)
    screen.press(screen.dialog(Question).yes)
    assert sentence in screen.banner()
    screen.gather()
    assert screen.contents.header.pill.text() == "Not connected"
    assert screen.contents.main_page.isVisible(), "its invoices stay to be seen"


# ---- passes ----


def test_sync_now_asks_for_this_company_and_says_what_stopped_it(screen: Screen) -> None:
    screen.service.pass_results = [
        PassResult("maple", 0, 3, 0, Requests(), "QuickBooks could not be reached.")
    ]
    screen.press(screen.contents.actions_bar.sync)
    assert screen.service.calls("sync") == [["maple"]]
    assert screen.banner() == "QuickBooks could not be reached."


def test_a_running_pass_shows_how_far_it_is_and_can_be_stopped(screen: Screen) -> None:
    line = screen.contents.pass_line
    assert not line.isVisible()
    screen.service.tell(Progress("maple", "Posting payments", 3, 12))
    screen.settle()
    assert line.sentence.text() == "Posting payments"
    assert (line.bar.value(), line.bar.maximum(), line.count.text()) == (3, 12, "3 of 12")
    screen.press(line.stop)
    assert screen.service.calls("stop_pass") == [["maple"]]
    assert not line.stop.isEnabled()


def test_the_progress_goes_when_the_pass_is_over(screen: Screen) -> None:
    screen.service.tell(Progress("maple", "Posting payments", 3, 12))
    screen.service.change_company("maple", state=State.SYNCING)
    screen.gather()
    assert screen.contents.pass_line.isVisible()
    screen.service.change_company("maple", state=State.ATTENTION, last_pass_at=NOW)
    screen.gather()
    assert not screen.contents.pass_line.isVisible()


def test_progress_of_another_company_is_not_shown_here(screen: Screen) -> None:
    screen.service.tell(Progress("oak", "Posting payments", 3, 12))
    screen.settle()
    assert not screen.contents.pass_line.isVisible()


def test_pause_turns_into_resume(screen: Screen) -> None:
    pause = screen.contents.actions_bar.pause
    screen.press(pause)
    screen.gather()
    assert screen.service.calls("pause") == [["maple"]]
    assert pause.text() == "Resume"
    screen.press(pause)
    assert screen.service.calls("resume") == [["maple"]]


def test_good_news_makes_room_again_but_trouble_stays(screen: Screen) -> None:
    screen.desk.tell("All <done>.")
    screen.contents.banner.take_back("All <done>.")
    assert screen.banner() == ""
    screen.desk.complain("QuickBooks could not be reached.")
    screen.contents.banner.take_back("All <done>.")
    assert screen.banner() == "QuickBooks could not be reached."


def test_no_stray_key_presses_a_button_at_first(screen: Screen) -> None:
    assert screen.contents.focusWidget() is screen.contents.rows_page
    assert screen.contents.table.selected_rows() == []


def test_an_error_that_nobody_foresaw_is_said_without_its_text(screen: Screen, caplog) -> None:
    screen.service.troubles["sync"] = RuntimeError("token abc123 of Maple")
    screen.press(screen.contents.actions_bar.sync)
    assert screen.banner().startswith("Something went wrong in qbdesk itself.")
    assert "abc123" not in screen.banner() + caplog.text
    assert "RuntimeError" in caplog.text


# ---- filters ----


def test_the_filters_count_what_there_is(screen: Screen) -> None:
    filters = screen.contents.filters
    assert filters.everything.count() == 9
    assert filters.chips[Status.NEEDS_ATTENTION].count() == 2
    assert not filters.chips[Status.IGNORED].isVisible()


def test_a_filter_asks_the_ledger_for_those_rows(screen: Screen) -> None:
    screen.press(screen.contents.filters.chips[Status.NEEDS_ATTENTION])
    assert screen.service.calls("invoices")[-1][0].status == Status.NEEDS_ATTENTION
    assert screen.contents.table.rows.rowCount() == 2


def test_typing_searches_once_the_typing_pauses(screen: Screen) -> None:
    asked = len(screen.service.calls("invoices"))
    screen.qtbot.keyClicks(screen.contents.filters.field, "0008")
    assert len(screen.service.calls("invoices")) == asked
    screen.contents.filters._pause.timeout.emit()
    screen.contents.filters._pause.stop()
    screen.settle()
    assert screen.service.calls("invoices")[-1][0].search == "0008"
    assert screen.contents.table.rows.rowCount() == 1


def test_a_search_without_a_find_says_so(screen: Screen) -> None:
    screen.contents.filters.field.setText("nothing like it")
    screen.contents.filters._pause.stop()
    screen.contents.filters.changed.emit()
    screen.settle()
    assert screen.contents.empty.isVisible()
    assert screen.contents.empty.text() == "No invoice fits this filter."


def test_another_order_is_asked_of_the_ledger(screen: Screen) -> None:
    screen.contents.table.horizontalHeader().sectionClicked.emit(Column.AMOUNT)
    screen.settle()
    query = screen.service.calls("invoices")[-1][0]
    assert (query.sort_by.value, query.descending) == ("amount", False)


# ---- one invoice ----


def select(screen: Screen, source_id: str) -> None:
    assert screen.contents.table.select(source_id)
    screen.settle()


def test_the_details_tell_the_reason_and_the_journal(screen: Screen) -> None:
    screen.service.entries = [JournalEntry(NOW, "alex", "Held: no email.", "Rule 5")]
    select(screen, "inv_00008")
    details = screen.contents.details
    assert details.title.text() == "Invoice 2026-0008"
    assert details.message.text().startswith("The customer has no email address.")
    said = texts(details.journal)
    assert "alex" in said
    assert "Held: no email." in said
    assert "Rule 5" in said


def test_a_choice_is_a_button_and_carries_who_pressed_it(screen: Screen) -> None:
    select(screen, "inv_00008")
    screen.press(screen.contents.details.choice_buttons[0])
    assert screen.service.calls("resolve") == [["maple", "inv_00008", "post_new", who()]]


def test_a_pass_that_begins_moves_no_answer_away_from_under_the_pointer(screen: Screen) -> None:
    select(screen, "inv_00008")
    (button, *_) = screen.contents.details.choice_buttons
    before = button.mapTo(screen.contents, QPoint())
    screen.service.tell(Progress("maple", "Posting payments", 3, 12))
    screen.settle()
    assert screen.contents.pass_line.isVisible()
    assert button.mapTo(screen.contents, QPoint()) == before


def test_a_choice_can_be_taken_for_all_that_are_held_for_the_same_reason(screen: Screen) -> None:
    again = Choice("try_again", "Try again")
    choices = (Choice("use:7", "Use “Harbour”"), Choice("post_new", "Post as new"), again)
    screen.service.rows["inv_00008"] = held(8, choices=choices)
    screen.service.same = {"post_new": ("inv_00009", "inv_00010"), "try_again": ("inv_00009",)}
    screen.desk._show_rows()
    screen.settle()
    select(screen, "inv_00008")
    details = screen.contents.details
    assert details.choices.for_all.accessibleName() == (
        "The same for the 2 others that are held for this reason"
    )
    details.choices.for_all.setChecked(True)
    # What names this client's own customer is no answer for the others.
    assert not details.choices.buttons["use:7"].isEnabled()
    screen.press(details.choices.buttons["post_new"])
    ids = ["inv_00008", "inv_00009", "inv_00010"]
    assert screen.service.calls("resolve_all") == [["maple", ids, "post_new", who()]]
    assert screen.service.calls("resolve") == []


def test_the_next_invoice_is_not_decided_for_all_without_a_word(screen: Screen) -> None:
    screen.service.same = {"post_new": ("inv_00009",)}
    select(screen, "inv_00008")
    box = screen.contents.details.choices.for_all
    assert box.accessibleName() == "The same for the other one that is held for this reason"
    box.setChecked(True)
    select(screen, "inv_00003")
    select(screen, "inv_00008")
    assert not box.isChecked()
    screen.press(screen.contents.details.choice_buttons[0])
    assert screen.service.calls("resolve_all") == []


def test_where_nothing_else_waits_with_the_question_there_is_no_box(screen: Screen) -> None:
    select(screen, "inv_00008")
    assert not screen.contents.details.choices.for_all.isVisible()


def test_the_second_click_of_a_double_click_decides_nothing(screen: Screen) -> None:
    select(screen, "inv_00008")
    button = screen.contents.details.choice_buttons[0]
    QTest.mouseDClick(button, Qt.MouseButton.LeftButton)
    QTest.mouseRelease(button, Qt.MouseButton.LeftButton)
    screen.settle()
    assert screen.service.calls("resolve") == []


def test_what_says_the_same_is_offered_once(screen: Screen) -> None:
    details = screen.contents.details
    again = Choice("try_again", "Try again")
    screen.service.rows["inv_00008"] = held(8, choices=(again,))
    screen.desk._show_rows()
    screen.settle()
    select(screen, "inv_00008")
    assert [button.words.text() for button in details.choice_buttons] == ["Try again"]
    assert not details.resync.isVisible()
    assert not details.quickbooks.isVisible(), "it is not there yet"
    select(screen, "inv_00003")
    assert details.resync.isVisible()
    assert details.quickbooks.isVisible()
    assert not details.ignore.isVisible(), "it is posted"


def test_ignoring_needs_a_note(screen: Screen) -> None:
    select(screen, "inv_00008")
    screen.press(screen.contents.details.ignore)
    dialog = screen.dialog(IgnoreDialog)
    assert not dialog.ignore.isEnabled()
    dialog.field.setText("entered by hand")
    screen.press(dialog.ignore)
    assert screen.service.calls("ignore") == [["maple", ("inv_00008",), "entered by hand", who()]]


def test_what_is_selected_is_synced_again(screen: Screen) -> None:
    bar = screen.contents.actions_bar
    assert not bar.resync.isEnabled()
    select(screen, "inv_00003")
    screen.press(bar.resync)
    assert screen.service.calls("resync") == [["maple", ("inv_00003",)]]
    screen.contents.table.selectAll()
    assert bar.resync.text() == "Resync 9 selected"


def test_the_details_follow_what_the_engine_does(screen: Screen) -> None:
    select(screen, "inv_00008")
    screen.service.change_invoices(invoice(8))
    screen.gather()
    assert screen.contents.details.status.text() == "Synced"
    assert screen.contents.details.choice_buttons == []


def test_an_invoice_opens_in_quickbooks(screen: Screen) -> None:
    select(screen, "inv_00003")
    screen.press(screen.contents.details.quickbooks)
    assert screen.opened == ["https://sandbox.qbo.intuit.com/app/invoice?txnId=3"]


@pytest.mark.parametrize(
    "address", ["http://example.com/x", "file:///etc/passwd", "javascript:alert(1)", "https:///x"]
)
def test_only_a_safe_address_leaves_for_the_browser(screen: Screen, address: str) -> None:
    screen.service.rows["inv_00003"] = invoice(3, quickbooks_link=address, source_link=address)
    screen.desk._show_rows()
    screen.settle()
    select(screen, "inv_00003")
    screen.press(screen.contents.details.source)
    screen.press(screen.contents.details.quickbooks)
    assert screen.opened == []
    assert "no page that can be opened safely" in screen.banner()


def test_a_notification_leads_to_its_invoice(screen: Screen) -> None:
    screen.desk.show_invoices("maple", ("inv_00009",))
    screen.settle()
    assert screen.contents.details.row.source_id == "inv_00009"
    assert [row.source_id for row in screen.contents.table.selected_rows()] == ["inv_00009"]


def test_a_notification_of_several_leads_to_all_that_need_attention(screen: Screen) -> None:
    screen.contents.filters.field.setText("something else")
    screen.desk.show_invoices("maple", ("inv_00008", "inv_00009"))
    screen.settle()
    assert screen.contents.filters.status() == Status.NEEDS_ATTENTION
    assert screen.contents.filters.search() == ""
    assert screen.contents.table.rows.rowCount() == 2


# ---- looks and access ----


def test_a_hostile_name_stays_text_wherever_it_stands(screen: Screen) -> None:
    evil = "<img src=x>\u202eevil"
    screen.service.views["maple"] = company(company_name=evil, sentence=evil, counts=COUNTS)
    screen.service.rows["inv_00008"] = held(8, customer=evil, message=evil)
    screen.service.change_company("maple")
    screen.gather()
    screen.desk._show_rows()
    screen.settle()
    select(screen, "inv_00008")
    labels = screen.contents.findChildren(QLabel)
    assert sum("⟨U+202E⟩" in made.text() for made in labels) >= 4
    for made in labels:
        assert "\u202e" not in made.text()
        assert made.textFormat() == Qt.TextFormat.PlainText or not made.text()


def test_a_narrow_window_puts_the_details_below(screen: Screen) -> None:
    assert screen.contents.splitter.orientation() == Qt.Orientation.Horizontal
    screen.contents.resize(900, 600)
    assert screen.contents.splitter.orientation() == Qt.Orientation.Vertical
    assert not screen.contents.details.isVisible(), "nothing is selected"
    select(screen, "inv_00008")
    assert screen.contents.details.isVisible()


def test_the_details_can_be_closed(screen: Screen) -> None:
    select(screen, "inv_00008")
    screen.press(screen.contents.details.close_button)
    assert not screen.contents.details.isVisible()
    assert screen.contents.table.selected_rows() == []


def test_every_button_has_a_name_for_a_screen_reader(screen: Screen) -> None:
    select(screen, "inv_00008")
    for button in screen.contents.findChildren(QPushButton):
        assert button.text() or button.accessibleName()


def test_every_button_can_be_reached_by_the_keyboard(screen: Screen) -> None:
    select(screen, "inv_00008")
    for button in screen.contents.findChildren(QPushButton):
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus


# ---- preview and control totals ----


def test_the_preview_starts_posting_of_a_company_that_waits_for_it(screen: Screen) -> None:
    screen.service.change_company("maple", paused=True)
    screen.gather()
    screen.contents.actions_bar.preview.trigger()
    screen.settle()
    dialog = screen.dialog(PreviewDialog)
    screen.press(dialog.start)
    assert screen.service.calls("resume") == [["maple"]]
    assert screen.service.calls("sync") == []


def test_the_preview_posts_now_where_the_company_is_not_paused(screen: Screen) -> None:
    screen.contents.actions_bar.preview.trigger()
    screen.settle()
    screen.press(screen.dialog(PreviewDialog).start)
    assert screen.service.calls("resume") == []
    assert screen.service.calls("sync") == [["maple"]]


def test_connecting_with_a_preview_opens_it(screen: Screen) -> None:
    screen.company_actions._preview_first(company(paused=True))
    screen.settle()
    assert screen.service.calls("preview") == [["maple"]]
    assert screen.dialog(PreviewDialog).start.text() == "Start posting"


def test_a_company_that_is_not_connected_has_no_preview(screen: Screen) -> None:
    screen.service.views["maple"] = not_connected(counts=COUNTS)
    screen.companies.load()
    screen.gather()
    assert not screen.contents.actions_bar.preview.isEnabled()


def test_figures_that_differ_are_said_in_the_head_and_lead_to_the_control_totals(
    screen: Screen,
) -> None:
    button = screen.contents.header.differ_button
    line = screen.service.control.lines[0]
    for quickbooks, differ in ((line.source + 1, True), (line.source, False)):
        lines = (replace(line, quickbooks=quickbooks),)
        screen.service.control = replace(screen.service.control, lines=lines)
        screen.contents.looked_at.emit()
        screen.service.change_company("maple", sentence=f"Looked at: {quickbooks}")
        screen.gather()
        assert button.isVisible() == differ
        if differ:
            screen.press(button)
            assert screen.dialog(TotalsDialog).isVisible()


def test_an_invoice_that_a_restored_ledger_does_not_know_leaves_the_details(
    screen: Screen,
) -> None:
    select(screen, "inv_00008")
    screen.service.rows.clear()
    screen.contents.looked_at.emit()
    screen.gather()
    assert screen.contents.details.row is None


def test_the_control_totals_are_one_key_away(screen: Screen) -> None:
    screen.qtbot.keyClick(screen.contents, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    screen.settle()
    assert screen.dialog(TotalsDialog).isVisible()
    assert screen.service.calls("totals") == [["maple", None]]
