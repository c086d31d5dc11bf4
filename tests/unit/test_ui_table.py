from dataclasses import replace
from decimal import Decimal

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QTextDocument
from ui_stand_in import StandIn, company, held, invoice

from qbdesk.sync.views import InvoiceQuery, SortBy, Status
from qbdesk.ui.table.columns import Column
from qbdesk.ui.table.model import InvoiceModel
from qbdesk.ui.table.pages import PAGE
from qbdesk.ui.table.view import InvoiceTable
from qbdesk.ui.table.widths import widths

QUERY = InvoiceQuery("maple", sort_by=SortBy.NUMBER, descending=False)
SHOWN, TIP = Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole


@pytest.fixture
def service():
    made = StandIn(company(), rows=[invoice(number) for number in range(1, 1001)])
    yield made
    made.stop()


@pytest.fixture
def model(bridge):
    return InvoiceModel(bridge)


@pytest.fixture
def table(bridge, qtbot):
    made = InvoiceTable(bridge)
    qtbot.addWidget(made)
    made.resize(1000, 400)
    made.show()
    return made


def load(qtbot, model: InvoiceModel, query: InvoiceQuery = QUERY) -> None:
    with qtbot.waitSignal(model.counted):
        model.show(query)


def fetch_next(qtbot, model: InvoiceModel) -> None:
    with qtbot.waitSignal(model.rowsInserted):
        model.fetchMore(model.index(-1, -1))


def numbers(model: InvoiceModel) -> list[str]:
    return [model.index(row, Column.NUMBER).data(SHOWN) for row in range(model.rowCount())]


def cell(model: InvoiceModel, column: Column, role: Qt.ItemDataRole = SHOWN) -> object:
    return model.index(0, column).data(role)


# ---- paging ----


def test_it_is_a_model_that_qt_finds_no_fault_with(qtbot, qtmodeltester, model) -> None:
    load(qtbot, model)
    fetch_next(qtbot, model)
    qtmodeltester.check(model)


def test_only_the_first_page_is_asked_for(qtbot, service, model) -> None:
    load(qtbot, model)
    assert model.rowCount() == PAGE
    assert service.calls("invoices") == [[QUERY, None, PAGE]]


def test_the_next_page_continues_where_the_last_one_ended(qtbot, service, model) -> None:
    load(qtbot, model)
    fetch_next(qtbot, model)
    assert model.rowCount() == 2 * PAGE
    assert service.calls("invoices")[1] == [QUERY, f"inv_{PAGE:05}", PAGE]
    assert len(set(numbers(model))) == 2 * PAGE


def test_after_the_last_page_nothing_more_is_asked_for(qtbot, model) -> None:
    load(qtbot, model)
    for _ in range(4):
        fetch_next(qtbot, model)
    assert model.rowCount() == 1000
    assert not model.canFetchMore(model.index(-1, -1))


def test_while_a_page_is_on_its_way_it_is_not_asked_for_twice(qtbot, service, model) -> None:
    load(qtbot, model)
    service.gate.clear()
    model.fetchMore(model.index(-1, -1))
    model.fetchMore(model.index(-1, -1))
    service.gate.set()
    qtbot.waitUntil(lambda: model.rowCount() == 2 * PAGE)
    assert len(service.calls("invoices")) == 2


def test_an_answer_to_an_older_question_is_not_shown(qtbot, service, model) -> None:
    service.gate.clear()
    model.show(QUERY)
    model.show(replace(QUERY, search="0777"))
    with qtbot.waitSignal(model.counted) as counted:
        service.gate.set()
    assert counted.args == [1]
    assert numbers(model) == ["2026-0777"]


def test_scrolling_to_the_end_fetches_more(qtbot, service, table) -> None:
    load(qtbot, table.rows)
    table.scrollToBottom()
    qtbot.waitUntil(lambda: table.rows.rowCount() > PAGE)
    assert table.rows.rowCount() < 1000


# ---- sorting ----


def test_a_click_on_a_heading_asks_for_another_order(qtbot, table) -> None:
    asked: list[tuple[SortBy, bool]] = []
    table.sorted_by.connect(lambda by, descending: asked.append((by, descending)))
    table.horizontalHeader().sectionClicked.emit(Column.CUSTOMER)
    table.horizontalHeader().sectionClicked.emit(Column.CUSTOMER)
    assert asked == [(SortBy.CUSTOMER, False), (SortBy.CUSTOMER, True)]


def test_a_column_without_an_order_keeps_the_one_there_is(qtbot, table) -> None:
    with qtbot.assertNotEmitted(table.sorted_by):
        table.horizontalHeader().sectionClicked.emit(Column.METHOD)
    assert table.horizontalHeader().sortIndicatorSection() == Column.PAID_ON


# ---- what has changed ----


def refresh(qtbot, model: InvoiceModel, first: int = 0, last: int = 10) -> None:
    with qtbot.waitSignal(model.changed):
        model.refresh(first, last)


def test_a_changed_invoice_is_shown_without_starting_over(qtbot, service, model) -> None:
    load(qtbot, model)
    service.rows["inv_00003"] = held(3)
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.dataChanged) as told:
        refresh(qtbot, model)
    assert told.args[0].row() == told.args[1].row() == 2
    assert model.row_at(2).status == Status.NEEDS_ATTENTION


def test_nothing_is_redrawn_if_nothing_has_changed(qtbot, model) -> None:
    load(qtbot, model)
    with qtbot.assertNotEmitted(model.dataChanged), qtbot.assertNotEmitted(model.rowsInserted):
        refresh(qtbot, model)


def test_only_the_pages_on_the_screen_are_fetched_again(qtbot, service, model) -> None:
    load(qtbot, model)
    for _ in range(3):
        fetch_next(qtbot, model)
    asked = len(service.calls("invoices"))
    refresh(qtbot, model, first=2 * PAGE + 5, last=2 * PAGE + 20)
    assert service.calls("invoices")[asked:] == [[QUERY, f"inv_{2 * PAGE:05}", PAGE]]
    assert model.rowCount() == 4 * PAGE


def test_a_new_invoice_appears_and_no_row_is_lost_or_doubled(qtbot, service, model) -> None:
    load(qtbot, model)
    fetch_next(qtbot, model)
    service.rows["inv_new"] = invoice(1, source_id="inv_new", number="2026-0004b")
    refresh(qtbot, model)
    assert numbers(model)[3:6] == ["2026-0004", "2026-0004b", "2026-0005"]
    for _ in range(5):
        if model.canFetchMore(model.index(-1, -1)):
            fetch_next(qtbot, model)
    assert numbers(model) == sorted(row.number for row in service.rows.values())


def test_an_invoice_that_no_longer_fits_the_filter_leaves(qtbot, service, model) -> None:
    service.rows.update({f"inv_{n:05}": held(n) for n in (5, 6, 7)})
    load(qtbot, model, replace(QUERY, status=Status.NEEDS_ATTENTION))
    service.rows["inv_00006"] = invoice(6)
    refresh(qtbot, model, last=2)
    assert numbers(model) == ["2026-0005", "2026-0007"]


def test_what_changes_while_a_page_is_on_its_way_is_not_missed(qtbot, service, model) -> None:
    load(qtbot, model)
    service.gate.clear()
    model.fetchMore(model.index(-1, -1))
    model.refresh(0, 10)
    service.rows["inv_00001"] = held(1)
    service.gate.set()
    qtbot.waitUntil(lambda: model.row_at(0).status == Status.NEEDS_ATTENTION)


def test_selection_and_place_stay_when_rows_arrive_above(qtbot, service, table) -> None:
    load(qtbot, table.rows)
    table.selectRow(100)
    table.verticalScrollBar().setValue(95)
    top = table.rows.row_at(table.rowAt(0)).source_id
    selected = table.selected_rows()[0].source_id
    service.rows["inv_new"] = invoice(1, source_id="inv_new", number="2026-0001b")
    refresh(qtbot, table.rows, 0, 110)
    assert table.rows.row_at(table.rowAt(0)).source_id == top
    assert [row.source_id for row in table.selected_rows()] == [selected]


def test_selecting_everything_is_counted_without_asking_for_every_row(qtbot, table) -> None:
    load(qtbot, table.rows)
    table.selectAll()
    assert table.selected_count() == len(table.selected_rows()) == PAGE
    table.clearSelection()
    assert table.selected_count() == 0


def test_a_burst_of_changes_is_one_question(qtbot, service, table) -> None:
    load(qtbot, table.rows)
    asked = len(service.calls("invoices"))
    for _ in range(50):
        table.mark_stale()
    with qtbot.waitSignal(table.rows.changed):
        table._stale.timeout.emit()
    table._stale.stop()
    assert len(service.calls("invoices")) == asked + 1


# ---- what stands in it ----


def test_amounts_stand_at_the_right_with_separators_and_currency(qtbot, service, model) -> None:
    service.rows = {"a": invoice(1, amount=Decimal("1234567.5"), currency="CAD")}
    load(qtbot, model)
    assert cell(model, Column.AMOUNT) == "1,234,567.50 CAD"
    assert (
        cell(model, Column.AMOUNT, Qt.ItemDataRole.TextAlignmentRole) & Qt.AlignmentFlag.AlignRight
    )


@pytest.mark.parametrize("room", [600, 900, 1280, 1920])
def test_wider_windows_give_the_texts_more_and_the_reason_most(room: int) -> None:
    needed, found = widths(0, 7), widths(room, 7)
    assert all(found[column] >= needed[column] for column in needed)
    assert found[Column.AMOUNT] == needed[Column.AMOUNT]
    assert room < 1280 or room - sum(found.values()) > found[Column.CUSTOMER]


def test_columns_follow_the_window_until_somebody_sets_one(qtbot, table) -> None:
    before = table.columnWidth(Column.CUSTOMER)
    table.resize(1600, 400)
    assert table.columnWidth(Column.CUSTOMER) > before
    assert table.own_widths() is None
    table.setColumnWidth(Column.CUSTOMER, 333)
    table.resize(1000, 400)
    assert table.columnWidth(Column.CUSTOMER) == 333


def test_widths_that_somebody_set_come_back(qtbot, bridge, table) -> None:
    table.setColumnWidth(Column.CUSTOMER, 333)
    other = InvoiceTable(bridge)
    qtbot.addWidget(other)
    other.restore_widths(table.own_widths())
    other.resize(1300, 400)
    other.show()
    assert other.columnWidth(Column.CUSTOMER) == 333
    assert other.own_widths() is not None


def test_a_long_reason_is_whole_in_the_tooltip(qtbot, service, model) -> None:
    reason = "The total is <5 and " + "does not add up " * 40
    service.rows = {"a": held(1, message=reason)}
    load(qtbot, model)
    document = QTextDocument()
    document.setHtml(str(cell(model, Column.REASON, TIP)))
    assert document.toPlainText().strip() == reason.strip()


def test_a_status_is_seen_on_a_selected_row_too(qtbot, service, model) -> None:
    service.rows = {"a": held(1)}
    load(qtbot, model)
    icon = cell(model, Column.STATUS, Qt.ItemDataRole.DecorationRole)
    usual, selected = (
        icon.pixmap(16, mode).toImage() for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected)
    )
    ground = QGuiApplication.palette().highlight().color()
    middle = selected.pixelColor(8, 3)
    assert usual.pixelColor(8, 3) != middle
    assert abs(middle.lightness() - ground.lightness()) > 60


def test_every_status_has_a_word_and_a_sign_of_its_own(qtbot, service, model) -> None:
    service.rows = {s.value: invoice(n, source_id=s.value, status=s) for n, s in enumerate(Status)}
    load(qtbot, model)
    words, signs = set(), set()
    for row in range(model.rowCount()):
        index = model.index(row, Column.STATUS)
        words.add(index.data(SHOWN))
        picture = index.data(Qt.ItemDataRole.DecorationRole).pixmap(16).toImage()
        picture.convertTo(picture.Format.Format_Alpha8)
        signs.add(bytes(picture.constBits()))
    assert len(words) == len(signs) == len(Status)


def test_a_hostile_customer_name_is_only_text(qtbot, service, model) -> None:
    service.rows = {"a": invoice(1, customer="<img src=x>\u202eevil")}
    load(qtbot, model)
    shown = "<img src=x>⟨U+202E⟩evil"
    assert cell(model, Column.CUSTOMER) == shown
    document = QTextDocument()
    document.setHtml(str(cell(model, Column.CUSTOMER, TIP)))
    assert document.toPlainText() == shown
    assert "\u202e" not in str(cell(model, Column.NUMBER, Qt.ItemDataRole.AccessibleTextRole))


def test_a_screen_reader_hears_number_customer_and_status(qtbot, service, model) -> None:
    service.rows = {"a": held(7)}
    load(qtbot, model)
    heard = cell(model, Column.NUMBER, Qt.ItemDataRole.AccessibleTextRole)
    assert heard == "Invoice 2026-0007, Maple & Birch, Needs attention"


def test_only_a_row_with_a_link_can_be_opened(qtbot, service, table) -> None:
    service.rows = {"a": invoice(1), "b": held(2)}
    load(qtbot, table.rows)
    opened: list[str] = []
    table.link_pressed.connect(lambda row: opened.append(row.source_id))
    for row in (0, 1):
        place = table.visualRect(table.rows.index(row, Column.LINK)).center()
        qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place))
    assert opened == ["inv_00001"]


def test_return_opens_the_current_invoice(qtbot, table) -> None:
    load(qtbot, table.rows)
    table.select("inv_00002")
    with qtbot.waitSignal(table.link_pressed) as pressed:
        qtbot.keyClick(table, Qt.Key.Key_Return)
    assert pressed.args[0].source_id == "inv_00002"
