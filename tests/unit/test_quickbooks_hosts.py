"""Where requests go: Intuit, or a test server on this machine, never anywhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbdesk.sync.quickbooks.hosts import BadTestServer, intuit_hosts


def test_without_a_test_server_requests_go_to_intuits_own_hosts() -> None:
    hosts = intuit_hosts(None)
    assert hosts.authorize == "https://appcenter.intuit.com/connect/oauth2"
    assert hosts.token == "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"
    assert hosts.revoke == "https://developer.api.intuit.com/v2/oauth2/tokens/revoke"
    assert hosts.api == {
        "production": "https://quickbooks.api.intuit.com",
        "sandbox": "https://sandbox-quickbooks.api.intuit.com",
    }
    assert not hosts.test_server


@pytest.mark.parametrize(
    "root", ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:65535"]
)
def test_a_test_server_stands_in_for_every_host_by_the_first_label_of_its_name(root: str) -> None:
    hosts = intuit_hosts(root)
    assert hosts.authorize == f"{root}/appcenter/connect/oauth2"
    assert hosts.token == f"{root}/oauth/oauth2/v1/tokens/bearer"
    assert hosts.revoke == f"{root}/developer/v2/oauth2/tokens/revoke"
    assert hosts.api["production"] == f"{root}/quickbooks"
    assert hosts.api["sandbox"] == f"{root}/sandbox-quickbooks"
    assert hosts.test_server
    assert hosts.test_server_root == root


def test_a_closing_slash_does_no_harm() -> None:
    assert intuit_hosts("http://127.0.0.1:8080/") == intuit_hosts("http://127.0.0.1:8080")


@pytest.mark.parametrize(
    "value",
    [
        "",
        " http://127.0.0.1:8080",
        "http://127.0.0.1:8080\n",
        "https://127.0.0.1:8080",
        "http://127.0.0.1",
        "http://127.0.0.1:0",
        "http://127.0.0.1:65536",
        "http://127.0.0.1:٨٠",
        "http://127.0.0.1:8080/practice",
        "http://127.0.0.1:8080?x=1",
        "http://127.0.0.1:8080#x",
        "http://127.0.0.1:8080@books.example:80",
        "http://user@127.0.0.1:8080",
        "http://127.0.0.1.example:8080",
        "http://localhost.example:8080",
        "http://127.0.0.2:8080",
        "http://0.0.0.0:8080",
        "http://[::]:8080",
        "http://192.168.1.5:8080",
        "http://books.example:8080",
    ],
)
def test_anything_but_loopback_with_a_port_is_refused_in_a_sentence(value: str) -> None:
    with pytest.raises(BadTestServer) as refusal:
        intuit_hosts(value)
    assert isinstance(refusal.value, ValueError)
    assert str(refusal.value).startswith("QBDESK_INTUIT_URL must name a test server on this")


@given(st.text())
def test_no_text_at_all_leads_off_this_machine(value: str) -> None:
    try:
        hosts = intuit_hosts(value)
    except BadTestServer:
        return
    assert hosts.token.startswith(("http://127.0.0.1:", "http://localhost:", "http://[::1]:"))


def test_links_open_the_page_of_quickbooks_that_a_person_knows() -> None:
    assert intuit_hosts(None).web_link("production", "invoice", "145") == (
        "https://qbo.intuit.com/app/invoice?txnId=145"
    )
    assert intuit_hosts(None).web_link("production", "payment", "7") == (
        "https://qbo.intuit.com/app/recvpayment?txnId=7"
    )
    assert intuit_hosts(None).web_link("sandbox", "customer", "58") == (
        "https://sandbox.qbo.intuit.com/app/customerdetail?nameId=58"
    )


def test_an_id_cannot_change_where_a_link_leads() -> None:
    assert intuit_hosts(None).web_link("production", "invoice", "1&next=//x/#") == (
        "https://qbo.intuit.com/app/invoice?txnId=1%26next%3D%2F%2Fx%2F%23"
    )


def test_on_a_test_server_the_links_stay_on_this_machine() -> None:
    hosts = intuit_hosts("http://127.0.0.1:8080")
    assert hosts.web_link("sandbox", "invoice", "7") == (
        "http://127.0.0.1:8080/sandbox/app/invoice?txnId=7"
    )
    assert hosts.web_link("production", "invoice", "7") == (
        "http://127.0.0.1:8080/qbo/app/invoice?txnId=7"
    )
