"""What can go wrong, in words for people."""


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
