"""Text from outside on its way to the screen: no markup, nothing reorders or hides itself."""

import html
import unicodedata

LONGEST = 2_000

# Joiners that Persian, Indic scripts and emoji need; they can neither reorder nor hide anything.
_HARMLESS = frozenset("\u200c\u200d")
_BLANKS = frozenset("\t\n\r\v\f\u0085\u2028\u2029")
# Control, format (bidirectional overrides among them), surrogate, private use.
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co"))


def plain(text: str, *, lines: bool = False) -> str:
    """What may stand on a label: controls and bidirectional overrides are spelled out.

    With `lines` line breaks stay; otherwise the text becomes one line. Cut after 2,000 characters.
    """
    shown = "".join(_visible(sign, lines=lines) for sign in text[:LONGEST])
    return f"{shown} …" if len(text) > LONGEST else shown


def _visible(sign: str, *, lines: bool) -> str:
    if " " <= sign <= "~" or sign in _HARMLESS:
        return sign
    if sign in _BLANKS:
        return "\n" if lines and sign == "\n" else " "
    if unicodedata.category(sign) in _UNSEEN:
        return f"⟨U+{ord(sign):04X}⟩"
    return sign


def tooltip(text: str) -> str:
    """The same for a tooltip, which Qt takes for markup whenever it looks like it.

    The outermost tag is ours: it makes Qt read the escapes, and wrap long lines.
    """
    return f"<qt>{html.escape(plain(text))}</qt>" if text else ""


def caption(text: str) -> str:
    """The same for buttons and menus, where a lone & would become an underline."""
    return plain(text).replace("&", "&&")
