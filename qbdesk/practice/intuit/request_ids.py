"""`requestid`: a write sent twice under one id is done once and answered twice the same.

Intuit: "Learn basic field definitions". How long it remembers is not documented; a switch says.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from qbdesk.practice.clock import Clock
from qbdesk.practice.intuit.refusals import RefusedError
from qbdesk.practice.switches import Switches

LONGEST = 50
LONGEST_OF_BATCH = 36
LONGEST_BATCH_ITEM = 10
_FORM = re.compile(r"[A-Za-z0-9._:-]+")


@dataclass(frozen=True)
class _Remembered:
    since: datetime
    content: object
    answer: str | RefusedError


class RequestIds:
    """The first success under every (requestid, bId), as it was answered."""

    def __init__(self, switches: Switches, clock: Clock) -> None:
        self._switches = switches
        self._clock = clock
        self._answers: dict[tuple[str, str], _Remembered] = {}

    def once(
        self, request_id: str | None, item: str, content: object, perform: Callable[[], str]
    ) -> str:
        """The remembered answer, or that of `perform`, remembered unless it was refused.

        `content` is what was sent: the same id with another content is a case of its own.
        """
        if request_id is None or self._switches.request_ids == "ignored":
            return perform()
        key = (request_id, item)
        remembered = self._answers.get(key)
        if remembered is not None and not self._forgotten(remembered.since):
            return self._again(remembered, content)
        try:
            answer = perform()
        except RefusedError as refused:
            if self._switches.remember_refusals:
                self._answers[key] = _Remembered(self._clock(), content, refused)
            raise
        self._answers[key] = _Remembered(self._clock(), content, answer)
        return answer

    def _again(self, remembered: _Remembered, content: object) -> str:
        if content != remembered.content and self._switches.request_id_other_content == "refused":
            raise RefusedError("600", "Duplicate Request ID : it was used for another request.")
        if isinstance(remembered.answer, RefusedError):
            raise remembered.answer
        return remembered.answer

    def _forgotten(self, since: datetime) -> bool:
        ttl = self._switches.request_id_ttl
        return ttl is not None and self._clock() - since > timedelta(seconds=ttl)


def check(request_id: str | None, longest: int = LONGEST) -> None:
    if request_id is None:
        return
    if len(request_id) > longest or not _FORM.fullmatch(request_id):
        raise RefusedError("2130", f"Request ID should be at most {longest} characters long.")
