"""Answers as no server should give them: damaged bytes, other types, other encodings."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random
from typing import Any

from meddling import Raw

HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>One moment</body></html>"
KINDS = (b"text/html", b"text/plain", b"application/xml", b"", b"application/json", b"\xff/json")
STATUSES = (200, 200, 201, 204, 302, 400, 401, 403, 404, 410, 429, 500, 502, 503, 504, 599)
OTHERS: tuple[Callable[[], Any], ...] = (
    lambda: None,
    lambda: True,
    lambda: "",
    lambda: "text",
    lambda: "\ud83d",  # half a character
    lambda: "x" * 100_000,
    lambda: "\u0000\u202e\ufeff",
    lambda: 0,
    lambda: -1,
    lambda: 10**30,
    lambda: 10**400,
    lambda: 1.5,
    lambda: [],
    lambda: [[]],
    lambda: {},
    lambda: {"": None},
    lambda: {"Id": {"Id": {}}},
    lambda: "@huge",
    lambda: "@nan",
    lambda: "@deep",
    lambda: "@nested",
    lambda: "@objects",
)
# What json.dumps cannot write, put in afterwards.
LITERALS = {
    '"@huge"': "1E+999999999",
    '"@nan"': "NaN",
    '"@deep"': "[" * 100_000 + "]" * 100_000,
    '"@nested"': "[" * 400 + "]" * 400,  # deep enough to be read, too deep for much else
    '"@objects"': '{"a":' * 250 + "1" + "}" * 250,
}


def mutated(random: Random, answer: Raw) -> Raw:
    """The answer after one to three changes."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        answer = random.choice(_WAYS)(random, answer)
    return answer


def _with_body(change: Callable[[Random, bytes], bytes]) -> Callable[[Random, Raw], Raw]:
    return lambda random, answer: replace(answer, body=change(random, answer.body))


def _flipped(random: Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(random.choice((1, 1, 2, 8)) if changed else 0):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _cut(random: Random, body: bytes) -> bytes:
    return body[: random.randint(0, len(body))]


def _without_a_part(random: Random, body: bytes) -> bytes:
    start = random.randint(0, len(body))
    return body[:start] + body[start + random.choice((1, 2, 10, 100)) :]


def _inserted(random: Random, body: bytes) -> bytes:
    at = random.randint(0, len(body))
    what = random.choice((random.randbytes(3), b"\x00", b'"', b"{", b"]", b",", b"\\ud800", b"<"))
    return body[:at] + what + body[at:]


def _twice(random: Random, body: bytes) -> bytes:
    start = random.randint(0, len(body))
    return body[:start] + body[start : start + random.randint(1, 200)] * 2 + body[start:]


def _wrapped(random: Random, body: bytes) -> bytes:
    return random.choice(
        (HTML, b"<html>" + body + b"</html>", b")]}',\n" + body, b"[" + body + b"]")
    )


def _encoded(random: Random, body: bytes) -> bytes:
    text = body.decode("utf-8", "replace")
    way = random.choice(("utf-16", "utf-32", "utf-8-sig", "latin-1", "cp037", "gzip"))
    if way == "gzip":
        return gzip.compress(body, mtime=0)
    return text.encode(way, "replace")


def _other_kind(random: Random, answer: Raw) -> Raw:
    return replace(answer, content_type=random.choice(KINDS))


def _other_status(random: Random, answer: Raw) -> Raw:
    return replace(answer, status=random.choice(STATUSES))


# ---- the JSON in it ----


def _reshaped(random: Random, body: bytes) -> bytes:
    """One value somewhere is another, is gone, stands there twice or under another name."""
    try:
        document = json.loads(body)
        places = list(_places(document))
    except (ValueError, RecursionError):
        return _flipped(random, body)
    if not places:
        return body
    holder, key = random.choice(places)
    way = random.random()
    if way < 0.7:
        holder[key] = random.choice(OTHERS)()
    elif way < 0.85:
        del holder[key]
    elif isinstance(holder, list):
        holder.insert(key, holder[key])
    else:
        holder[f"{key} "] = holder.pop(key)
    try:
        text = json.dumps(document)
    except RecursionError:
        return _flipped(random, body)
    for quoted, literal in LITERALS.items():
        text = text.replace(quoted, literal)
    return text.encode()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = list(value) if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


_WAYS: tuple[Callable[[Random, Raw], Raw], ...] = (
    *(_with_body(way) for way in (_flipped, _cut, _without_a_part, _inserted, _twice)),
    *(_with_body(way) for way in (_wrapped, _encoded)),
    *(_with_body(_reshaped),) * 5,
    _other_kind,
    _other_status,
)
