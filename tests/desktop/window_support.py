"""The window in a real session: its process, its place on the desktop, its entry in the tray."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from command_line import QBDESK
from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import DBusConnection

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
PROPERTIES = "org.freedesktop.DBus.Properties"
ITEM = "org.kde.StatusNotifierItem"
WATCHER = DBusAddress(
    "/StatusNotifierWatcher",
    bus_name="org.kde.StatusNotifierWatcher",
    interface="org.kde.StatusNotifierWatcher",
)


@contextmanager
def running(environ: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """The tray program, ended as the session would end it."""
    process = subprocess.Popen([QBDESK], env={**environ, "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1"})
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def cpu_ticks(process: "subprocess.Popen[bytes]") -> int:
    """What all threads of it have used so far, in clock ticks (10 ms)."""
    # Behind the name, which may hold anything but the last bracket.
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def shows() -> bool:
    """Whether the main window is on the screen."""
    asked = ["xdotool", "search", "--onlyvisible", "--name", ".– qbdesk$"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def keys_go_to() -> str:
    """The title of the window that the keyboard goes to."""
    asked = ["xdotool", "getwindowfocus", "getwindowname"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def press_keys(*keys: str) -> None:
    subprocess.run(["xdotool", "key", *keys], check=True, timeout=30)


def type_text(text: str) -> None:
    subprocess.run(["xdotool", "type", text], check=True, timeout=30)


class TrayEntry:
    """qbdesk's StatusNotifierItem, as the panel sees it."""

    def __init__(self, bus: DBusConnection) -> None:
        self._bus = bus
        self._owner, self._path = self._find()
        self._menu = str(self._property(self._owner, self._path, ITEM, "Menu"))

    def _find(self) -> tuple[str, str]:
        asked = new_method_call(
            WATCHER.with_interface(PROPERTIES),
            "Get",
            "ss",
            (WATCHER.interface, "RegisteredStatusNotifierItems"),
        )
        for item in self._bus.send_and_get_reply(asked).body[0][1]:
            owner, slash, path = item.partition("/")
            if self._property(owner, slash + path, ITEM, "Id") == "qbdesk":
                return owner, slash + path
        raise AssertionError("qbdesk has no icon in the tray.")

    def _property(self, owner: str, path: str, interface: str, name: str) -> Any:
        there = DBusAddress(path, bus_name=owner, interface=PROPERTIES)
        asked = new_method_call(there, "Get", "ss", (interface, name))
        return self._bus.send_and_get_reply(asked).body[0][1]

    def tooltip(self) -> str:
        return str(self._property(self._owner, self._path, ITEM, "ToolTip")[2])

    def entries(self) -> dict[str, int]:
        """The menu's labels with the numbers that they are chosen by."""
        asked = new_method_call(self._address(), "GetLayout", "iias", (0, -1, ["label"]))
        _, (_, _, children) = self._bus.send_and_get_reply(asked).body
        return {
            properties["label"][1].replace("_", ""): number
            for _, (number, properties, _) in children
            if "label" in properties
        }

    def choose(self, label: str) -> None:
        event = (self.entries()[label], "clicked", ("i", 0), 0)
        self._bus.send_and_get_reply(new_method_call(self._address(), "Event", "isvu", event))

    def _address(self) -> DBusAddress:
        return DBusAddress(self._menu, bus_name=self._owner, interface="com.canonical.dbusmenu")
