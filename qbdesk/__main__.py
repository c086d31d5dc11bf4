"""Entry point: `qbdesk` alone is the tray program, everything else a command."""

import os
import sys

TRAY = ([], ["--background"])


def main() -> None:
    """The program, its commands and, in a bundle, its consent window."""
    # Whatever this program and what it starts writes is for its user alone.
    os.umask(0o077)
    arguments = sys.argv[1:]
    if arguments[:1] == ["--consent-window"]:
        from qbdesk.ui.consent.__main__ import main as consent_window

        sys.exit(consent_window())
    from qbdesk.redaction import keep_crashes_private

    keep_crashes_private()
    if arguments in TRAY:
        # Without the commands, which would be loaded before the window stands.
        from qbdesk.commands.tray import run_tray

        sys.exit(run_tray(background=bool(arguments)))
    from qbdesk.commands import endings
    from qbdesk.commands.command_line import command_line

    sys.exit(endings.run(command_line, arguments))


if __name__ == "__main__":
    main()
