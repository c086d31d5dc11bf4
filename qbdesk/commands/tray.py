"""The tray program itself."""

from qbdesk.app import home_folder, open_service
from qbdesk.commands.practice import has_display
from qbdesk.commands.running import fail
from qbdesk.sync.errors import Trouble


def run_tray(*, background: bool) -> int:
    """Runs until the user quits; the exit status."""
    if not has_display():
        fail("There is no display here. The commands work without one: qbdesk --help.")
    from qbdesk.ui.desktop import run_desktop

    home = home_folder()
    try:
        service = open_service(home, scheduled=True)
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except Trouble as error:
        fail(str(error))
    except OSError:
        fail(f"The folder {home} cannot be made. Set QBDESK_HOME to one that can be written.")
    return run_desktop(lambda: service, start_hidden=background, home=home)
