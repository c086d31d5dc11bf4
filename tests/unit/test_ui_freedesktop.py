import socket
from collections.abc import Iterator
from itertools import count

import pytest
from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    Parser,
    new_error,
    new_method_return,
    new_signal,
)

from qbdesk.sync.views import Warned
from qbdesk.ui.tray.freedesktop import FreedesktopNotifications

HELD = Warned("maple", "1 invoice needs attention", "No email.", ("inv_1",))
EMITTER = DBusAddress(
    "/org/freedesktop/Notifications",
    bus_name="org.freedesktop.Notifications",
    interface="org.freedesktop.Notifications",
)


class Bus:
    """A session bus of one socket: what is sent is kept, what is told comes in at the other end."""

    def __init__(self) -> None:
        self.sock, self.far = socket.socketpair()
        self.outgoing_serial = count(1)
        self.sent: list[Message] = []
        self.parser = Parser()
        self.works = True

    def send(self, message: Message, serial: int) -> None:
        if not self.works:
            raise BrokenPipeError
        # As the far end reads it: with the number by which it is answered.
        self.sent.extend(Parser().feed(message.serialise(serial=serial)))

    def receive(self, *, timeout: float) -> Message:
        self.sock.settimeout(0)
        while (message := self.parser.get_next_message()) is None:
            try:
                data = self.sock.recv(4096)
            except BlockingIOError:
                raise TimeoutError from None
            if not data:
                raise ConnectionResetError
            self.parser.add_data(data)
        return message

    def tell(self, message: Message) -> None:
        self.far.sendall(message.serialise(serial=next(self.outgoing_serial)))

    def close(self) -> None:
        self.sock.close()


@pytest.fixture
def bus() -> Iterator[Bus]:
    made = Bus()
    yield made
    made.close()
    made.far.close()


@pytest.fixture
def notifications(qapp, bus: Bus) -> Iterator[FreedesktopNotifications]:
    made = FreedesktopNotifications()
    made._begin(bus)
    yield made
    made.stop()


def answer(qtbot, bus: Bus, notifications: FreedesktopNotifications, number: int) -> None:
    bus.tell(new_method_return(bus.sent[-1], "u", (number,)))
    qtbot.waitUntil(lambda: number in notifications._on_screen)


def test_a_warning_is_sent_with_a_default_action(notifications, bus: Bus) -> None:
    notifications.show(HELD, HELD.title, HELD.sentence)
    fields = bus.sent[0].header.fields
    assert fields[HeaderFields.member] == "Notify"
    assert fields[HeaderFields.signature] == "susssasa{sv}i"
    program, replaced, _, title, text, actions, *_ = bus.sent[0].body
    assert (program, replaced, title, text) == ("qbdesk", 0, HELD.title, HELD.sentence)
    assert actions[0] == "default"


def test_a_click_says_which_warning_was_clicked(qtbot, notifications, bus: Bus) -> None:
    other = Warned("oak", "Signed out", "Connect again.")
    for number, warned in ((41, HELD), (42, other)):
        notifications.show(warned, warned.title, warned.sentence)
        answer(qtbot, bus, notifications, number)
    with qtbot.waitSignal(notifications.clicked) as clicked:
        bus.tell(new_signal(EMITTER, "ActionInvoked", "us", (41, "default")))
    assert clicked.args == [HELD]


def test_a_click_on_another_programs_notification_leads_nowhere(
    qtbot, notifications, bus: Bus
) -> None:
    notifications.show(HELD, HELD.title, HELD.sentence)
    answer(qtbot, bus, notifications, 41)
    with qtbot.assertNotEmitted(notifications.clicked):
        bus.tell(new_signal(EMITTER, "ActionInvoked", "us", (7, "default")))
        bus.tell(new_signal(EMITTER, "NotificationClosed", "uu", (41, 1)))
        qtbot.waitUntil(lambda: not notifications._on_screen)


def test_where_no_service_shows_it_the_tray_has_to(qtbot, notifications, bus: Bus) -> None:
    notifications.show(HELD, HELD.title, HELD.sentence)
    with qtbot.waitSignal(notifications.refused) as refused:
        bus.tell(new_error(bus.sent[0], "org.freedesktop.DBus.Error.ServiceUnknown"))
    assert refused.args == [HELD]


@pytest.mark.parametrize("how", ["closed", "broken"])
def test_when_the_bus_goes_away_the_tray_has_to_show_it(
    qtbot, notifications, bus: Bus, how: str
) -> None:
    bus.works = how == "closed"
    with qtbot.waitSignal(notifications.refused):
        notifications.show(HELD, HELD.title, HELD.sentence)
        if how == "closed":
            bus.far.close()
    with qtbot.waitSignal(notifications.refused):
        notifications.show(HELD, HELD.title, HELD.sentence)


def test_what_is_said_before_the_bus_is_open_is_not_lost(qtbot, bus: Bus) -> None:
    notifications = FreedesktopNotifications()
    notifications.show(HELD, HELD.title, HELD.sentence)
    notifications._begin(bus)
    assert len(bus.sent) == 1
    notifications.stop()


def test_without_a_bus_the_tray_has_to_show_it(qtbot, monkeypatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    notifications = FreedesktopNotifications()
    with qtbot.waitSignal(notifications.refused) as refused:
        notifications.show(HELD, HELD.title, HELD.sentence)
        notifications.start()
    assert refused.args == [HELD]
