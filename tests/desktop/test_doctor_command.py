"""`qbdesk doctor` with a real keyring and a practice server of its own."""

from command_line import Desk, side_by_side, started

from qbdesk.sync.doctor.probes import Probe

__all__ = ["started"]


@side_by_side()
def test_a_desk_in_order_is_told_line_by_line_and_as_json(desk: Desk) -> None:
    desk.run("sync", "--json")
    lines = desk.run("doctor").out.splitlines()
    assert "this computer: fine: The keyring of this computer is safe and open." in lines
    assert any(line.startswith("books: fine: Signed in to QuickBooks") for line in lines)
    done = desk.run("doctor", "--json")
    assert (done.status, done.err) == (0, "")
    answer = done.json()
    levels = {finding["level"] for finding in answer["findings"]}
    assert levels <= {"fine", "mind"}
    assert {finding["company"] for finding in answer["findings"]} == {None, "books"}
    assert answer["requests"]["books"]["writes"] > 0


@side_by_side()
def test_probes_need_a_yes_and_leave_nothing_behind(desk: Desk) -> None:
    refused = desk.run("doctor", "--probe", "books")
    assert (refused.status, refused.out) == (2, "")
    assert "add --yes" in refused.sentence()
    assert desk.practice.counts() == (0, 0)
    answer = desk.run("doctor", "--probe", "books", "--yes", "--json").json()
    assert [probe["name"] for probe in answer["probes"]] == list(Probe)
    assert (answer["company"], answer["left"]) == ("books", [])
    assert {entry["TotalAmt"] for entry in desk.practice.look("entities/invoice")} == {0}


@side_by_side(connected=False)
def test_probing_a_real_company_is_refused_in_a_sentence(desk: Desk) -> None:
    desk.practice.change("switches", {"environment": "production"})
    refused = desk.connected().run("doctor", "--probe", "books", "--yes")
    assert (refused.status, refused.out) == (2, "")
    assert "is a real company" in refused.sentence()
