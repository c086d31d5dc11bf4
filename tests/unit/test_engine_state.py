"""How a company is doing, in one state and one sentence; and what the environment may say."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from qbdesk.app import USUAL_SETTLE_TIME, open_service, settle_time
from qbdesk.home import home_folder
from qbdesk.sync import shown
from qbdesk.sync.errors import Refusal
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.schedule import back_off
from qbdesk.sync.views import CompanyView, State, Status

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MAPLE = Company(
    id=1,
    name="Maple",
    active=True,
    source="feed",
    source_url="https://x.example.com",
    from_date=date(2026, 1, 1),
    tenant_id="t1",
    tenant_name="Maple Source",
    tenant_environment="production",
    time_zone="America/Toronto",
    cursor=None,
    client_id="id",
    redirect_uri="https://x",
    realm_id="1",
    environment="production",
    company_name="Maple Inc.",
    country="CA",
    home_currency="CAD",
    income_account_id="1",
    income_account_name="Services",
    connected=True,
    test_server=False,
    mismatch_agreed=False,
    paused=False,
    trouble=None,
    trouble_kind=None,
    access_expires_at=NOW + timedelta(minutes=30),
    refresh_expires_at=NOW + timedelta(days=90),
    last_refresh_at=NOW,
    last_pass_at=NOW,
    preflight_at=NOW,
    findings=[],
    created_at=NOW,
)


def _view(
    counts: dict[Status, int] | None = None, *, running: bool = False, **changes: Any
) -> CompanyView:
    return shown.company_view(
        replace(MAPLE, **changes),
        counts or {},
        running=running,
        next_pass_at=None,
        test_server=False,
        now=NOW,
    )


STATES: dict[str, tuple[dict[str, Any], State]] = {
    "nothing to say": ({}, State.IDLE),
    "never connected": ({"connected": False, "realm_id": None}, State.SIGNED_OUT),
    "signed out": (
        {"trouble_kind": State.SIGNED_OUT, "trouble": "Sign in again."},
        State.SIGNED_OUT,
    ),
    "signed out while it runs": (
        {"trouble_kind": State.SIGNED_OUT, "trouble": "Ended.", "running": True},
        State.SIGNED_OUT,
    ),
    "running": ({"running": True}, State.SYNCING),
    "offline": ({"trouble_kind": State.OFFLINE, "trouble": "Away."}, State.OFFLINE),
    "stopped": ({"trouble_kind": State.ATTENTION, "trouble": "Ended."}, State.ATTENTION),
    "held invoices": ({"counts": {Status.NEEDS_ATTENTION: 2}}, State.ATTENTION),
    "paused": ({"paused": True}, State.PAUSED),
    "held while paused": (
        {"paused": True, "counts": {Status.NEEDS_ATTENTION: 1}},
        State.ATTENTION,
    ),
}


@pytest.mark.parametrize(("changes", "state"), STATES.values(), ids=STATES.keys())
def test_one_state_stands_behind_icon_menu_and_window(
    changes: dict[str, Any], state: State
) -> None:
    view = _view(**changes)
    assert view.state is state
    assert view.sentence.endswith(".")


def test_the_sentence_counts_what_needs_attention() -> None:
    assert _view({Status.NEEDS_ATTENTION: 1}).sentence == "1 invoice needs your attention."
    assert _view({Status.NEEDS_ATTENTION: 3}).sentence == "3 invoices need your attention."


def test_a_trouble_is_told_in_its_own_words() -> None:
    assert _view(trouble="Ended.", trouble_kind=State.ATTENTION).sentence == "Ended."


@pytest.mark.parametrize(("days", "offered"), [(90, False), (7, False), (6, True), (0, True)])
def test_reconnect_is_offered_in_the_last_week_of_a_sign_in(days: int, offered: bool) -> None:
    ends = NOW + timedelta(days=days, minutes=1)
    assert _view(refresh_expires_at=ends).reconnect is offered


def test_the_health_of_a_sign_in_is_told_in_minutes_and_days() -> None:
    token = _view().token
    assert (token.access_minutes(NOW), token.refresh_days(NOW)) == (30, 90)
    assert token.access_minutes(NOW + timedelta(days=1)) == 0


def test_a_live_source_and_a_sandbox_company_do_not_match() -> None:
    assert replace(MAPLE, environment="sandbox").live_mismatch
    assert not MAPLE.live_mismatch
    assert not replace(MAPLE, environment=None).live_mismatch


def test_failures_are_met_with_longer_and_longer_pauses() -> None:
    pauses = [back_off(failures) for failures in range(1, 10)]
    assert pauses == sorted(pauses)
    assert pauses[0] == timedelta(minutes=1)
    assert pauses[-1] == timedelta(minutes=30)


# ---- the environment ----

SERVER = {"QBDESK_INTUIT_URL": "http://127.0.0.1:8000"}


def test_a_test_server_may_shorten_the_settle_time() -> None:
    assert settle_time({}) == USUAL_SETTLE_TIME == timedelta(seconds=300)
    assert settle_time(SERVER | {"QBDESK_SETTLE_SECONDS": "0.5"}) == timedelta(seconds=0.5)


@pytest.mark.parametrize("told", ["-1", "301", "soon", "", "nan", "inf"])
def test_an_impossible_settle_time_is_refused(told: str) -> None:
    with pytest.raises(Refusal):
        settle_time(SERVER | {"QBDESK_SETTLE_SECONDS": told})


def test_real_books_keep_their_settle_time() -> None:
    with pytest.raises(Refusal, match="test server only"):
        settle_time({"QBDESK_SETTLE_SECONDS": "0"})


@pytest.mark.parametrize(
    "url", ["https://evil.example.com", "http://192.168.0.1:80", "http://127.0.0.1.evil.com", "x"]
)
def test_a_test_server_is_on_this_machine(tmp_path: Path, url: str) -> None:
    with pytest.raises(Refusal):
        open_service(tmp_path, environ={"QBDESK_INTUIT_URL": url}, in_memory=True)


def test_home_moves_all_of_the_programs_files(tmp_path: Path) -> None:
    assert home_folder({"QBDESK_HOME": str(tmp_path / "books")}) == tmp_path / "books"
    assert home_folder({}).name == "qbdesk"


def test_a_service_that_does_not_run_says_so(tmp_path: Path) -> None:
    service = open_service(tmp_path, environ={}, in_memory=True)
    assert service.companies().exception(5) is not None
    service.stop()


def test_a_damaged_ledger_is_told_to_whoever_asks(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"damage" * 1000)
    service = open_service(tmp_path, environ=SERVER, in_memory=True)
    service.start()
    try:
        assert "may be damaged" in str(service.companies().exception(10))
    finally:
        service.stop()
