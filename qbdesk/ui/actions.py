"""What can be done with the company: a row of buttons, and a menu with everything else."""

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QAction, QColor, QKeySequence
from PySide6.QtWidgets import QMenu, QPushButton, QToolButton, QWidget

from qbdesk.sync.views import CompanyView, State
from qbdesk.ui import look
from qbdesk.ui.icons import sign
from qbdesk.ui.look import GAP, PrimaryButton
from qbdesk.ui.parts import layouts


class ActionBar(QWidget):
    """Signals: what was pressed, without arguments."""

    sync_pressed = Signal()
    sync_all_pressed = Signal()
    resync_pressed = Signal()
    pause_pressed = Signal()
    disconnect_pressed = Signal()
    add_pressed = Signal()
    remove_pressed = Signal()
    settings_pressed = Signal()
    preview_pressed = Signal()
    totals_pressed = Signal()
    token_pressed = Signal()
    quit_pressed = Signal()

    def __init__(self, search: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._paused = False
        self.sync = PrimaryButton(self.tr("Sync now"))
        self.sync.clicked.connect(lambda: self.sync_pressed.emit())
        self.sync.setShortcut(QKeySequence("F5"))
        self.resync = self._button(self.tr("Resync"), self.resync_pressed, "Ctrl+R")
        self.pause = self._button(self.tr("Pause"), self.pause_pressed, "Ctrl+P")
        self.disconnect_button = self._button(self.tr("Disconnect"), self.disconnect_pressed)
        self.sync.setToolTip(self.tr("Look for paid invoices now (F5)"))
        self.resync.setToolTip(self.tr("Queue the selected invoices again (Ctrl+R)"))
        self.disconnect_button.setToolTip(self.tr("Sign out of QuickBooks"))
        self.more = QToolButton()
        self.more.setObjectName("more")
        self.more.setAccessibleName(self.tr("More"))
        self.more.setToolTip(self.tr("Add or remove companies, settings, quit"))
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setMenu(self._menu())
        self.more.setMinimumHeight(self.sync.sizeHint().height())
        self.count = look.label(quiet=True)
        row = layouts.row(self)
        for button in (self.sync, self.resync, self.pause):
            row.addWidget(button)
        row.addSpacing(GAP)
        row.addWidget(self.count)
        row.addStretch(1)
        row.addWidget(search, 2)
        row.addWidget(self.disconnect_button)
        row.addWidget(self.more)
        self._draw_signs()

    def _button(self, text: str, pressed: object, keys: str = "") -> QPushButton:
        button = QPushButton(text)
        button.clicked.connect(lambda: pressed.emit())  # type: ignore[attr-defined]
        if keys:
            button.setShortcut(QKeySequence(keys))
        return button

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        self.sync_all = self._entry(menu, self.tr("Sync all companies"), self.sync_all_pressed)
        self.preview = self._entry(menu, self.tr("Preview…"), self.preview_pressed)
        self.preview.setShortcut(QKeySequence("Ctrl+Shift+P"))
        self.addAction(self.preview)
        self.totals = self._entry(menu, self.tr("Control totals…"), self.totals_pressed)
        self.totals.setShortcut(QKeySequence("Ctrl+T"))
        self.addAction(self.totals)
        menu.addSeparator()
        self._entry(menu, self.tr("Add company…"), self.add_pressed)
        self.settings = self._entry(
            menu, self.tr("Settings of this company…"), self.settings_pressed
        )
        self.token = self._entry(menu, self.tr("New source token…"), self.token_pressed)
        self.settings.setShortcut(QKeySequence("Ctrl+,"))
        self.addAction(self.settings)
        self.remove = self._entry(menu, self.tr("Remove this company…"), self.remove_pressed)
        menu.addSeparator()
        leave = self._entry(menu, self.tr("Quit qbdesk"), self.quit_pressed)
        leave.setShortcut(QKeySequence("Ctrl+Q"))
        self.addAction(leave)
        return menu

    def _entry(self, menu: QMenu, text: str, pressed: object) -> QAction:
        entry = menu.addAction(text)
        entry.triggered.connect(lambda: pressed.emit())  # type: ignore[attr-defined]
        return entry

    def show_company(self, view: CompanyView, companies: int) -> None:
        running = view.state == State.SYNCING
        self.sync.setEnabled(view.connected and not running and not view.paused)
        self.preview.setEnabled(view.connected and not running)
        self._paused = view.paused
        self.pause.setText(self.tr("Resume") if view.paused else self.tr("Pause"))
        told = (
            self.tr("Go on syncing by itself") if view.paused else self.tr("Stop syncing by itself")
        )
        self.pause.setToolTip(told)
        self.pause.setShortcut(QKeySequence("Ctrl+P"))  # setText has taken it away
        self.disconnect_button.setVisible(view.connected)
        self.sync_all.setVisible(companies > 1)
        self._draw_signs()

    def show_selection(self, count: int) -> None:
        self.resync.setEnabled(count > 0)
        text = self.tr("Resync {count} selected").format(count=count) if count > 1 else ""
        self.resync.setText(text or self.tr("Resync selected"))
        self.resync.setShortcut(QKeySequence("Ctrl+R"))

    def _draw_signs(self) -> None:
        palette = self.palette()
        self.sync.setIcon(sign("signs/sync", QColor("white"), palette, palette.ColorRole.Button))
        self.resync.setIcon(look.button_sign("resync", palette))
        self.pause.setIcon(look.button_sign("resume" if self._paused else "pause", palette))
        self.disconnect_button.setIcon(look.button_sign("disconnect", palette))
        self.more.setIcon(look.button_sign("more", palette))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.layout() is not None:
            self._draw_signs()
