"""Secrets in a keyring: nothing lost by a kill, nothing left behind, nothing in plain text."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from keyring.backend import KeyringBackend
from keyring.backends.Windows import WinVaultKeyring
from keyring.errors import InitError, PasswordDeleteError, PasswordSetError
from keyring.errors import KeyringLocked as LibraryLocked

from qbdesk.sync.vault import (
    KeyringDenied,
    KeyringLocked,
    KeyringVault,
    MemoryVault,
    NoSafeKeyring,
    SecretTooLong,
    Vault,
    VaultError,
    in_time,
)


class Killed(BaseException):
    """The process ends here."""


class Shelf(KeyringBackend):
    """A keyring in memory. As on macOS, storing is deleting and then adding; before any of these
    steps, or right after, it can be made to fail."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.steps = 0
        self.fail_at = 0
        self.fail_after_effect = False
        self.failure: Callable[[], BaseException] = Killed

    def _step(self, effect: Callable[[], object]) -> None:
        self.steps += 1
        if self.steps == self.fail_at and not self.fail_after_effect:
            raise self.failure()
        effect()
        if self.steps == self.fail_at:
            raise self.failure()

    def get_password(self, service: str, username: str) -> str | None:
        self._step(lambda: None)
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._step(lambda: self.entries.pop((service, username), None))
        self._step(lambda: self.entries.update({(service, username): password}))

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.entries:
            raise PasswordDeleteError("No such password!")
        self._step(lambda: self.entries.pop((service, username)))


class Windows(WinVaultKeyring):
    """Windows' backend with the Credential Manager's own calls replaced by a dictionary."""

    def __init__(self) -> None:
        self.targets: dict[str, tuple[str, str]] = {}

    def _read_credential(self, target):
        if target not in self.targets:
            return None
        user, value = self.targets[target]
        return _Credential(UserName=user, value=value)

    def _set_password(self, target, username, password):
        if len(password.encode("utf-16-le")) > 2560:
            raise OSError(1783, "CredWrite", "The stub received bad data")
        self.targets[target] = (username, password)

    def _delete_password(self, target):
        del self.targets[target]


class _Credential(dict):
    @property
    def value(self):
        return self["value"]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def vault(tmp_path: Path, shelf: Shelf) -> KeyringVault:
    return KeyringVault(tmp_path, shelf)


@pytest.fixture(params=["keyring", "memory"])
def any_vault(request: pytest.FixtureRequest, vault: KeyringVault) -> Vault:
    return vault if request.param == "keyring" else MemoryVault()


def test_the_two_newest_refresh_tokens_are_kept_newest_first(any_vault: Vault) -> None:
    for token in ("one", "two", "three"):
        any_vault.store_refresh_token("acme", token)
    assert any_vault.refresh_tokens("acme") == ["three", "two"]


def test_storing_the_same_token_again_does_not_push_the_previous_one_out(any_vault: Vault) -> None:
    for token in ("one", "two", "two"):
        any_vault.store_refresh_token("acme", token)
    assert any_vault.refresh_tokens("acme") == ["two", "one"]


def test_a_new_sign_in_leaves_nothing_of_the_one_before(any_vault: Vault) -> None:
    any_vault.store_refresh_token("acme", "old")
    any_vault.store_refresh_token("acme", "older")
    any_vault.begin("acme", "new")
    assert any_vault.refresh_tokens("acme") == ["new"]


def test_companies_and_secrets_of_one_name_do_not_meet(any_vault: Vault) -> None:
    any_vault.begin("acme", "token of acme")
    any_vault.begin("acme/A", "token of another")
    any_vault.store_secret("acme", "secret")
    assert any_vault.refresh_tokens("acme") == ["token of acme"]
    any_vault.forget("acme")
    assert any_vault.refresh_tokens("acme/A") == ["token of another"]
    assert any_vault.secret("acme") == "secret"


def test_a_secret_is_replaced_and_forgotten(any_vault: Vault) -> None:
    assert any_vault.secret("source acme") is None
    any_vault.store_secret("source acme", "first")
    any_vault.store_secret("source acme", "second\nline")
    assert any_vault.secret("source acme") == "second\nline"
    any_vault.forget_secret("source acme")
    assert any_vault.secret("source acme") is None


def test_nothing_at_all_is_left_in_the_keyring_after_forgetting(
    vault: KeyringVault, shelf: Shelf
) -> None:
    vault.begin("acme", "one")
    vault.store_refresh_token("acme", "two")
    vault.store_secret("keys", "secret")
    assert len(shelf.entries) == 3
    vault.forget("acme")
    vault.forget_secret("keys")
    vault.forget("never connected")
    assert shelf.entries == {}


def test_forgetting_wipes_the_second_slot_even_when_the_first_refuses(
    vault: KeyringVault, shelf: Shelf
) -> None:
    vault.begin("acme", "one")
    vault.store_refresh_token("acme", "two")
    shelf.fail_at, shelf.failure = shelf.steps + 1, lambda: PasswordDeleteError("no")
    with pytest.raises(KeyringDenied):
        vault.forget("acme")
    assert len(shelf.entries) == 1


def test_forgetting_that_deletes_nothing_is_an_error(tmp_path: Path) -> None:
    class Stubborn(Shelf):
        def delete_password(self, service: str, username: str) -> None:
            pass

    vault = KeyringVault(tmp_path, Stubborn())
    vault.store_refresh_token("acme", "one")
    with pytest.raises(KeyringDenied, match="did not delete"):
        vault.forget("acme")


def test_a_keyring_that_keeps_something_else_is_an_error_and_the_old_token_stays(
    tmp_path: Path,
) -> None:
    class Cutting(Shelf):
        def set_password(self, service: str, username: str, password: str) -> None:
            super().set_password(service, username, password[:40])

    vault = KeyringVault(tmp_path, Cutting())
    vault.begin("acme", "short")
    with pytest.raises(KeyringDenied, match="did not keep"):
        vault.store_refresh_token("acme", "a longer one that is cut")
    assert vault.refresh_tokens("acme") == ["short"]


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("failure", [Killed, lambda: PasswordSetError("refused")])
def test_whenever_the_process_dies_while_storing_the_newest_token_survives(
    tmp_path: Path, failure: Callable[[], BaseException], after_effect: bool
) -> None:
    for step in range(1, 100):
        shelf = Shelf()
        vault = KeyringVault(tmp_path, shelf)
        vault.begin("acme", "one")
        vault.store_refresh_token("acme", "two")
        shelf.fail_at, shelf.failure = shelf.steps + step, failure
        shelf.fail_after_effect = after_effect
        died = _dies(lambda vault=vault: vault.store_refresh_token("acme", "three"))
        shelf.fail_at = 0

        restarted = KeyringVault(tmp_path, shelf)
        tokens = restarted.refresh_tokens("acme")
        assert tokens[0] in ("two", "three")
        assert "two" in tokens
        restarted.store_refresh_token("acme", "four")
        assert restarted.refresh_tokens("acme") == ["four", tokens[0]]
        if not died:
            assert tokens == ["three", "two"]
            assert step == 9  # after two reads, wiping (3), deleting and adding, reading back
            return
    pytest.fail("it never came to an end")


@pytest.mark.parametrize("after_effect", [False, True])
def test_whenever_the_process_dies_while_connecting_no_token_of_two_sign_ins_is_mixed(
    tmp_path: Path, after_effect: bool
) -> None:
    for step in range(1, 100):
        shelf = Shelf()
        vault = KeyringVault(tmp_path, shelf)
        vault.begin("acme", "old 1")
        vault.store_refresh_token("acme", "old 2")
        shelf.fail_at, shelf.fail_after_effect = shelf.steps + step, after_effect
        died = _dies(lambda vault=vault: vault.begin("acme", "new"))
        shelf.fail_at = 0

        tokens = KeyringVault(tmp_path, shelf).refresh_tokens("acme")
        assert tokens in (["old 2", "old 1"], ["old 2"], ["new"])
        if not died:
            assert tokens == ["new"]
            assert len(shelf.entries) == 1
            return
    pytest.fail("it never came to an end")


def _dies(call: Callable[[], None]) -> bool:
    try:
        call()
    except (Killed, VaultError):
        return True
    return False


def test_connecting_wins_over_a_higher_generation_that_an_earlier_installation_left(
    tmp_path: Path, shelf: Shelf
) -> None:
    earlier = KeyringVault(tmp_path, shelf)
    for number in range(9):
        earlier.begin("acme", f"sign-in {number}")
    for number in range(57):
        earlier.store_refresh_token("acme", f"stale {number}")

    vault = KeyringVault(tmp_path, shelf)
    vault.begin("acme", "new")
    assert vault.refresh_tokens("acme") == ["new"]
    vault.store_refresh_token("acme", "rotated")
    assert vault.refresh_tokens("acme") == ["rotated", "new"]


@pytest.mark.parametrize(
    "rubbish", ["", "rubbish", "qbdesk1 9.9 two", "qbdesk1 9.9 3fc4ccfe tw", "{}"]
)
def test_an_entry_that_cannot_be_read_counts_as_an_empty_slot(
    vault: KeyringVault, shelf: Shelf, rubbish: str
) -> None:
    vault.begin("acme", "one")
    vault.store_refresh_token("acme", "two")
    newest = max(shelf.entries, key=lambda key: shelf.entries[key])
    shelf.entries[newest] = rubbish
    assert vault.refresh_tokens("acme") == ["one"]
    vault.store_refresh_token("acme", "three")
    assert vault.refresh_tokens("acme") == ["three", "one"]


def test_two_homes_on_one_machine_do_not_touch_each_other(tmp_path: Path, shelf: Shelf) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    here, same = KeyringVault(tmp_path, shelf), KeyringVault(tmp_path / "link", shelf)
    other = KeyringVault(tmp_path / "other", shelf)
    here.begin("acme", "here")
    other.begin("acme", "there")
    other.forget("acme")
    assert same.refresh_tokens("acme") == ["here"]
    assert all(str(tmp_path) not in service for service, _ in shelf.entries)


def test_every_value_has_a_service_name_of_its_own(vault: KeyringVault, shelf: Shelf) -> None:
    vault.begin("acme", "one")
    vault.store_refresh_token("acme", "two")
    vault.begin("other", "three")
    vault.store_secret("acme", "four")
    assert len({service for service, _ in shelf.entries}) == 4


def test_a_token_too_long_for_windows_is_refused_before_anything_is_lost(tmp_path: Path) -> None:
    windows = Windows()
    vault = KeyringVault(tmp_path, windows)
    vault.begin("acme", "one")
    vault.store_refresh_token("acme", "two")
    before = dict(windows.targets)
    for store in (vault.begin, vault.store_refresh_token):
        with pytest.raises(SecretTooLong, match="1,280"):
            store("acme", "x" * 1281)
        assert windows.targets == before
    with pytest.raises(SecretTooLong):
        vault.store_secret("emoji", "🧾" * 640)  # two UTF-16 characters each
    vault.store_refresh_token("acme", "x" * 1200)
    assert vault.refresh_tokens("acme") == ["x" * 1200, "two"]


def test_a_long_token_is_no_trouble_elsewhere(vault: KeyringVault) -> None:
    vault.begin("acme", "x" * 5000)
    assert vault.refresh_tokens("acme") == ["x" * 5000]


def test_windows_keeps_no_copy_of_an_overwritten_token_under_a_second_name(tmp_path: Path) -> None:
    windows = Windows()
    vault = KeyringVault(tmp_path, windows)
    for token in ("one", "two", "three", "four"):
        vault.store_refresh_token("acme", token)
    kept = [value.rpartition(" ")[2] for _, value in windows.targets.values()]
    assert sorted(kept) == ["four", "three"]
    vault.forget("acme")
    assert windows.targets == {}


class KeychainDenied(Exception):
    """Named as macOS' own refusal, which the library hands on as "locked"."""


def _locked_because_denied() -> Exception:
    error = LibraryLocked("Can't get password from keychain")
    error.__cause__ = KeychainDenied(-128)
    return error


def _no_service() -> Exception:
    class SecretServiceNotAvailableException(Exception):
        pass

    error = InitError("Failed to create the collection")
    error.__cause__ = SecretServiceNotAvailableException()
    return error


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (lambda: LibraryLocked("Failed to unlock the collection!"), KeyringLocked),
        (_locked_because_denied, KeyringDenied),
        (_no_service, NoSafeKeyring),
        (lambda: PasswordSetError("no"), KeyringDenied),
        (lambda: OSError(8, "CredWrite", "Not enough memory"), KeyringDenied),
        (lambda: ConnectionResetError(), KeyringDenied),
    ],
)
def test_a_keyrings_troubles_are_told_apart_and_never_ask_for_a_new_sign_in(
    vault: KeyringVault,
    shelf: Shelf,
    raised: Callable[[], Exception],
    expected: type[VaultError],
) -> None:
    shelf.fail_at, shelf.failure = 1, raised
    with pytest.raises(expected) as caught:
        vault.refresh_tokens("acme")
    assert type(caught.value) is expected
    assert "sign in again" not in str(caught.value).lower()
    assert "othing is posted" in str(caught.value)


def test_no_secret_stands_in_an_exception_or_what_hangs_on_it(
    vault: KeyringVault, shelf: Shelf
) -> None:
    canary = "canary-5c1d"
    shelf.fail_at = 5
    shelf.failure = lambda: PasswordSetError(f"cannot store {canary}")
    with pytest.raises(KeyringDenied) as caught:
        vault.begin("acme", canary)
    error: BaseException | None = caught.value
    assert error is not None
    assert error.__cause__ is None
    assert error.__context__ is None
    assert canary not in repr(error) + str(error) + repr(vars(error)) + repr(vault)


async def test_a_keyring_that_waits_for_a_person_does_not_hold_up_the_loop() -> None:
    unlocked = threading.Event()
    with pytest.raises(KeyringLocked):
        await in_time(unlocked.wait, seconds=0.05)
    unlocked.set()


async def test_a_keyring_call_hands_on_what_it_returns_and_raises() -> None:
    def denied() -> None:
        raise KeyringDenied

    assert await in_time(lambda: 42) == 42
    with pytest.raises(KeyringDenied):
        await in_time(denied)


def test_a_prompt_that_nobody_answers_does_not_keep_the_program_from_quitting() -> None:
    script = (
        "import asyncio, threading; from qbdesk.sync.vault import KeyringLocked, in_time\n"
        "try: asyncio.run(in_time(threading.Event().wait, seconds=0.01))\n"
        "except KeyringLocked: print('locked')"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
    assert (run.stdout.strip(), run.returncode) == ("locked", 0)


def test_callers_do_not_pile_up_behind_a_prompt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, unlocked = threading.Event(), threading.Event()

    class Prompting(Shelf):
        def get_password(self, service: str, username: str) -> str | None:
            asked.set()
            unlocked.wait(20)
            return super().get_password(service, username)

    monkeypatch.setattr("qbdesk.sync.vault.PATIENCE", 0.02)
    vault = KeyringVault(tmp_path, Prompting())
    first = threading.Thread(target=vault.secret, args=("source",))
    first.start()
    asked.wait(10)
    with pytest.raises(KeyringLocked):
        vault.secret("source")
    unlocked.set()
    first.join(10)
    assert vault.secret("source") is None


def test_an_answer_after_the_loop_has_closed_is_dropped() -> None:
    unlocked, ended = threading.Event(), threading.Event()

    def late() -> None:
        unlocked.wait()
        ended.set()

    with pytest.raises(KeyringLocked):
        asyncio.run(in_time(late, seconds=0.01))
    unlocked.set()
    assert ended.wait(10)
    for thread in threading.enumerate():
        if thread.name == "keyring":
            thread.join(10)


def test_the_keyring_library_is_not_loaded_before_a_secret_is_needed(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib; from qbdesk.sync.vault import KeyringVault; "
        "KeyringVault(pathlib.Path('.')); print('keyring' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert run.stdout.strip() == "False"
