"""Calls: proven anew each time, tried again shortly, and named by what to do when they fail."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import jwt
import pytest

from connectors.contract import ConnectorError, Malformed, Misconfigured, Refused, Retryable, Throttled, Unknown
from connectors.netsuite.errors import FieldUnknown, RecordLocked, RecordMissing
from connectors.netsuite.wire import Account, Call, Site
from connectors.oauth1 import Credentials, OneTime
from tests.connectors.netsuite.parts import NOW, TBA, Desk, account, client, key, oauth2
from tests.connectors.netsuite.vendor import TOKEN, Asked, Said, Vendor, error

PATH = "/services/rest/record/v1/salesOrder/7"
GET = Call("GET", PATH)
PATCH = Call("PATCH", PATH, body={"memo": "x"}, repeatable=False)


def signed(asked: Asked) -> dict[str, str]:
    found = re.findall(r'(\w+)="([^"]*)"', asked.headers["authorization"].removeprefix("OAuth "))
    return {name: unquote(value) for name, value in found}


def test_a_call_is_signed_for_its_address_with_the_query(vendor: Vendor, desk: Desk) -> None:
    vendor.on(PATH, Said(200, {"id": "7"}))
    account(vendor, desk).call(Call("GET", PATH, {"expandSubResources": "true", "q": 'memo IS "a b"'}))
    (asked,) = vendor.calls(PATH)
    parts = signed(asked)
    assert parts["realm"] == "123456_SB1"
    once = OneTime(parts["oauth_nonce"], int(parts["oauth_timestamp"]))
    assert once.timestamp == int(NOW.timestamp())
    keys = Credentials(TBA["consumer_key"], TBA["consumer_secret"], TBA["token_id"], TBA["token_secret"])
    url = f"{vendor.base}{PATH}?{asked.raw_query}"
    assert keys.header("GET", url, once, "123456_SB1") == asked.headers["authorization"]
    assert "+" not in asked.raw_query


def test_each_attempt_has_a_nonce_of_its_own(vendor: Vendor, desk: Desk) -> None:
    vendor.on(PATH, Said(cut=True), Said(503, b"<html>busy</html>"), Said(200, {"id": "7"}))
    assert account(vendor, desk).call(GET).body == {"id": "7"}
    nonces = [signed(asked)["oauth_nonce"] for asked in vendor.calls(PATH)]
    assert len(set(nonces)) == 3
    assert len(desk.waited) == 2


def test_a_token_is_asked_for_with_an_assertion_that_names_its_certificate(vendor: Vendor, desk: Desk) -> None:
    vendor.on(PATH, Said(200, {"id": "7"}))
    account(vendor, desk, auth={"oauth2": oauth2()}).call(GET)
    (asked,) = vendor.calls(TOKEN)
    assert asked.form["grant_type"] == "client_credentials"
    assert asked.form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assertion = asked.form["client_assertion"]
    assert jwt.get_unverified_header(assertion) == {"alg": "ES256", "kid": "cert-1", "typ": "JWT"}
    options: Any = {"verify_exp": False, "verify_iat": False}
    audience = f"{vendor.base}{TOKEN}"
    claims = jwt.decode(assertion, key().public_key(), ["ES256"], audience=audience, options=options)
    assert claims["iss"] == "client-1"
    assert claims["scope"] == ["rest_webservices", "restlets"]
    assert 0 < claims["exp"] - claims["iat"] < 3600
    assert vendor.calls(PATH)[0].headers["authorization"] == "Bearer access-1"


def test_a_token_that_is_refused_is_renewed_once(vendor: Vendor, desk: Desk) -> None:
    vendor.on(PATH, error(401, "INVALID_LOGIN", "Invalid login attempt."), Said(200, {"id": "7"}))
    account(vendor, desk, auth={"oauth2": oauth2()}).call(GET)
    assert [asked.headers["authorization"] for asked in vendor.calls(PATH)] == ["Bearer access-1", "Bearer access-2"]


def test_a_fresh_token_that_is_refused_is_a_setting_to_mend(vendor: Vendor, desk: Desk) -> None:
    vendor.on(PATH, error(401, "INVALID_LOGIN", "Invalid login attempt."))
    with pytest.raises(Misconfigured, match=r"clock.*certificate.*role"):
        account(vendor, desk, auth={"oauth2": oauth2()}).call(GET)
    assert len(vendor.calls(PATH)) == 2


def test_a_signature_that_is_refused_is_not_tried_again(vendor: Vendor, desk: Desk) -> None:
    vendor.on(PATH, error(401, "INVALID_LOGIN", "Invalid login attempt."))
    with pytest.raises(Misconfigured, match="Login Audit Trail"):
        account(vendor, desk).call(GET)
    assert len(vendor.calls(PATH)) == 1


@pytest.mark.parametrize("word", ["invalid_grant", "invalid_client"])
def test_a_token_that_is_not_given_says_what_to_look_at(vendor: Vendor, desk: Desk, word: str) -> None:
    vendor.on(TOKEN, Said(400, {"error": word}))
    with pytest.raises(Misconfigured, match="certificate") as caught:
        account(vendor, desk, auth={"oauth2": oauth2()}).call(GET)
    assert word in str(caught.value)


# https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/bridgehead_1525252812.html
REST_BLOCKED = error(429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.")
RESTLET_BLOCKED = Said(400, {"error": {"code": "SSS_REQUEST_LIMIT_EXCEEDED", "message": "Request limit exceeded."}})
# the page's own example lacks a comma
BROKEN_JSON = Said(429, b'{"status": 429, "o:errorCode": "USER_ERROR" "o:errorDetails": []}')


@pytest.mark.parametrize("blocked", [REST_BLOCKED, RESTLET_BLOCKED, BROKEN_JSON])
def test_too_much_at_once_stops_the_account_on_every_channel(vendor: Vendor, desk: Desk, blocked: Said) -> None:
    vendor.on(PATH, blocked)
    made = account(vendor, desk)
    with pytest.raises(Throttled) as caught:
        made.call(GET)
    assert caught.value.scope == "netsuite:123456_sb1:calls" == client(vendor, desk).budgets()[0].key
    assert len(vendor.calls(PATH)) == 1
    assert caught.value.after is not None
    assert timedelta(seconds=2) <= caught.value.after <= timedelta(seconds=3)


def pressed(made: Account) -> timedelta:
    with pytest.raises(Throttled) as caught:
        made.call(GET)
    assert caught.value.after is not None
    return caught.value.after


def test_the_longer_it_is_too_much_the_longer_the_wait(vendor: Vendor, desk: Desk) -> None:
    vendor.on(PATH, REST_BLOCKED, REST_BLOCKED, Said(200, {}), REST_BLOCKED)
    made = account(vendor, desk)
    assert pressed(made) <= timedelta(seconds=3)
    desk.later(seconds=40)
    assert timedelta(seconds=40) <= pressed(made) <= timedelta(seconds=60)
    made.call(GET)
    assert pressed(made) <= timedelta(seconds=3)


LOCKED = "Error while accessing a resource. This record has been locked by a user defined workflow."
PERMISSION = "Permission Violation: You need the 'Transactions -> Sales Order' permission to access this page."


@pytest.mark.parametrize(
    ("answer", "expected", "words"),
    [
        (error(400, "USER_ERROR", LOCKED), RecordLocked, "workflow"),
        (
            Said(400, {"title": "Bad", "detail": LOCKED, "status": 400, "o:errorCode": "USER_ERROR"}),
            RecordLocked,
            "workflow",
        ),
        (error(404, "NONEXISTENT_ID", "Record does not exist."), RecordMissing, "no such record"),
        (error(403, "INSUFFICIENT_PERMISSION", PERMISSION), Misconfigured, "Transactions -> Sales Order"),
        (error(400, "INVALID_HEADER", "Invalid value."), Misconfigured, "language"),
        (
            error(400, "INVALID_PARAMETER", "Invalid search type: aggregateitemlocation."),
            Misconfigured,
            "aggregateitemloc",
        ),
        (
            error(400, "INVALID_PARAMETER", "Record 'unitstypeuom' was not found. Reason: NOT_EXPOSED"),
            Misconfigured,
            "no table unitstypeuom",
        ),
        (error(405, "INVALID_METHOD", "not allowed"), Misconfigured, "does not offer"),
        (error(500, "UNEXPECTED_ERROR", "An unexpected error occurred. Error ID: x"), Retryable, "fault of its own"),
        (error(400, "INVALID_CONTENT", "Invalid value 9999 for item"), Refused, "INVALID_CONTENT"),
        (Said(500, b"<html>maintenance</html>"), Retryable, "not available"),
        (Said(403, b"<html>denied</html>"), Misconfigured, "permission"),
        (Said(302, b"", {"Location": "https://elsewhere.example"}), Misconfigured, "account"),
        (Said(200, b"<html>a login page</html>"), Malformed, "documentation"),
        (Said(200, b'{"id": NaN}'), Malformed, "documentation"),
        (Said(cut=True), Retryable, "reached"),
    ],
)
def test_a_failed_call_is_named_by_what_to_do(
    vendor: Vendor, desk: Desk, answer: Said, expected: type[ConnectorError], words: str
) -> None:
    vendor.on(PATH, answer)
    with pytest.raises(expected, match=words) as caught:
        account(vendor, desk).call(GET)
    assert type(caught.value) is expected
    assert "9999" not in f"{caught.value} {caught.value.detail}"


@pytest.mark.parametrize(
    "detail",
    [
        "Invalid search query. Field 'custbody_gone' for record 'transaction' was not found.",
        "Invalid search query. Unknown identifier 'custbody_gone'. Available identifiers are: {id}",
    ],
)
def test_a_field_that_a_query_does_not_take_is_named(vendor: Vendor, desk: Desk, detail: str) -> None:
    vendor.on(PATH, error(400, "INVALID_PARAMETER", detail))
    with pytest.raises(FieldUnknown) as caught:
        account(vendor, desk).call(GET)
    assert caught.value.column == "custbody_gone"


@pytest.mark.parametrize("answer", [Said(cut=True), error(500, "UNEXPECTED_ERROR"), Said(503, b"busy")])
def test_a_write_without_an_answer_is_unknown_and_not_sent_again(vendor: Vendor, desk: Desk, answer: Said) -> None:
    vendor.on(PATH, answer)
    with pytest.raises(Unknown):
        account(vendor, desk).call(PATCH)
    assert len(vendor.calls(PATH)) == 1


def test_a_refusal_that_the_caller_reads_is_an_answer(vendor: Vendor, desk: Desk) -> None:
    vendor.on(PATH, error(400, "INVALID_CONTENT", "no", **{"o:errorCode": "USER_ERROR"}))
    answer = account(vendor, desk).call(Call("GET", PATH, refusable=True))
    assert answer.fault.codes == ("INVALID_CONTENT", "USER_ERROR")


def test_numbers_are_never_floats(vendor: Vendor, desk: Desk) -> None:
    vendor.on(PATH, Said(200, b'{"total": 12345678901234567.89, "n": 12345678901234567890}'))
    assert account(vendor, desk).call(GET).body == {"total": Decimal("12345678901234567.89"), "n": 12345678901234567890}


def test_the_language_is_sent_only_where_it_is_set(vendor: Vendor, desk: Desk) -> None:
    vendor.on(PATH, Said(200, {}))
    account(vendor, desk, language="zh-CN").call(GET)
    account(vendor, desk).call(GET)
    spoken = [asked.headers.get("accept-language") for asked in vendor.calls(PATH)]
    assert spoken == ["zh-CN", None]


def test_no_cookie_is_sent_back(vendor: Vendor, desk: Desk) -> None:
    vendor.on(PATH, Said(200, {}, {"Set-Cookie": "JSESSIONID=1; path=/"}))
    made = account(vendor, desk)
    made.call(GET)
    made.call(GET)
    assert all("cookie" not in asked.headers for asked in vendor.calls(PATH))


def test_a_script_is_called_at_its_own_host(vendor: Vendor, desk: Desk) -> None:
    path = "/app/site/hosting/restlet.nl"
    vendor.on(path, Said(200, {"ok": True}))
    call = Call("POST", path, {"script": "6", "deploy": "1"}, {"a": Decimal("1.10")}, site=Site.RESTLETS)
    account(vendor, desk).call(call)
    (asked,) = vendor.calls(path)
    assert asked.params == {"script": "6", "deploy": "1"}
    assert asked.text == '{"a":1.10}'
