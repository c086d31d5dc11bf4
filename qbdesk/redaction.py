"""The last line of defence for the log: what looks like a secret, an address or an amount goes.

Nothing of the kind is to be logged in the first place; tests look for it. A customer's name has no
look of its own, so it is kept out at the source alone: errors are logged by type and place.
"""

import logging
import re
import sys
import threading

from qbdesk.sync.errors import where

log = logging.getLogger(__name__)

HIDDEN = "[hidden]"
_NAMES = r"code|state|realmId|[a-z_]*token|[a-z_]*secret|password|requestid"
_RULES = (
    re.compile(r"(?i)\b(?P<kept>(?:bearer|basic)\s+)[^\s\"',;]+"),
    re.compile(rf"(?i)(?P<kept>\b(?:{_NAMES})[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,;}}\])]+"),
    re.compile(r"(?P<kept>)\b[A-Za-z0-9_-]{40,}(?:\.[A-Za-z0-9_-]+)*"),  # a token by itself
    re.compile(r"(?P<kept>)[^\s@<>\"'=:,;()]+@[^\s@<>\"',;()]+\.[^\s@<>\"',;()]+"),
    re.compile(r"(?P<kept>)(?:\b[A-Z]{3}\s?|[$€£¥]\s?)-?\d[\d ,.']*\d|\d[\d,']*\.\d\d\b(?!\.)"),
)


def redacted(text: str) -> str:
    for rule in _RULES:
        text = rule.sub(rf"\g<kept>{HIDDEN}", text)
    return text


class Redacting(logging.Formatter):
    """For every handler: the whole line, with the text of an exception, is looked through."""

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


def keep_crashes_private() -> None:
    """What nobody foresaw is told by type and place: Python would print its text and more."""

    def note(error: BaseException) -> None:
        log.error("Unforeseen: %s at %s", type(error).__name__, where(error))

    sys.excepthook = lambda _type, error, _trace: note(error)
    threading.excepthook = lambda told: note(told.exc_value or SystemExit())
