"""Tokens: grants, data centres, the fuse, expiry, scopes."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.connectors.zoho.sandbox.served import SELLER, Served

MODULES = "ZohoCRM.modules.ALL"


def test_a_renewal_tells_where_its_token_is_good(crm: Served) -> None:
    answer = crm.renew()
    body = answer.json()
    assert answer.status_code == 200
    assert body["api_domain"] == f"{crm.base}/us/api"
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    assert "refresh_token" not in body
    assert crm.call("GET", "/org", token=body["access_token"]).json()["org"][0]["time_zone"] == "Asia/Hong_Kong"


def test_parameters_may_stand_in_the_query_and_the_root_is_home(crm: Served) -> None:
    facts = crm.facts
    names = ("client_id", "client_secret", "refresh_token")
    params = {"grant_type": "refresh_token", **{name: facts[name] for name in names}}
    token = crm.http.post(f"{crm.base}/oauth/v2/token", params=params, timeout=10).json()["access_token"]
    headers = {"Authorization": f"Zoho-oauthtoken {token}"}
    assert crm.http.get(f"{crm.base}/crm/v8/org", headers=headers, timeout=10).status_code == 200


def test_a_grant_code_is_good_once_and_brings_a_refresh_token(crm: Served) -> None:
    facts = crm.facts
    asked = {"response_type": "code", "client_id": facts["client_id"], "scope": MODULES, "state": "s1"}
    asked |= {"redirect_uri": facts["redirect_uri"], "access_type": "offline", "login_hint": SELLER}
    url = f"{facts['accounts_url']}/oauth/v2/auth"
    sent = crm.http.get(url, params=asked, allow_redirects=False, timeout=10)
    back = parse_qs(urlsplit(sent.headers["location"]).query)
    assert (sent.status_code, back["state"], back["location"]) == (302, ["s1"], ["us"])
    form = {"grant_type": "authorization_code", "code": back["code"][0], "redirect_uri": facts["redirect_uri"]}
    made = crm.grant(**form).json()
    assert (made["scope"], made["api_domain"]) == (MODULES, facts["api_domain"])
    assert crm.grant(**form).json() == {"error": "invalid_code"}
    again = crm.renew(made["refresh_token"]).json()
    assert crm.listed("Deals", token=again["access_token"]).status_code == 200


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"client_id": "1000.OTHER"}, "invalid_client"),
        ({"client_secret": "wrong"}, "invalid_client_secret"),
        ({"refresh_token": "1000.unknown"}, "invalid_code"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_refusals_are_one_word(crm: Served, form: dict[str, str], told: str, status: int) -> None:
    crm.switch(token_error_status=status)
    answer = crm.grant(**{"grant_type": "refresh_token", "refresh_token": crm.facts["refresh_token"], **form})
    assert (answer.status_code, answer.json()) == (status, {"error": told})


def test_a_wrong_redirect_address_is_refused(crm: Served) -> None:
    code = crm.control("POST", "/grants", {"user": SELLER, "scopes": [MODULES]})["code"]
    answer = crm.grant(grant_type="authorization_code", code=code, redirect_uri="http://127.0.0.1/other")
    assert answer.json() == {"error": "invalid_redirect_uri"}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"client_id": "1000.OTHER"}, "invalid_client"),
        ({"login_hint": "nobody@harbour.example"}, "invalid_client"),
        ({"redirect_uri": "http://127.0.0.1/other"}, "invalid_redirect_uri"),
    ],
)
def test_consent_is_refused_to_strangers(crm: Served, asked: dict[str, str], told: str) -> None:
    params = {"client_id": crm.facts["client_id"], "redirect_uri": crm.facts["redirect_uri"], **asked}
    url = f"{crm.facts['accounts_url']}/oauth/v2/auth"
    answer = crm.http.get(url, params=params, allow_redirects=False, timeout=10)
    assert (answer.status_code, answer.json()) == (400, {"error": told})


def test_the_accounts_server_of_another_region_does_not_know_the_client(crm: Served) -> None:
    assert crm.renew(centre="eu").json() == {"error": "invalid_client"}


def test_a_client_of_two_data_centres_has_the_users_of_each(crm: Served) -> None:
    crm.set(centres=["us", "eu"])
    given = {"user": SELLER, "scopes": [MODULES], "centre": "eu", "refresh": True}
    refresh = crm.control("POST", "/grants", given)["refresh_token"]
    assert crm.renew(refresh).json() == {"error": "invalid_code"}
    made = crm.renew(refresh, centre="eu").json()
    assert made["api_domain"] == f"{crm.base}/eu/api"
    headers = {"Authorization": f"Zoho-oauthtoken {made['access_token']}"}
    url = f"{made['api_domain']}/crm/v8/Deals?fields=id"
    assert crm.http.get(url, headers=headers, timeout=10).status_code == 200


def test_a_token_is_nothing_in_another_data_centre(crm: Served) -> None:
    url = f"{crm.facts['data_centres']['eu']['api']}/crm/v8/org"
    answer = crm.http.get(url, headers={"Authorization": f"Zoho-oauthtoken {crm.token()}"}, timeout=10)
    body = {"code": "INVALID_TOKEN", "details": {}, "message": "invalid oauth token", "status": "error"}
    assert (answer.status_code, answer.json()) == (401, body)


def test_each_host_has_its_own_paths(crm: Served) -> None:
    headers = {"Authorization": f"Zoho-oauthtoken {crm.token()}"}
    url = f"{crm.facts['accounts_url']}/crm/v8/org"
    assert crm.http.get(url, headers=headers, timeout=10).json()["code"] == "INVALID_URL_PATTERN"


def test_ten_tokens_in_ten_minutes_and_then_none(crm: Served) -> None:
    tokens = [crm.renew() for _ in range(10)]
    assert all("access_token" in answer.json() for answer in tokens)
    refused = crm.renew()
    assert refused.status_code == 400
    assert refused.json() == {
        "error_description": "You have made too many requests continuously. Please try again after some time.",
        "error": "Access Denied",
        "status": "failure",
    }
    # what was given stays good, and so does everybody else's
    assert crm.call("GET", "/org", token=tokens[0].json()["access_token"]).status_code == 200
    assert crm.token(SELLER)
    crm.control("POST", "/mend-fuses")
    assert "access_token" in crm.renew().json()


@pytest.mark.parametrize(("window", "left"), [("fixed", 2), ("rolling", 1)])
def test_the_window_of_the_fuse(crm: Served, window: str, left: int) -> None:
    crm.switch(fuse_window=window)
    crm.set(fuse_tokens=2, fuse_seconds=0.6)
    crm.renew()
    time.sleep(0.4)
    crm.renew()
    time.sleep(0.3)
    answers = [crm.renew().status_code for _ in range(3)]
    assert answers.count(200) == left


@pytest.mark.parametrize("most", [15, 30])
def test_one_living_token_too_many_ends_the_oldest(crm: Served, most: int) -> None:
    crm.switch(live_tokens=most)
    crm.set(fuse_tokens=100)
    tokens = [crm.renew().json()["access_token"] for _ in range(most + 1)]
    assert crm.call("GET", "/org", token=tokens[0]).status_code == 401
    assert crm.call("GET", "/org", token=tokens[1]).status_code == 200


def test_tokens_end_after_their_time_or_at_once(crm: Served) -> None:
    crm.set(token_seconds=0.2)
    token = crm.renew().json()["access_token"]
    assert crm.call("GET", "/org", token=token).status_code == 200
    time.sleep(0.25)
    assert crm.call("GET", "/org", token=token).json()["code"] == "INVALID_TOKEN"
    crm.set(token_seconds=3600)
    token = crm.renew().json()["access_token"]
    assert crm.control("POST", "/expire-tokens", {"user": SELLER}) == {"expired": 0}
    assert crm.control("POST", "/expire-tokens")["expired"] > 0
    assert crm.call("GET", "/org", token=token).status_code == 401


def test_a_revoked_refresh_token_takes_its_tokens_with_it(crm: Served) -> None:
    token, url = crm.token(), f"{crm.facts['accounts_url']}/oauth/v2/token/revoke"
    gone = crm.http.post(url, params={"token": crm.facts["refresh_token"]}, timeout=10)
    assert gone.json() == {"status": "success"}
    assert crm.call("GET", "/org", token=token).status_code == 401
    assert crm.renew().json() == {"error": "invalid_code"}


@pytest.mark.parametrize("header", ["", "Bearer abc"])
def test_another_kind_of_authorisation_is_none(crm: Served, header: str) -> None:
    url = f"{crm.facts['api_domain']}/crm/v8/org"
    answer = crm.http.get(url, headers={"Authorization": header} if header else {}, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (401, "AUTHENTICATION_FAILURE")


@pytest.mark.parametrize("status", [401, 403])
def test_a_scope_that_is_missing(crm: Served, status: int) -> None:
    crm.switch(scope_mismatch_status=status)
    token = crm.scoped("ZohoCRM.modules.deals.READ")
    assert crm.listed("Deals", token=token).status_code == 200
    for refused in (
        crm.listed("Accounts", token=token),
        crm.call("DELETE", f"/Deals/{crm.deal()}", token=token),
        crm.coql("select id from Deals where id is not null", token=token),
        crm.call("GET", "/actions/watch", token=token),
    ):
        assert (refused.status_code, refused.json()["code"]) == (status, "OAUTH_SCOPE_MISMATCH")


def test_a_query_needs_the_module_s_scope_too(crm: Served) -> None:
    asked = "select id from Deals where id is not null"
    assert crm.coql(asked, token=crm.scoped("ZohoCRM.coql.READ")).json()["code"] == "OAUTH_SCOPE_MISMATCH"
    token = crm.scoped("ZohoCRM.coql.READ", "ZohoCRM.modules.deals.READ")
    assert crm.coql(asked, token=token).status_code == 200
