"""JSON in which money stays exact: numbers are read as Decimal and written digit for digit."""

import json
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from json.encoder import encode_basestring_ascii
from typing import Any

CENT = Decimal("0.01")
ZERO = Decimal(0)


class NotJsonError(ValueError):
    """The text is no JSON, or uses what JSON lacks (NaN, Infinity)."""


def loads(text: str | bytes) -> Any:
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise NotJsonError(str(error)) from error


def _refuse_constant(word: str) -> Any:
    raise ValueError(f"Unexpected character: {word} is no JSON number")


def dumps(value: Any) -> str:
    """The standard encoder cannot write a Decimal as a number without a detour by float."""
    parts: list[str] = []
    _write(value, parts)
    return "".join(parts)


def _write(value: Any, out: list[str]) -> None:  # noqa: C901 - one branch per JSON type
    if isinstance(value, str):
        out.append(encode_basestring_ascii(value))
    elif value is None:
        out.append("null")
    elif value is True:
        out.append("true")
    elif value is False:
        out.append("false")
    elif isinstance(value, Decimal):
        out.append(f"{value:f}")
    elif isinstance(value, int | float):
        out.append(repr(value))
    elif isinstance(value, dict):
        opening = "{"
        for key, item in value.items():
            out.append(f"{opening}{encode_basestring_ascii(key)}:")
            _write(item, out)
            opening = ","
        out.append("}" if value else "{}")
    elif isinstance(value, list | tuple):
        opening = "["
        for item in value:
            out.append(opening)
            _write(item, out)
            opening = ","
        out.append("]" if value else "[]")
    elif isinstance(value, date):
        out.append(f'"{value.isoformat()}"')
    else:
        raise TypeError(f"{type(value).__name__} has no place in JSON")


def decimal(value: Any) -> Decimal | None:
    """A JSON number or a numeric string as Decimal; None if it is neither."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = Decimal(value) if isinstance(value, Decimal | int) else Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def cents(value: Decimal) -> Decimal:
    """Rounded half up to the minor unit, as both QuickBooks and the feed do."""
    return value.quantize(CENT, ROUND_HALF_UP)
