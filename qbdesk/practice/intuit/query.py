"""Intuit's query language, as narrow as it is ("Data queries"): no OR, no joins, filterable fields.

SELECT *|count(*)|props FROM Entity [WHERE a op b [AND ...]] [ORDERBY p [ASC|DESC]]
[STARTPOSITION n] [MAXRESULTS n]
"""

import re
from dataclasses import dataclass, field
from typing import NoReturn

from qbdesk.practice.intuit.refusals import RefusedError

DEFAULT_RESULTS = 100
MOST_RESULTS = 1000
OPERATORS = ("=", "<", ">", "<=", ">=")

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:\\.|[^'\\])*')|(?P<word>[A-Za-z_][\w.]*)|(?P<number>-?\d+(?:\.\d+)?)
    |(?P<sign><=|>=|=|<|>|\(|\)|,|\*))""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Condition:
    name: str
    operator: str
    values: tuple[str, ...]


@dataclass
class Query:
    entity: str
    names: tuple[str, ...] = ()
    count: bool = False
    conditions: list[Condition] = field(default_factory=list)
    order: list[tuple[str, bool]] = field(default_factory=list)
    start: int = 1
    limit: int = DEFAULT_RESULTS


def parse(statement: str) -> Query:
    return _Parser(statement).query()


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    column: int

    @property
    def keyword(self) -> str:
        return self.text.upper() if self.kind in ("word", "sign") else ""


class _Parser:
    def __init__(self, statement: str) -> None:
        self._tokens = list(_tokens(statement))
        self._next = 0

    def query(self) -> Query:
        self._expect("SELECT")
        names, count = self._projection()
        self._expect("FROM")
        query = Query(self._word(), names, count)
        if self._accept("WHERE"):
            query.conditions.append(self._condition())
            while self._accept("AND"):
                query.conditions.append(self._condition())
        if self._accept("ORDERBY") or (self._accept("ORDER") and self._expect("BY")):
            query.order.append(self._ordering())
            while self._accept(","):
                query.order.append(self._ordering())
        if self._accept("STARTPOSITION"):
            query.start = self._position()
        if self._accept("MAXRESULTS"):
            query.limit = min(self._position(), MOST_RESULTS)
        if self._peek().kind != "end":
            self._fail()
        return query

    def _projection(self) -> tuple[tuple[str, ...], bool]:
        if self._accept("*"):
            return (), False
        first = self._word()
        if first.upper() == "COUNT" and self._accept("("):
            self._expect("*")
            self._expect(")")
            return (), True
        names = [first]
        while self._accept(","):
            names.append("*" if self._accept("*") else self._word())
        return tuple(name for name in names if name != "*"), False

    def _condition(self) -> Condition:
        name = self._word()
        if self._accept("IN"):
            self._expect("(")
            values = [self._value()]
            while self._accept(","):
                values.append(self._value())
            self._expect(")")
            return Condition(name, "IN", tuple(values))
        if self._accept("LIKE"):
            return Condition(name, "LIKE", (self._value(),))
        for operator in OPERATORS:
            if self._accept(operator):
                return Condition(name, operator, (self._value(),))
        self._fail()

    def _ordering(self) -> tuple[str, bool]:
        name = self._word()
        descending = self._accept("DESC")
        if not descending:
            self._accept("ASC")
        return name, descending

    def _position(self) -> int:
        token = self._peek()
        if token.kind != "number" or "." in token.text:
            self._fail()
        self._next += 1
        if int(token.text) < 1:
            raise invalid(f"value {token.text} is too small. Min allowed value is 1")
        return int(token.text)

    def _value(self) -> str:
        token = self._peek()
        if token.kind == "text":
            self._next += 1
            return re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL)
        if token.kind == "number" or token.keyword in ("TRUE", "FALSE"):
            self._next += 1
            return token.text
        self._fail()

    def _word(self) -> str:
        token = self._peek()
        if token.kind != "word":
            self._fail()
        self._next += 1
        return token.text

    def _accept(self, keyword: str) -> bool:
        if self._peek().keyword != keyword:
            return False
        self._next += 1
        return True

    def _expect(self, keyword: str) -> bool:
        return self._accept(keyword) or self._fail()

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _fail(self) -> NoReturn:
        token = self._peek()
        raise unparsable(token.text or "<EOF>", token.column)


def _tokens(statement: str) -> list[_Token]:
    tokens, position = [], 0
    text = statement.rstrip().rstrip(";")
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            rest = text[position:].lstrip()
            raise unparsable(rest[:1], len(text) - len(rest) + 1)
        kind = match.lastgroup or ""
        tokens.append(_Token(kind, match.group(kind), match.start(kind) + 1))
        position = match.end()
    tokens.append(_Token("end", "", len(text) + 1))
    return tokens


def unparsable(found: str, column: int) -> RefusedError:
    return RefusedError(
        "4000",
        f'QueryParserError: Encountered " "{found}" "{found} "" at line 1, column {column}.\n'
        "Was expecting one of:\n    ...",
    )


def invalid(detail: str) -> RefusedError:
    return RefusedError("4001", f"QueryValidationError: {detail}")
