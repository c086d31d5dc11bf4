"""The consent window's own process: `python -m qbdesk.ui.consent`, or the bundle's hidden option.

One line with the request comes on standard input, one line with the answer leaves on standard
output. Exit status: 0 for every answer, 2 when the request could not be read.
"""

import os
import sys

from qbdesk.ui.consent.messages import LINE_LIMIT, ConsentRequest, Outcome, Unavailable

_USE_BROWSER = "Use “Open in my browser” to sign in instead."
_AS_ROOT = (
    "The sign-in window cannot be opened while qbdesk runs as the administrator (root), because"
    f" web pages would run without their safety barrier. {_USE_BROWSER}"
)
_NOT_INSTALLED = (
    "The sign-in window cannot be opened because its web part (Qt WebEngine) is missing on this"
    f" computer. {_USE_BROWSER}"
)
_BAD_REQUEST = f"The sign-in window did not understand what it was asked to open. {_USE_BROWSER}"

# Either one can open a debugging port or take the sandbox away, whoever set it.
_UNWANTED_SETTINGS = ("QTWEBENGINE_REMOTE_DEBUGGING", "QTWEBENGINE_CHROMIUM_FLAGS")


def _answer_channel() -> int:
    """Keep standard output for the answer alone: whatever else is printed goes to the errors."""
    channel = os.dup(1)
    os.dup2(2, 1)
    return channel


def _sandbox_is_missing() -> bool:
    # Chromium refuses to start as root unless its sandbox is switched off, and qbdesk never does
    # that itself: a page could then reach whatever root can.
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return as_root and "QTWEBENGINE_DISABLE_SANDBOX" not in os.environ


def sign_in(request: ConsentRequest) -> Outcome:
    """Show the window, or say why it cannot be shown here."""
    if _sandbox_is_missing():
        return Unavailable(why=_AS_ROOT)
    for name in _UNWANTED_SETTINGS:
        os.environ.pop(name, None)
    try:
        # Here, because a system without WebEngine has to get an answer and not a traceback.
        from qbdesk.ui.consent.application import run
    except ImportError:
        return Unavailable(why=_NOT_INSTALLED)
    return run(request)


def main() -> int:
    """Answer one request."""
    channel = _answer_channel()
    # A windowed bundle has no sys.stdin, though its first descriptor is the pipe all the same.
    with open(0, "rb", closefd=False) as requests:
        line = requests.readline(LINE_LIMIT)
    try:
        request = ConsentRequest.model_validate_json(line)
    except ValueError:
        os.write(channel, Unavailable(why=_BAD_REQUEST).line())
        return 2
    os.write(channel, sign_in(request).line())
    return 0


if __name__ == "__main__":
    sys.exit(main())
