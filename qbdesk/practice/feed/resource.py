"""The practice data that comes with the program."""

import json
from functools import cache
from importlib import resources
from typing import Any


@cache
def practice_data(name: str) -> Any:
    """A JSON file of resources/practice. Read once; whoever changes what is in it copies it."""
    path = resources.files("qbdesk.resources") / "practice" / name
    return json.loads(path.read_text(encoding="utf-8"))
