"""Who sits at the screen."""

import getpass


def who() -> str:
    """Who decided, for the journal: the name this person signed in to the computer with."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "?"
