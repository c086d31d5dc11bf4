"""The vault in a real gnome-keyring: what it keeps, what it leaves, and what a lock looks like."""

import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest
import secretstorage
from jeepney import message_bus
from jeepney.io.blocking import open_dbus_connection
from keyring.backend import KeyringBackend
from screen import eventually
from window_support import keys_go_to, press_keys, type_text

from qbdesk.sync.linux_keyring import LinuxKeyring
from qbdesk.sync.vault import KeyringVault, in_time, safe_keyring

pytestmark = pytest.mark.desktop

PROMPT = "Unlock Login Keyring"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / uuid.uuid4().hex


@pytest.fixture
def vault(home: Path) -> Iterator[KeyringVault]:
    with closing(LinuxKeyring()) as keyring:
        vault = KeyringVault(home, cast("KeyringBackend", keyring))
        yield vault
        vault.forget("acme")
        vault.forget_secret("source")


def kept(text: str) -> list[str]:
    """Labels of the keyring's items of which any part contains `text`."""
    with closing(secretstorage.dbus_init()) as bus:
        items = list(secretstorage.get_default_collection(bus).get_all_items())
        return [
            item.get_label()
            for item in items
            if text in item.get_label() or text in item.get_secret().decode()
        ]


def test_the_secret_service_is_picked_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("KEYRING_PROPERTY_SCHEME", "KeePassXC")
    monkeypatch.setenv("KEYRING_PROPERTY_SET_PASSWORD", "nothing")
    monkeypatch.setenv("KEYRING_PROPERTY_PREFERRED_COLLECTION", "/nowhere")
    backend = safe_keyring(os.environ)
    assert type(backend).__mro__[1].__module__ == "keyring.backends.SecretService"
    assert vars(backend) == {}


def test_tokens_and_secrets_are_kept_for_the_next_start(vault: KeyringVault, home: Path) -> None:
    vault.begin("acme", "one")
    vault.store_refresh_token("acme", "two")
    vault.store_secret("source", "s" * 5000)
    script = (
        "import pathlib, sys; from qbdesk.sync.linux_keyring import system_keyring; "
        "from qbdesk.sync.vault import KeyringVault; "
        "vault = KeyringVault(pathlib.Path(sys.argv[1]), system_keyring()); "
        "print(vault.refresh_tokens('acme'), len(vault.secret('source')))"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, home], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "['two', 'one'] 5000"


def test_what_is_kept_is_there_after_the_keyring_itself_crashed(vault: KeyringVault) -> None:
    vault.begin("acme", "one")
    os.kill(_keyring_process(), signal.SIGKILL)
    assert vault.refresh_tokens("acme") == ["one"]


@pytest.mark.parametrize(
    ("question", "left"),
    [
        (lambda vault: vault.refresh_tokens("acme"), ["one"]),
        (lambda vault: vault.store_refresh_token("acme", "two"), ["two", "one"]),
        (lambda vault: vault.forget("acme"), []),
    ],
    ids=["read", "keep", "delete"],
)
def test_a_question_is_asked_again_when_the_keyring_did_not_live_to_answer_it(
    vault: KeyringVault, question: Callable[[KeyringVault], object], left: list[str]
) -> None:
    vault.begin("acme", "one")
    keyring = _keyring_process()
    os.kill(keyring, signal.SIGSTOP)  # the question reaches it, and no answer comes
    thread = threading.Thread(target=question, args=[vault])
    thread.start()
    eventually(lambda: _waits_for_an_answer(thread), "question to the keyring")
    os.kill(keyring, signal.SIGKILL)
    thread.join(timeout=60)
    assert vault.refresh_tokens("acme") == left


def _waits_for_an_answer(thread: threading.Thread) -> bool:
    frame = sys._current_frames().get(thread.ident or 0)
    return frame is not None and frame.f_code.co_name == "select"


def test_a_new_sign_in_wins_over_what_an_earlier_installation_left(
    vault: KeyringVault, home: Path
) -> None:
    for number in range(4):
        KeyringVault(home).store_refresh_token("acme", f"stale {number}")
    vault.begin("acme", "new")
    assert vault.refresh_tokens("acme") == ["new"]
    assert kept("stale") == []


def test_nothing_is_left_after_forgetting(vault: KeyringVault) -> None:
    vault.begin("acme", "canary one")
    vault.store_refresh_token("acme", "canary two")
    vault.store_secret("source", "canary three")
    assert len(kept("canary")) == 3
    vault.forget("acme")
    vault.forget_secret("source")
    assert kept("canary") == []
    assert vault.refresh_tokens("acme") == []
    assert vault.secret("source") is None


def test_two_homes_do_not_touch_each_other(vault: KeyringVault, tmp_path: Path) -> None:
    other = KeyringVault(tmp_path / "other")
    vault.begin("acme", "here")
    other.begin("acme", "there")
    other.forget("acme")
    assert vault.refresh_tokens("acme") == ["here"]


async def test_the_vault_works_off_the_event_loop(vault: KeyringVault) -> None:
    await in_time(lambda: vault.begin("acme", "one"))
    assert await in_time(lambda: vault.refresh_tokens("acme")) == ["one"]


_ASK_WHILE_LOCKED = """
import asyncio, pathlib, sys
from qbdesk.sync.linux_keyring import system_keyring
from qbdesk.sync.vault import KeyringVault, VaultError, in_time
vault = KeyringVault(pathlib.Path(sys.argv[1]), system_keyring())
try:
    asyncio.run(in_time(lambda: vault.refresh_tokens("acme"), seconds=2))
except VaultError as error:
    print(type(error).__name__, error)
"""


@pytest.fixture
def lock_the_keyring() -> Iterator[Callable[[], None]]:
    """Locks it; after the test it is open, and no prompt keeps the keyboard from the next tests."""

    def lock() -> None:
        with closing(secretstorage.dbus_init()) as bus:
            secretstorage.get_default_collection(bus).lock()

    yield lock
    with closing(secretstorage.dbus_init()) as bus:
        if secretstorage.get_default_collection(bus).is_locked():
            os.kill(_keyring_process(), signal.SIGKILL)  # the session's next one is unlocked
    eventually(lambda: keys_go_to() != PROMPT, "end of the prompt")


def test_a_locked_keyring_waits_and_the_tokens_are_there_after_unlocking(
    vault: KeyringVault, home: Path, lock_the_keyring: Callable[[], None]
) -> None:
    vault.begin("acme", "one")
    lock_the_keyring()
    # In a process of its own: a person's prompt may stay open behind the one who gave up.
    run = subprocess.run(
        [sys.executable, "-c", _ASK_WHILE_LOCKED, home],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert run.stdout.startswith("KeyringLocked The keyring of this computer is locked")
    _unlock()
    assert vault.refresh_tokens("acme") == ["one"]


def _keyring_process() -> int:
    with open_dbus_connection("SESSION") as bus:
        asked = message_bus.GetConnectionUnixProcessID("org.freedesktop.secrets")
        return int(bus.send_and_get_reply(asked).body[0])


def _unlock() -> None:
    """As a person does, at the prompt."""
    eventually(lambda: keys_go_to() == PROMPT, "prompt for the password")
    type_text("practice")
    press_keys("Return")
    with closing(secretstorage.dbus_init()) as bus:
        collection = secretstorage.get_default_collection(bus)
        eventually(lambda: not collection.is_locked(), "unlocked keyring")
