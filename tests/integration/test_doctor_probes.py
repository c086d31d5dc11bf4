"""`qbdesk doctor --probe`: what a sandbox company answers, and that nothing of it stays."""

from decimal import Decimal

import pytest
from office import NAME, Office, OpenOffice

from qbdesk.sync.doctor.probes import Probe
from qbdesk.sync.errors import Refusal
from qbdesk.sync.views import Probed

ZERO = Decimal(0)


def probed(office: Office) -> Probed:
    return office.service.probe(NAME).result(60)


def seen(office: Office) -> dict[Probe, str]:
    """Every probe's answer."""
    return {Probe(entry.probe): entry.seen for entry in probed(office).seen}


@pytest.fixture(scope="module")
def answers(open_shared_office: OpenOffice) -> tuple[Office, dict[Probe, str]]:
    """The practice company as it is without any switch."""
    office = open_shared_office()
    return office, seen(office)


def test_every_probe_is_answered_in_its_order(answers: tuple[Office, dict[Probe, str]]) -> None:
    assert list(answers[1]) == list(Probe)


@pytest.mark.parametrize(
    ("probe", "expected"),
    [
        (Probe.REQUESTID_TWICE, "one customer, the same answer both times"),
        (
            Probe.REQUESTID_OTHER_BODY,
            "the first answer came once more; the other body was not looked at",
        ),
        (Probe.EMAIL_IN, "refused with code 4001, HTTP 400"),
        (Probe.ORDER_BY_ID, "accepted and not obeyed"),
        (
            Probe.DUPLICATE_NUMBER,
            "custom transaction numbers are on; the second was refused with code 6140, HTTP 400",
        ),
        (
            Probe.PRIVATE_NOTE,
            "4000 of 4000 characters came back as it was sent; one with 4001 was refused with "
            "code 2050, HTTP 400",
        ),
        (Probe.DISCOUNT_TAX_AFTER, "tax of 4.50 on 90.00; total 94.50"),
        (Probe.DISCOUNT_TAX_BEFORE, "tax of 4.50 on 90.00; total 94.50"),
        (Probe.TAX_INCLUSIVE, "taken: gross 105.00 was sent, the total is 105.00"),
        (Probe.TAX_LINE, "taken as sent: 5.01 was sent in place of 5.00, 5.01 is kept"),
    ],
)
def test_the_practice_company_answers(
    answers: tuple[Office, dict[Probe, str]], probe: Probe, expected: str
) -> None:
    assert answers[1][probe] == expected


def test_a_refused_write_passes_once_its_reason_is_gone(
    answers: tuple[Office, dict[Probe, str]],
) -> None:
    told = answers[1][Probe.REQUESTID_AFTER_FAULT]
    assert told.startswith("first refused with code 6240, HTTP 400; once the name was free made")


def test_of_the_tokens_nothing_but_their_lengths_is_told(
    answers: tuple[Office, dict[Probe, str]],
) -> None:
    office, told = answers
    (refresh,) = office.service._around.vault.refresh_tokens(NAME)[:1]
    assert f"refresh token {len(refresh)} characters" in told[Probe.TOKEN_LENGTHS]
    assert refresh not in str(told)


def test_all_that_was_made_bears_the_probes_name_and_is_put_away(
    answers: tuple[Office, dict[Probe, str]],
) -> None:
    office, _ = answers
    invoices = office.entities("Invoice")
    assert len(invoices) >= 6
    assert {invoice["TotalAmt"] for invoice in invoices} == {ZERO}
    assert all(invoice["DocNumber"].startswith("qbdesk probe ") for invoice in invoices)
    customers = office.entities("Customer")
    assert len(customers) >= 8
    assert not any(customer["Active"] for customer in customers)
    assert all(entry["DisplayName"].startswith("qbdesk probe ") for entry in customers)
    (item,) = (entry for entry in office.entities("Item") if "probe" in entry["Name"])
    assert not item["Active"]
    assert set(office.trial_balance().values()) <= {ZERO}
    assert office.rows() == ()


# ---- other companies answer otherwise ----


def test_where_a_requestid_is_not_honoured_the_probes_say_so(open_office: OpenOffice) -> None:
    told = seen(open_office(request_ids="ignored", refuse_duplicate_numbers=False))
    assert told[Probe.REQUESTID_TWICE] == "the second was refused with code 6240, HTTP 400"
    assert told[Probe.REQUESTID_OTHER_BODY].startswith("the other body was made as Id")
    assert "the second was made as Id" in told[Probe.DUPLICATE_NUMBER]


def test_a_requestid_may_be_bound_to_its_content_and_to_a_refusal(open_office: OpenOffice) -> None:
    told = seen(open_office(request_id_other_content="refused", remember_refusals=True))
    assert told[Probe.REQUESTID_OTHER_BODY].endswith("no certain answer")
    assert told[Probe.REQUESTID_AFTER_FAULT].endswith(
        "once the name was free refused with code 6240, HTTP 400"
    )


def test_queries_may_know_more_and_tax_may_be_quickbooks_own(open_office: OpenOffice) -> None:
    told = seen(
        open_office(
            email_in=True, order_by_id=True, tax_override=False, tax_inclusive_amounts=False
        )
    )
    assert told[Probe.EMAIL_IN] == "accepted; 1 of 1 customer found"
    assert told[Probe.ORDER_BY_ID] == "obeyed"
    assert told[Probe.TAX_LINE].startswith("not taken: 5.01 was sent")
    assert told[Probe.TAX_INCLUSIVE].startswith("not taken: gross 105.00 was sent")


def test_a_query_that_lags_is_asked_again_and_not_for_ever(open_office: OpenOffice) -> None:
    office = open_office()
    assert seen(office)[Probe.QUERY_LAG].startswith("found after 0.")
    office.world.switches.query_lag = 3600
    told = seen(office)
    assert told[Probe.QUERY_LAG] == "not found within 30 seconds"
    assert told[Probe.EMAIL_IN].startswith("refused")
    assert told[Probe.ORDER_BY_ID] == "too few customers were found to tell"


def test_in_the_us_a_discount_may_come_off_before_or_after_tax(open_office: OpenOffice) -> None:
    office = open_office(country="US", home_currency="USD", sales_tax="us_automated")
    told = seen(office)
    assert told[Probe.DISCOUNT_TAX_AFTER] == "tax of 5.63 on 90.00; total 95.63"
    assert told[Probe.DISCOUNT_TAX_BEFORE] == "tax of 6.25 on 100.00; total 96.25"
    assert told[Probe.TAX_INCLUSIVE].startswith("not asked")
    assert told[Probe.TAX_LINE].startswith("not taken: 6.26 was sent")


def test_in_the_us_tax_by_hand_is_asked_too(open_office: OpenOffice) -> None:
    told = seen(open_office(country="US", home_currency="USD", sales_tax="us_manual"))
    assert told[Probe.TAX_LINE] == "taken as sent: 7.26 was sent in place of 7.25, 7.26 is kept"


def test_without_sales_tax_the_probes_of_tax_are_not_asked(open_office: OpenOffice) -> None:
    told = seen(open_office(sales_tax="none"))
    for probe in (Probe.DISCOUNT_TAX_AFTER, Probe.DISCOUNT_TAX_BEFORE, Probe.TAX_LINE):
        assert told[probe].startswith("not asked"), told[probe]
    assert "4000 of 4000" in told[Probe.PRIVATE_NOTE]


# ---- refused, and gone wrong ----


def test_a_real_company_is_refused_and_nothing_is_written(open_office: OpenOffice) -> None:
    office = open_office(environment="production", connected=False)
    office.connect(NAME, "environment_mismatch")
    before = office.world.company.requests.writes
    with pytest.raises(Refusal, match="is a real company"):
        probed(office)
    assert office.world.company.requests.writes == before


def test_a_company_that_is_not_connected_is_refused(open_office: OpenOffice) -> None:
    with pytest.raises(Refusal, match="Not connected"):
        probed(open_office(connected=False))


def test_what_could_not_be_put_away_is_named(open_office: OpenOffice) -> None:
    office = open_office()
    office.fault("refused", "POST void", times=None)
    left = probed(office).left
    assert len(left) >= 6
    assert all(name.startswith("qbdesk probe ") for name in left)


def test_a_probe_without_an_answer_ends_that_probe_only(open_office: OpenOffice) -> None:
    office = open_office()
    office.fault("server_error", "POST customer")
    told = seen(office)
    assert told[Probe.REQUESTID_TWICE] == "could not be asked: no certain answer"
    assert told[Probe.ORDER_BY_ID] == "accepted and not obeyed"
