"""How the consent window's process is started, by whoever starts it. No Qt."""

import sys
from collections.abc import Mapping
from pathlib import Path

import qbdesk

CONSENT_OPTION = "--consent-window"
"""The hidden option by which a bundle's own executable becomes the consent window."""


def consent_command() -> list[str]:
    """Return the program and its arguments that run the consent window.

    A bundle has no Python to run a module with: there the program's own executable is started with
    CONSENT_OPTION, which its entry point has to hand to `qbdesk.ui.consent.__main__.main`.
    """
    if getattr(sys, "frozen", False):
        return [sys.executable, CONSENT_OPTION]
    return [sys.executable, "-m", "qbdesk.ui.consent"]


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Leave out qbdesk's own variables: web content runs in there, and a script may have put
    secrets into them."""
    return {name: value for name, value in environ.items() if not name.startswith("QBDESK_")}


def working_folder() -> str:
    """Return qbdesk's own folder: `python -m` imports from the working folder first."""
    return str(Path(qbdesk.__file__).parent.parent)
