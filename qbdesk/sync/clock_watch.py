"""Noticing that the computer's clock was set, also while qbdesk was not running."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from qbdesk.sync.ledger import memory, steps

TOLERANCE = 5.0  # seconds that the two clocks may have come apart


def watch_the_clock(
    connection: Connection, company_id: int, now: datetime, monotonic: float
) -> None:
    """Lets every settle time begin anew if the clock was set since the last look.

    The time of day is compared with a clock that counts the seconds since the computer was started
    and that nobody can set. How they stand to each other is remembered in the ledger. After a
    restart, and where that clock stands still while the computer sleeps, it looks as if the clock
    had been set: then qbdesk waits once more for nothing, which does no harm. What has to wait
    for long waits for as many seconds of that clock, in one piece or more; of a computer that was
    started anew, those until qbdesk was last seen at work count.
    """
    apart, known = now.timestamp() - monotonic, memory.recall(connection, company_id, "clock")
    before, seen = known.get("apart"), known.get("seen")
    if steps.is_any_apart(connection, company_id):
        memory.remember(connection, company_id, "clock", "seen", monotonic)
    elif seen is not None:
        memory.forget(connection, company_id, "clock", "seen")
    if before is not None and abs(apart - before) <= TOLERANCE:
        return
    memory.remember(connection, company_id, "clock", "apart", apart)
    if before is not None:
        started_anew = seen is not None and monotonic < seen
        lost = apart - before - (seen if started_anew else 0.0)
        steps.doubt_anew(connection, company_id, now, timedelta(seconds=lost))
