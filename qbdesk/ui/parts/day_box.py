"""A box to choose a day of the calendar, from 2000 on and a year ahead at most."""

from datetime import date

from PySide6.QtCore import QDate, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QDateEdit


class DayBox(QDateEdit):
    def __init__(self, spoken: str) -> None:
        super().__init__(QDate.currentDate())
        self.setAccessibleName(spoken)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setDateRange(QDate(2000, 1, 1), QDate.currentDate().addYears(1))
        self.setCalendarPopup(True)
        self.setDisplayFormat("d MMM yyyy")

    def show_day(self, day: date) -> None:
        self.setDate(QDate(day.year, day.month, day.day))

    def day(self) -> date:
        chosen = self.date()
        return date(chosen.year(), chosen.month(), chosen.day())

    def wheelEvent(self, event: QWheelEvent) -> None:
        # Whoever scrolls past it does not mean to choose another day.
        event.ignore()
