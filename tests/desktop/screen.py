"""What is on the screen, seen and used as a screen reader does: over AT-SPI, by role and name."""

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from jeepney import DBusAddress, DBusErrorResponse, MessageType, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection

T = TypeVar("T")

MESSAGE_BUS = DBusAddress(
    "/org/freedesktop/DBus", bus_name="org.freedesktop.DBus", interface="org.freedesktop.DBus"
)

PATIENCE = 30.0  # seconds
POLL = 0.1
ACCESSIBLE = "org.a11y.atspi.Accessible"
SHOWING = 1 << 25  # AT-SPI: ATSPI_STATE_SHOWING
SENSITIVE = 1 << 24
ROWS = ("table", "tree table")  # rows are read from the ledger, not from ten thousand cells


def eventually(look: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
    """What `look` returns as soon as that is true; looks again and again until then."""
    never = threading.Event()
    for _ in range(int(seconds / POLL)):
        found = look()
        if found:
            return found
        never.wait(POLL)
    raise AssertionError(f"After {seconds:.0f} s there is still no {what}.")


@dataclass(frozen=True)
class Element:
    """One thing on the screen; `inside`: the roles of all that it stands in."""

    bus_name: str
    path: str
    role: str
    name: str
    inside: tuple[str, ...]


class Screen:
    """The accessibility bus of this session."""

    def __init__(self) -> None:
        with open_dbus_connection(bus="SESSION") as session:
            bus = DBusAddress("/org/a11y/bus", bus_name="org.a11y.Bus", interface="org.a11y.Bus")
            address = session.send_and_get_reply(new_method_call(bus, "GetAddress")).body[0]
        self._bus: DBusConnection = open_dbus_connection(bus=address)

    def close(self) -> None:
        self._bus.close()

    def _call(
        self, place: tuple[str, str], interface: str, method: str, *arguments: Any
    ) -> tuple[Any, ...]:
        kinds = {"Get": "ss", "DoAction": "i", "SetTextContents": "s", "GetExtents": "u"}
        address = DBusAddress(place[1], bus_name=place[0], interface=interface)
        message = new_method_call(address, method, kinds.get(method), arguments)
        reply = self._bus.send_and_get_reply(message, timeout=10)
        if reply.header.message_type is MessageType.error:
            raise DBusErrorResponse(reply)
        return reply.body

    def _property(self, place: tuple[str, str], name: str) -> Any:
        return self._call(place, "org.freedesktop.DBus.Properties", "Get", ACCESSIBLE, name)[0][1]

    def elements(self) -> Iterator[Element]:
        """Everything that shows, window by window."""
        root = ("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root")
        for application in self._call(root, ACCESSIBLE, "GetChildren")[0]:
            # This process may have a window, but cannot answer while it asks.
            if self._process_of(application[0]) != os.getpid():
                yield from self._below(tuple(application), ())

    def _process_of(self, bus_name: str) -> int | None:
        """The process behind a name on the bus; None: it has gone."""
        asked = new_method_call(MESSAGE_BUS, "GetConnectionUnixProcessID", "s", (bus_name,))
        reply = self._bus.send_and_get_reply(asked, timeout=10)
        return reply.body[0] if reply.header.message_type is MessageType.method_return else None

    def _below(self, place: tuple[str, str], inside: tuple[str, ...]) -> Iterator[Element]:
        try:
            role = self._call(place, ACCESSIBLE, "GetRoleName")[0]
            if inside and not self._has(place, SHOWING):
                return
            yield Element(place[0], place[1], role, self._property(place, "Name"), inside)
            children = self._call(place, ACCESSIBLE, "GetChildren")[0]
        except (DBusErrorResponse, TimeoutError):
            return  # it has gone while we looked
        if role not in ROWS:
            for child in children:
                yield from self._below(tuple(child), (*inside, role))

    def _has(self, place: tuple[str, str], state: int) -> bool:
        low = self._call(place, ACCESSIBLE, "GetState")[0][0]
        return bool(low & state)

    def find(self, name: str, role: str = "", *, within: str = "") -> Element:
        """The thing that shows and has that name, else the first whose name begins so."""

        def look() -> Element | None:
            found = [e for e in self.elements() if role in ("", e.role)]
            found = [e for e in found if not within or within in e.inside]
            exact = [e for e in found if e.name == name]
            return next(iter(exact or [e for e in found if e.name.startswith(name)]), None)

        return eventually(look, f"{role or 'thing'} “{name}” on the screen")

    def press(self, name: str, role: str = "push button", *, within: str = "") -> None:
        """Presses a button as soon as it shows and can be pressed."""
        element = self.find(name, role, within=within)
        place = (element.bus_name, element.path)
        eventually(lambda: self._has(place, SENSITIVE), f"chance to press “{name}”")
        self._call(place, "org.a11y.atspi.Action", "DoAction", 0)

    def click(self, name: str, role: str = "push button", *, within: str = "") -> None:
        """Clicks with the mouse: what a web page shows does not hear a screen reader's press."""
        element = self.find(name, role, within=within)
        place = (element.bus_name, element.path)
        x, y, width, height = self._call(place, "org.a11y.atspi.Component", "GetExtents", 0)[0]
        where = [str(x + width // 2), str(y + height // 2)]
        command = ["xdotool", "mousemove", "--sync", *where, "click", "1"]
        subprocess.run(command, check=True, timeout=30)

    def type_into(self, name: str, role: str, *keys: str) -> None:
        """Clicks on something and presses keys, as xdotool calls them."""
        self.click(name, role)
        subprocess.run(["xdotool", "key", *keys], check=True, timeout=30)

    def enter(self, name: str, text: str, role: str = "text") -> None:
        """Puts text into a field."""
        element = self.find(name, role)
        place = (element.bus_name, element.path)
        self._call(place, "org.a11y.atspi.EditableText", "SetTextContents", text)


def picture(file: Path, window: str = "root") -> None:
    """A picture of the screen."""
    subprocess.run(["import", "-window", window, str(file)], check=True, timeout=30)
