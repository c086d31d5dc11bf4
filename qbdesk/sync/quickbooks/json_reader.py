"""JSON as it arrives from outside: exact numbers, and nothing that only looks like JSON."""

import json
from decimal import Decimal, DecimalException
from typing import Any

# QuickBooks' largest amount has 11 digits before the point and 7 behind it. A number far beyond is
# damage, and writing 1E+999999999 out in full would take all memory.
_MOST_DIGITS = 40


class NotJson(ValueError):
    """The bytes are no JSON. The text of the error never quotes them."""


def read_json(body: bytes, *, mend: bool = False) -> Any:
    """Reads one JSON value; fractions become Decimal, whole numbers int.

    Args:
        mend: Bytes that are no Unicode become U+FFFD, and do not spoil what stands beside them.

    Raises:
        NotJson: No JSON, NaN or Infinity, a number out of all proportion, nested too deeply; no
            Unicode, unless it is to be mended.
    """
    try:
        value = json.loads(
            # Of bytes, the reader itself would make halves of characters without a word.
            body.decode(json.detect_encoding(body), "replace" if mend else "strict"),
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_refuse_constant,
        )
        return _without_lone_surrogates(value) if b"\\ud" in body.lower() else value
    except (ValueError, RecursionError, DecimalException):
        pass
    # Raised out here so that the original error, which holds the whole text, is not chained to it.
    raise NotJson("The answer is not readable JSON")


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if len(text) > _MOST_DIGITS or abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError
    return number


def _integer(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError
    return int(text)


def _refuse_constant(_word: str) -> None:
    raise ValueError


def _without_lone_surrogates(value: Any) -> Any:
    """Half a character (a text cut in the middle of an emoji) cannot be stored or shown."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_without_lone_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {
            _without_lone_surrogates(key): _without_lone_surrogates(item)
            for key, item in value.items()
        }
    return value
