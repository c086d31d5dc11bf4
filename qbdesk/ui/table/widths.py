"""How wide the columns are: what every row has is never cut, what is left goes to the texts."""

from qbdesk.ui.table.columns import Column

# In average characters of the font in use: enough for a usual entry, and how much of the room
# that is left a column takes, up to how many characters more.
_NEEDED = {
    Column.NUMBER: 14,
    Column.CUSTOMER: 18,
    Column.AMOUNT: 16,
    Column.PAID_ON: 13,
    Column.METHOD: 12,
    Column.STATUS: 20,
    Column.LINK: 11,
}
_SHARES = {Column.NUMBER: (0.05, 8), Column.CUSTOMER: (0.3, 24), Column.METHOD: (0.15, 14)}
_REASON = 24


def widths(room: int, unit: int) -> dict[Column, int]:
    """Widths in pixels of all columns but the reason, which takes what is left.

    Args:
        room: Width of the table in pixels.
        unit: Width of an average character.
    """
    spare = max(0, room // unit - sum(_NEEDED.values()) - _REASON)
    found = dict(_NEEDED)
    for column, (share, most) in _SHARES.items():
        found[column] += min(int(spare * share), most)
    return {column: characters * unit for column, characters in found.items()}
