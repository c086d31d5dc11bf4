"""Why there can be no practice world as asked for."""


class PracticeError(Exception):
    """Its text is a sentence for the person who asked."""
