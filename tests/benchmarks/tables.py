"""Tables for the terminal and, between their markers, for the document."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from processes import circumstances


@dataclass(frozen=True)
class Table:
    """`name` is the marker's; the first column is text, the others are figures."""

    name: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def text(self) -> str:
        signs = ["---", *["---:"] * (len(self.head) - 1)]
        lines = ["| " + " | ".join(row) + " |" for row in (self.head, signs, *self.rows)]
        return "\n".join([*lines, "", f"{self.note} {circumstances()}".strip()])


def write_into(document: Path, table: Table) -> None:
    """Raises LookupError where the document has no place for the table."""
    text = document.read_text("utf-8")
    begin, end = f"<!-- bench:{table.name} -->", f"<!-- /bench:{table.name} -->"
    place = re.compile(re.escape(begin) + r".*?" + re.escape(end), re.DOTALL)
    if not place.search(text):
        raise LookupError(f"{document} has no place for the table {table.name!r}.")
    document.write_text(place.sub(lambda _: f"{begin}\n{table.text()}\n{end}", text), "utf-8")
