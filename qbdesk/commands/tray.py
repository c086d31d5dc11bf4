"""The tray program itself."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qbdesk.sync.service import Service

NO_DISPLAY = "There is no display here. The commands work without one: qbdesk --help."
NOT_DONE = 2


def run_tray(*, background: bool) -> int:
    """Runs until the user quits; the exit status.

    Only what the window needs is loaded before it stands; the engine comes after the first paint.
    """
    from qbdesk.commands.display import has_display
    from qbdesk.home import home_folder

    if not has_display():
        return _refused(NO_DISPLAY)
    home = home_folder()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return _refused(
            f"The folder {home} cannot be made. Set QBDESK_HOME to one that can be written."
        )
    from qbdesk.ui.desktop import run_desktop

    def opened() -> "Service":
        from qbdesk.app import open_service

        return open_service(home, scheduled=True)

    return run_desktop(opened, start_hidden=background, home=home)


def _refused(sentence: str) -> int:
    print(sentence, file=sys.stderr)  # noqa: T201 - before anything that could say it better
    return NOT_DONE
