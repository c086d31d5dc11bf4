"""Text as QuickBooks takes it: what it cannot take becomes a space or is cut, never refused."""

import unicodedata

# Intuit's field lengths ("Invoice", "Customer", "Payment").
DISPLAY_NAME = 500
COMPANY_NAME = 100
DESCRIPTION = 4000
PRIVATE_NOTE = 4000
CUSTOMER_MEMO = 1000
PHONE = 30
REFERENCE = 21
METHOD_NAME = 31
ADDRESS_LINE = 500
PLACE = 255
POSTAL_CODE = 30

_KEPT_BREAKS = "\n\t"


def one_line(text: str, longest: int) -> str:
    """Without control characters and line breaks, blanks at the ends removed, cut to a length."""
    return _without_controls(text, "").strip()[:longest].strip()


def paragraphs(text: str, longest: int) -> str:
    """Like one_line, but line breaks stay."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _without_controls(text, _KEPT_BREAKS).strip()[:longest].strip()


def name(text: str, longest: int) -> str:
    """A name of a list: QuickBooks keeps the colon for sub-customers."""
    return " ".join(one_line(text.replace(":", " "), longest).split()) or "Unnamed"


def _without_controls(text: str, kept: str) -> str:
    if text.isprintable():  # neither category has a sign that is: nearly every text ends here
        return text
    return "".join(" " if _forbidden(sign, kept) else sign for sign in text)


def _forbidden(sign: str, kept: str) -> bool:
    # Cc: control characters; Cs: half of a pair, which is no character at all.
    return sign not in kept and unicodedata.category(sign) in ("Cc", "Cs")
