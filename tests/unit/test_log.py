"""The program's own log: what cannot be written into it does not land on the screen."""

import subprocess
import sys
from pathlib import Path

SET_UP = """
import logging, pathlib, sys
from qbdesk.app import log_to
log_to(pathlib.Path(sys.argv[1]))
"""


def on_the_screen(folder: Path, script: str) -> str:
    """What a program of its own says: pytest listens to every log of this one."""
    command = [sys.executable, "-c", SET_UP + script, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def test_a_log_on_a_full_disk_says_nothing(tmp_path: Path) -> None:
    script = """
log = logging.getLogger("qbdesk")
log.error("before")
log.handlers[0].stream.close()
log.error("after")
"""
    assert on_the_screen(tmp_path, script) == ""
    assert (tmp_path / "qbdesk.log").read_text("utf-8").endswith("before\n")


def test_what_the_libraries_below_log_stays_off_the_screen(tmp_path: Path) -> None:
    script = """
for name in ("asyncio", "sqlalchemy.pool.impl.QueuePool"):
    logging.getLogger(name).error("Exception during reset or similar", exc_info=OSError("values"))
"""
    assert on_the_screen(tmp_path, script) == ""
    assert (tmp_path / "qbdesk.log").read_text("utf-8") == ""
