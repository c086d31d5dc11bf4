"""How every command ends: a sentence and an exit status, whatever happened."""

import io
import logging
import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path

import click

from qbdesk.app import log_to
from qbdesk.commands.running import NOT_DONE, say
from qbdesk.home import home_folder
from qbdesk.sync.errors import Trouble

log = logging.getLogger(__name__)
log.addHandler(logging.NullHandler())  # before there is a log, and never on the screen

STOPPED = "Stopped. What was done until now stays done."
OWN_FAULT = (
    "Something went wrong in qbdesk itself. What was posted stays posted, and nothing is posted "
    "twice: run the command again. If it happens again, look into the log."
)


def run(command: click.Command, arguments: list[str]) -> int:
    """Runs the command line; the exit status.

    Not click's own main(): that ends with status 1 after Ctrl-C or when nobody reads its output any
    more, and 1 means that invoices need attention.
    """
    _take_any_text()
    try:
        with command.make_context("qbdesk", arguments) as context:
            command.invoke(context)
        sys.stdout.flush()
        return 0
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else NOT_DONE
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        error.show()
    except (click.Abort, KeyboardInterrupt):
        say(STOPPED)
    except BrokenPipeError:
        # Python flushes once more at exit, and would complain there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Trouble as error:
        say(str(error))
    except Exception as error:
        _note(error)
        say(OWN_FAULT)
    return NOT_DONE


def _note(error: Exception) -> None:
    """The last resort: nothing of an unforeseen error may reach the screen, and only where it
    happened the log, which may not be open yet."""
    with suppress(OSError):
        log_to(home_folder() / "log")
    place = traceback.extract_tb(error.__traceback__)[-1]
    file = Path(place.filename).name
    log.error("A command failed by %s at %s:%s", type(error).__name__, file, place.lineno)


def _take_any_text() -> None:
    """A name that the terminal's encoding lacks, or bytes that are no text, must not end a pass."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
