"""What nobody foresaw ends in a sentence; the log says where, and nothing of what was worked on."""

import logging
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from qbdesk.commands import endings


@pytest.fixture(autouse=True)
def _log() -> Iterator[None]:
    """The program's log is one for each process; other tests have theirs."""
    log = logging.getLogger("qbdesk")
    before = (list(log.handlers), log.level, log.propagate)
    yield
    for handler in set(log.handlers) - set(before[0]):
        handler.close()
    log.handlers[:], log.level, log.propagate = before


def test_an_unforeseen_error_is_a_sentence_on_the_screen_and_a_place_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QBDESK_HOME", str(tmp_path))

    @click.command()
    def fails() -> None:
        raise KeyError("Mary Miller")

    assert endings.run(fails, []) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"{endings.OWN_FAULT}\n"
    log = (tmp_path / "log" / "qbdesk.log").read_text()
    assert "A command failed by KeyError at test_command_endings.py:" in log
    assert "Mary" not in log
