"""Calls to one org: token, renewal, retries, quota."""

from __future__ import annotations

import traceback
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
import requests
import responses
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.contract import Malformed, Misconfigured, Refused, Retryable, Throttled, Unknown
from connectors.salesforce.wire import Org
from tests.connectors.salesforce.parts import DATA, NOW, TOKEN, Desk, payload, settings, text

VALUE = "who@example.com"
ROW = DATA + "/sobjects/Opportunity/006Dn00000AbCdEIAV"


def org_of(desk: Desk, **changes: Any) -> Org:
    return Org(settings(**changes), desk.services(), sleep=lambda _seconds: None)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def org(desk: Desk) -> Org:
    return org_of(desk)


@responses.activate
def test_the_first_call_asks_for_a_token_and_later_ones_use_it(desk: Desk, org: Org) -> None:
    token = responses.post(TOKEN, body=text("token__granted"))
    call = responses.get(DATA + "/query", body=text("query__empty"))
    assert org.call("query") == payload("query__empty")
    org.call("query")
    assert token.call_count == 1
    assert [each.request.headers["Authorization"] for each in call.calls] == ["Bearer 00DDn0000000001!AQexample"] * 2
    (held,) = desk.tokens.held.values()
    assert held.expires_at - NOW == settings().session_lifetime


@responses.activate
def test_a_jwt_names_app_user_and_audience_and_ends_in_three_minutes(desk: Desk) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    auth = {"jwt": {"client_id": "key-1", "username": "bridge@example.com", "private_key": pem}}
    token = responses.post(TOKEN, body=text("token__granted"))
    responses.get(DATA + "/query", body=text("query__empty"))
    org_of(desk, auth=auth).call("query")
    form = parse_qs(str(token.calls[0].request.body))
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    claims = jwt.decode(
        form["assertion"][0],
        key.public_key(),
        ["RS256"],
        audience="https://login.salesforce.com",
        options={"verify_exp": False},
    )
    assert (claims["iss"], claims["sub"]) == ("key-1", "bridge@example.com")
    assert claims["exp"] - NOW.timestamp() == 180


def test_the_keys_of_tokens_hold_no_secret_and_tell_users_apart(desk: Desk) -> None:
    jwt_auth = {"jwt": {"client_id": "key-1", "username": "u", "private_key": "secret-2"}}
    keys = {org_of(desk).token_key(), org_of(desk, auth=jwt_auth).token_key()}
    assert len(keys) == 2
    assert not any("secret" in key.removeprefix("salesforce:") for key in keys)


@responses.activate
def test_numbers_keep_their_digits(org: Org) -> None:
    responses.post(TOKEN, body=text("token__granted"))
    responses.get(DATA + "/query", body=text("query__opportunity"))
    assert org.call("query")["records"][0]["Amount"] == Decimal("12345678901234567.89")


@responses.activate
def test_a_refused_token_is_renewed_once_and_a_conditional_write_stays_conditional(desk: Desk, org: Org) -> None:
    desk.signed_in(org.token_key())
    token = responses.post(TOKEN, body=text("token__granted"))
    first = responses.patch(ROW, status=401, body=text("error__session_expired"))
    second = responses.patch(ROW, status=412, body="")
    condition = {"If-Unmodified-Since": "Mon, 02 Mar 2026 08:15:42 GMT"}
    with pytest.raises(Refused, match="changed since"):
        org.call("sobjects/Opportunity/006Dn00000AbCdEIAV", method="PATCH", json={"Name": "x"}, headers=condition)
    sent = [each.calls[0].request for each in (first, second)]
    assert [each.headers["If-Unmodified-Since"] for each in sent] == [condition["If-Unmodified-Since"]] * 2
    assert [each.headers["Authorization"] for each in sent] == ["Bearer token-1", "Bearer 00DDn0000000001!AQexample"]
    assert sent[0].body == sent[1].body
    assert (token.call_count, desk.tokens.spoilt) == (1, ["token-1"])


@responses.activate
def test_an_org_that_refuses_fresh_tokens_too_is_no_loop(desk: Desk, org: Org) -> None:
    desk.signed_in(org.token_key())
    token = responses.post(TOKEN, body=text("token__granted"))
    call = responses.get(DATA + "/query", status=401, body=text("error__session_expired"))
    with pytest.raises(Misconfigured, match="fresh token"):
        org.call("query")
    assert (token.call_count, call.call_count) == (1, 2)


@pytest.mark.parametrize("body", ["<html>Session expired</html>", "", '{"error":"x"}'])
@responses.activate
def test_a_refused_token_is_renewed_whatever_the_body_looks_like(body: str, desk: Desk, org: Org) -> None:
    desk.signed_in(org.token_key())
    responses.post(TOKEN, body=text("token__granted"))
    responses.get(DATA + "/query", status=401, body=body)
    responses.get(DATA + "/query", body=text("query__empty"))
    assert org.call("query")["done"] is True


@responses.activate
def test_the_quota_is_observed_on_answers_and_on_errors(desk: Desk, org: Org) -> None:
    desk.signed_in(org.token_key())
    responses.get(DATA + "/query", body=text("query__empty"), headers={"Sforce-Limit-Info": "api-usage=18/5000"})
    responses.get(
        DATA + "/query",
        status=403,
        body=text("error__daily_limit"),
        headers={"Sforce-Limit-Info": "per-app-api-usage=17/250(appName=sample); api-usage=5000/5000"},
    )
    org.call("query")
    with pytest.raises(Throttled) as caught:
        org.call("query")
    key = "salesforce:example.my.salesforce.com:daily"
    assert [each for each in desk.seen if each[0] == key] == [(key, 18, 5000), (key, 5000, 5000)]
    assert caught.value.scope == settings().calls_key
    # ours and everybody else's: one call of ours went out before each answer
    assert (f"{key}:ours", 2, 2000) in desk.seen
    assert (f"{key}:others", 4998, 5000) in desk.seen


@pytest.mark.parametrize(
    "fault", [{"status": 503, "body": text("error__server_unavailable")}, {"body": requests.ConnectionError("reset")}]
)
@responses.activate
def test_a_passing_fault_of_a_read_is_tried_three_times(fault: dict[str, Any], desk: Desk) -> None:
    waits: list[float] = []
    org = Org(settings(), desk.services(), sleep=waits.append)
    desk.signed_in(org.token_key())
    call = responses.get(DATA + "/query", **fault)
    with pytest.raises(Retryable):
        org.call("query")
    assert (call.call_count, len(waits)) == (3, 2)
    assert all(0 <= wait <= 2 for wait in waits)


@responses.activate
def test_a_read_goes_on_after_a_passing_fault(desk: Desk, org: Org) -> None:
    desk.signed_in(org.token_key())
    responses.get(DATA + "/query", body=requests.ConnectionError("reset"))
    responses.get(DATA + "/query", body=text("query__empty"))
    assert org.call("query")["done"] is True


@pytest.mark.parametrize(
    ("method", "fault", "error"),
    [
        ("GET", {"body": requests.ReadTimeout("slow")}, Retryable),
        ("GET", {"status": 502, "body": "<html/>"}, Retryable),
        ("GET", {"status": 403, "body": text("error__concurrent_limit")}, Throttled),
        ("GET", {"body": requests.exceptions.SSLError("untrusted")}, Misconfigured),
        ("PATCH", {"body": requests.ConnectionError("reset")}, Unknown),
        ("PATCH", {"status": 503, "body": "<html/>"}, Retryable),
        ("GET", {"status": 200, "body": "<html>hello</html>"}, Malformed),
        ("GET", {"status": 302, "headers": {"Location": "https://elsewhere.example.com"}}, Misconfigured),
    ],
)
@responses.activate
def test_everything_longer_and_every_write_is_left_to_the_runner(
    method: str, fault: dict[str, Any], error: type[Exception], desk: Desk, org: Org
) -> None:
    desk.signed_in(org.token_key())
    call = responses.add(method, ROW, **fault)
    with pytest.raises(error) as caught:
        org.call("sobjects/Opportunity/006Dn00000AbCdEIAV", method=method)
    assert (type(caught.value), call.call_count) == (error, 1)


@responses.activate
def test_neither_query_nor_token_shows_in_a_trace(desk: Desk, org: Org) -> None:
    desk.signed_in(org.token_key())
    responses.get(DATA + "/query", status=400, body=text("error__invalid_field"))
    with pytest.raises(Misconfigured) as caught:
        org.call("query", params={"q": VALUE})
    shown = "".join(traceback.format_exception(caught.value))
    assert VALUE not in shown
    assert "%40example.com" not in shown
    assert "token-1" not in shown


@responses.activate
def test_an_empty_answer_is_none(desk: Desk, org: Org) -> None:
    desk.signed_in(org.token_key())
    responses.patch(ROW, status=204)
    assert org.call("sobjects/Opportunity/006Dn00000AbCdEIAV", method="PATCH", json={}) is None


@responses.activate
def test_a_plus_in_a_query_is_encoded_and_every_call_has_a_deadline(desk: Desk, org: Org) -> None:
    desk.signed_in(org.token_key())
    call = responses.get(DATA + "/query", body=text("query__empty"))
    org.call("query", params={"q": "2026-03-02T08:00:00+08:00"})
    request: Any = call.calls[0].request
    assert request.url == DATA + "/query?q=2026-03-02T08%3A00%3A00%2B08%3A00"
    assert request.req_kwargs["timeout"] == (10.0, 130.0)
