"""Where all of the program's files live."""

import os
from collections.abc import Mapping
from pathlib import Path

HOME = "QBDESK_HOME"


def home_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Local to this machine: a ledger does not stand being roamed or synced."""
    moved = environ.get(HOME)
    if moved:
        return Path(moved).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("qbdesk", appauthor=False)
