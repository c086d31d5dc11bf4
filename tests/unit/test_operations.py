"""Names of writes: derived, the same on every computer, and never two alike."""

from hypothesis import given
from hypothesis import strategies as st

from qbdesk.sync.operations import MARKER_START, StepKind, marker, request_id

PARTS = st.text(max_size=40)


def test_the_names_are_the_same_for_ever() -> None:
    # Written down: a change would make every installation post everything a second time.
    made = request_id("123", "feed:t1", StepKind.INVOICE, "invoice:inv-1", 0)
    assert made == "qd1i5wxkctcejmo4yf66ckakwbdbeljakgnq"
    assert marker("123", "feed:t1", "invoice:inv-1") == "[qbdesk:v1:ue7er6hmvxkurave2egu]"


@given(PARTS, PARTS, PARTS, st.integers(0, 99))
def test_a_request_id_fits_into_a_batch(
    realm: str, source: str, operation: str, generation: int
) -> None:
    made = request_id(realm, source, StepKind.PAYMENT, operation, generation)
    assert len(made) == 36
    assert made.isascii()
    assert made.isalnum()


@given(st.tuples(PARTS, PARTS, PARTS), st.tuples(PARTS, PARTS, PARTS))
def test_different_writes_have_different_names(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    same = one == other
    kind = StepKind.INVOICE
    ids = [request_id(realm, source, kind, op, 0) for realm, source, op in (one, other)]
    assert (ids[0] == ids[1]) is same
    assert (marker(*one) == marker(*other)) is same


def test_another_generation_is_another_request_with_the_same_mark() -> None:
    ids = {request_id("1", "s", StepKind.INVOICE, "invoice:a", n) for n in range(5)}
    assert len(ids) == 5
    assert marker("1", "s", "invoice:a").startswith(MARKER_START)
