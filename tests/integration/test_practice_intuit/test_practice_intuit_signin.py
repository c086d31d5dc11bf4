"""Intuit's sign-in as the practice company plays it."""

import httpx
import pytest

from qbdesk.practice.intuit import pages

REDIRECT = "http://localhost:8765/callback"
FIVE_YEARS = 157_680_000
DAY = 86_400


def answer_of(response: httpx.Response) -> dict[str, str]:
    address = httpx.URL(response.headers["location"])
    assert str(address).startswith(f"{REDIRECT}?")
    return dict(address.params)


async def signed_in(practice) -> dict:
    code = answer_of(await practice.consent())["code"]
    return (await practice.exchange(code)).json()


async def probe(practice, access_token: str) -> httpx.Response:
    practice.http.headers["authorization"] = f"Bearer {access_token}"
    return await practice.get("preferences")


async def test_a_person_sees_whose_books_are_asked_for_and_that_they_are_for_practice(visitor):
    page = await visitor.consent(accept="text/html")
    assert page.status_code == 200
    assert "practice company" in page.text
    assert "Maple &amp; Sons &lt;Ltd&gt;" in page.text
    assert "customers, invoices, payments" in page.text
    assert 'value="connect"' in page.text
    assert 'value="cancel"' in page.text


async def test_connect_comes_back_with_a_code_the_state_and_the_company(visitor):
    answer = answer_of(await visitor.decide("connect", state="a b&<c>"))
    assert answer["state"] == "a b&<c>"
    assert answer["realmId"] == visitor.company.realm_id
    assert (await visitor.exchange(answer["code"])).status_code == 200


async def test_cancel_comes_back_with_access_denied_and_the_state(visitor):
    assert answer_of(await visitor.decide("cancel")) == {"error": "access_denied", "state": "s-1"}


async def test_a_script_is_sent_on_at_once(visitor):
    assert answer_of(await visitor.consent())["state"] == "s-1"


async def test_a_script_can_be_denied(visitor):
    visitor.switches.deny_consent = True
    assert answer_of(await visitor.consent()) == {"error": "access_denied", "state": "s-1"}


async def test_the_page_can_leave_by_script_without_its_address_ending_the_script(visitor):
    visitor.switches.redirect_by = "javascript"
    page = await visitor.decide("connect", state="</script><script>alert(1)</script>")
    assert f'location.replace("{REDIRECT}?' in page.text
    assert page.text.count("<script>") == 1


@pytest.mark.parametrize("by", ["javascript", "meta"])
def test_a_page_cannot_be_broken_out_of_by_the_address_it_leaves_for(by):
    page = pages.leave_for('http://localhost/?a="></script><b>', by).body.decode()
    assert "</script><b>" not in page
    assert '"></script' not in page


async def test_the_page_can_leave_by_meta_refresh(visitor):
    visitor.switches.redirect_by = "meta"
    page = await visitor.decide("connect")
    assert f'http-equiv="refresh" content="0;url={REDIRECT}?code=' in page.text


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "http://localhost:8765/other"},
        {"redirect_uri": ""},
        {"client_id": "<b>someone</b>"},
        {"response_type": "token"},
        {"state": ""},
    ],
    ids=["other address", "no address", "other app", "other response type", "no state"],
)
async def test_a_wrong_request_gets_a_page_and_no_redirect(visitor, changes):
    page = await visitor.consent(**changes)
    assert page.status_code == 400
    assert page.headers["content-type"].startswith("text/html")
    assert "location" not in page.headers
    assert "<b>someone" not in page.text


async def test_an_unknown_permission_comes_back_as_invalid_scope(visitor):
    answer = answer_of(await visitor.consent(scope="com.intuit.everything"))
    assert answer == {"error": "invalid_scope", "state": "s-1"}


async def test_tokens_come_with_their_lifetimes_and_without_the_company(visitor):
    tokens = await signed_in(visitor)
    assert tokens["token_type"] == "bearer"
    assert tokens["expires_in"] == 3600
    assert tokens["x_refresh_token_expires_in"] == 8_726_400
    assert "realmId" not in tokens
    assert "x_refresh_token_hard_expires_in" not in tokens
    assert (await probe(visitor, tokens["access_token"])).status_code == 200


async def test_a_code_exchanged_twice_is_refused_and_kills_the_first_tokens(visitor):
    code = answer_of(await visitor.consent())["code"]
    first = (await visitor.exchange(code)).json()
    again = await visitor.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert (await probe(visitor, first["access_token"])).status_code == 401
    assert (await visitor.refresh(first["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_code_is_worth_nothing_after_its_lifetime(visitor):
    code = answer_of(await visitor.consent())["code"]
    visitor.clock.advance(601)
    assert (await visitor.exchange(code)).json()["error"] == "invalid_grant"


async def test_a_code_is_only_exchanged_for_the_address_it_was_sent_to(visitor):
    code = answer_of(await visitor.consent())["code"]
    refused = await visitor.exchange(code, "http://localhost:8765/other")
    assert refused.json()["error"] == "invalid_grant"
    assert (await visitor.exchange(code)).status_code == 200


async def test_a_wrong_secret_is_401_invalid_client(visitor):
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    answer = await visitor.http.post(
        "/oauth/oauth2/v1/tokens/bearer", data=form, auth=("app-id", "wrong")
    )
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


async def test_the_secret_may_come_in_the_form(visitor):
    tokens = await signed_in(visitor)
    form = {
        "grant_type": "refresh_token",
        "refresh_token": tokens["refresh_token"],
        "client_id": "app-id",
        "client_secret": "app-secret",
    }
    answer = await visitor.http.post("/oauth/oauth2/v1/tokens/bearer", data=form)
    assert answer.status_code == 200


async def test_another_grant_type_is_unsupported(visitor):
    answer = await visitor.http.post(
        "/oauth/oauth2/v1/tokens/bearer",
        data={"grant_type": "client_credentials"},
        auth=("app-id", "app-secret"),
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


async def test_a_refresh_token_stays_for_a_day_then_changes_and_the_old_one_dies_at_once(visitor):
    first = await signed_in(visitor)
    visitor.clock.advance(DAY - 1)
    second = (await visitor.refresh(first["refresh_token"])).json()
    assert second["refresh_token"] == first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    assert second["x_refresh_token_expires_in"] == 8_726_400 - DAY + 1
    visitor.clock.advance(1)
    third = (await visitor.refresh(first["refresh_token"])).json()
    assert third["refresh_token"] != first["refresh_token"]
    assert third["x_refresh_token_expires_in"] == 8_726_400
    late = await visitor.refresh(first["refresh_token"])
    assert late.status_code == 400
    assert late.json() == {
        "error_description": "Incorrect or invalid refresh token",
        "error": "invalid_grant",
    }
    assert (await visitor.refresh(third["refresh_token"])).status_code == 200
    assert visitor.company.requests.refreshes == 4


async def test_a_rotated_token_used_again_can_end_the_whole_grant(visitor):
    visitor.switches.reuse_revokes = True
    first = await signed_in(visitor)
    visitor.clock.advance(DAY)
    second = (await visitor.refresh(first["refresh_token"])).json()
    await visitor.refresh(first["refresh_token"])
    assert (await visitor.refresh(second["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_refresh_token_left_alone_for_its_lifetime_is_dead(visitor):
    tokens = await signed_in(visitor)
    visitor.clock.advance(8_726_400)
    assert (await visitor.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_five_years_after_consent_everything_ends_and_the_header_tells_when(visitor):
    visitor.switches.refresh_lifetime = FIVE_YEARS * 2
    tokens = await signed_in(visitor)
    visitor.clock.advance(FIVE_YEARS - 10)
    header = {"x-include-refresh-token-hard-expires-in": "true"}
    last = (await visitor.refresh(tokens["refresh_token"], **header)).json()
    assert last["x_refresh_token_hard_expires_in"] == 10
    assert last["x_refresh_token_expires_in"] == 10
    visitor.clock.advance(10)
    assert (await visitor.refresh(last["refresh_token"])).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_either_token_revoked_ends_the_grant(visitor, which):
    tokens = await signed_in(visitor)
    answer = await visitor.revoke(tokens[which])
    assert (answer.status_code, answer.content) == (200, b"")
    assert (await probe(visitor, tokens["access_token"])).status_code == 401
    assert (await visitor.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("body", [b'{"token":"x"}', b"[]", b"{", b"\xff"])
async def test_revoking_what_is_no_token_is_400(visitor, body):
    answer = await visitor.http.post(
        "/developer/v2/oauth2/tokens/revoke", content=body, auth=("app-id", "app-secret")
    )
    assert answer.status_code == 400


async def test_revoking_needs_the_secret(visitor):
    tokens = await signed_in(visitor)
    answer = await visitor.http.post(
        "/developer/v2/oauth2/tokens/revoke", json={"token": tokens["refresh_token"]}
    )
    assert answer.status_code == 401
    assert (await probe(visitor, tokens["access_token"])).status_code == 200


async def test_an_access_token_ends_by_the_clock_with_401_in_the_gateways_envelope(practice):
    practice.clock.advance(3600)
    answer = await practice.get("preferences")
    assert answer.status_code == 401
    assert answer.json()["fault"]["type"] == "AUTHENTICATION"
    assert answer.json()["fault"]["error"][0]["detail"].startswith("Token expired")
    assert answer.headers["www-authenticate"] == 'Bearer realm="Intuit", error="invalid_token"'


async def test_no_bearer_at_all_is_401(visitor):
    assert (await visitor.get("preferences")).status_code == 401


@pytest.mark.parametrize("path", ["quickbooks/v3/company/{}", "sandbox-quickbooks/v3/company/7"])
async def test_the_wrong_host_or_company_is_403_with_code_3100(practice, code_of, path):
    address = path.format(practice.company.realm_id)
    answer = await practice.http.get(f"/{address}/preferences")
    assert (answer.status_code, code_of(answer)) == (403, "3100")


async def test_a_production_company_lives_on_the_other_host(practice):
    practice.switches.environment = "production"
    realm = practice.company.realm_id
    answer = await practice.http.get(f"/quickbooks/v3/company/{realm}/companyinfo/{realm}")
    assert answer.json()["CompanyInfo"]["CompanyName"] == "Maple & Sons <Ltd>"
    assert (await practice.get("preferences")).status_code == 403


async def test_disconnected_inside_quickbooks_is_403_and_the_next_refresh_says_invalid_grant(
    visitor, code_of
):
    tokens = await signed_in(visitor)
    await visitor.http.post("/practice/disconnect")
    answer = await probe(visitor, tokens["access_token"])
    assert (answer.status_code, code_of(answer)) == (403, "3100")
    assert (await visitor.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_every_answer_carries_its_own_trace_id(practice):
    answers = [
        await practice.consent(),
        await practice.consent(client_id="other"),
        await practice.refresh("x"),
        await practice.revoke("x"),
        await practice.get("preferences"),
        await practice.get("invoice/77"),
        await practice.http.get("/quickbooks/v3/company/1/preferences"),
    ]
    assert len({answer.headers["intuit_tid"] for answer in answers}) == len(answers)
