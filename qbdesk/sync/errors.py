"""What can go wrong, in words for people."""

from pathlib import Path


class Trouble(Exception):
    """Something a person should hear of. `str()` is a whole sentence: what happened, what it means
    for the books, what to press. No code, no secret, no customer's name or amount stands in it.
    """


class Refusal(Trouble):
    """qbdesk will not do this as things are (exit status 2 on the command line)."""


class NeedsConsent(Refusal):
    """It can be done, but only after a person has said yes to this very thing.

    Attributes:
        question: Stable word of what is asked, e.g. "switch_company".
    """

    def __init__(self, sentence: str, question: str) -> None:
        super().__init__(sentence)
        self.question = question


class LedgerTrouble(Trouble):
    """The ledger cannot be written or read at this moment: a full disk, say. Nothing is lost: what
    was sent without an answer being kept is looked for before anything goes again."""


class LedgerDamaged(Refusal):
    """There is no ledger to go on with: damaged, or gone. Nothing is posted until a person decides:
    a backup, or an empty one that finds in QuickBooks what was posted.

    Attributes:
        file: Where the ledger is, or should be.
    """

    def __init__(self, sentence: str, file: Path) -> None:
        super().__init__(sentence)
        self.file = file


def where(error: BaseException) -> str:
    """File and line of the innermost frame: no values, which may hold names and amounts."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "an unknown place"
    code = trace.tb_frame.f_code
    return f"{Path(code.co_filename).name}:{trace.tb_lineno} ({code.co_name})"
