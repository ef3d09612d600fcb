"""Token-based authentication: the vendor's own examples, then what is refused."""

from __future__ import annotations

import time
from urllib.parse import quote

import pytest

from connectors.netsuite.sandbox import tba
from tests.connectors.netsuite.sandbox.served import SUITEQL, Served, detail

CHECK = "/services/rest/system/v1/serverTime"

# https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1534941088.html prints these values
CONSUMER = "ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4"
CONSUMER_SECRET = "d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5"
TOKEN = "2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc"
TOKEN_SECRET = "c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295"
NONCE, TIMESTAMP, REALM = "fjaLirsIcCGVZWzBX0pg", "1508242306", "123456"
OAUTH = {
    "oauth_consumer_key": CONSUMER,
    "oauth_nonce": NONCE,
    "oauth_signature_method": "HMAC-SHA256",
    "oauth_timestamp": TIMESTAMP,
    "oauth_token": TOKEN,
    "oauth_version": "1.0",
}
RECORD_URL = "https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40"
SCRIPT_URL = (
    "https://123456.restlets.api.netsuite.com/app/site/hosting/restlet.nl"
    "?script=6&deploy=1&customParam=someValue&testParam=someOtherValue"
)


def test_the_vendors_example_of_soap() -> None:
    base = tba.soap_base([REALM, CONSUMER, TOKEN, NONCE, TIMESTAMP])
    assert tba.signature(base, CONSUMER_SECRET, TOKEN_SECRET) == "tIcC5zyKUmycB5Ml/cNxOHDusw03Y5KPQiXVNUHHp4U="


@pytest.mark.parametrize(
    ("method", "url", "signature"),
    [
        ("GET", RECORD_URL, "B5OIWznZ2YP0OB7VrJrGkYsTh+8H+5T9Hag+o92q0zY="),
        # the page loses the sign at the beginning
        ("POST", SCRIPT_URL, "+KK4SKNgz4ZiILGLwOMtfYlgcXSy1eis8ldE9X90azQ="),
    ],
    ids=["record", "RESTlet"],
)
def test_the_vendors_examples_of_rest(method: str, url: str, signature: str) -> None:
    header = ", ".join(f'{name}="{quote(value)}"' for name, value in {"realm": REALM, **OAUTH}.items())
    base = tba.rest_base(method, url, f"OAuth {header}")
    assert tba.signature(base, CONSUMER_SECRET, TOKEN_SECRET) == signature


def test_a_signed_request_is_believed_once(ns: Served) -> None:
    url = ns.base + CHECK
    header = {"Authorization": ns.oauth("GET", url)}
    statuses = [ns.http.get(url, headers=header, timeout=10).status_code for _ in range(2)]
    assert statuses == [200, 401]


def test_a_nonce_is_used_up_for_its_token_alone(ns: Served) -> None:
    url = ns.base + CHECK
    headers = [ns.oauth("GET", url, user, oauth_nonce="samenonce1") for user in ("approver", "clerk", "clerk")]
    got = [ns.http.get(url, headers={"Authorization": one}, timeout=10).status_code for one in headers]
    assert got == [200, 200, 401]


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_clock_that_is_wrong_is_refused(ns: Served, seconds: int) -> None:
    url = ns.base + CHECK
    stamps = [str(int(time.time()) + seconds), str(int(time.time()) + seconds // 2)]
    headers = [ns.oauth("GET", url, oauth_timestamp=stamp) for stamp in stamps]
    got = [ns.http.get(url, headers={"Authorization": one}, timeout=10).status_code for one in headers]
    assert got == [401, 200]


@pytest.mark.parametrize(
    "changed",
    [
        {"realm": "tstdrv100042-sb1"},
        {"oauth_token": "0" * 64},
        {"oauth_consumer_key": "0" * 64},
        {"oauth_signature_method": "HMAC-SHA1"},
        {"oauth_nonce": "!!!!!!!!"},
        {"oauth_nonce": "short"},
        {"oauth_timestamp": "soon"},
        {"signature": "AAAA"},
    ],
    ids=lambda changed: "=".join(*changed.items()),
)
def test_what_is_not_signed_well_is_refused(ns: Served, changed: dict[str, str]) -> None:
    url = ns.base + CHECK
    answer = ns.http.get(url, headers={"Authorization": ns.oauth("GET", url, **changed)}, timeout=10)
    assert detail(answer) == (401, "INVALID_LOGIN")
    assert "Login Audit Trail" in answer.json()["o:errorDetails"][0]["detail"]


def test_the_query_is_signed_and_the_body_is_not(ns: Served) -> None:
    url = f"{ns.base}{SUITEQL}?limit=2&offset=0"
    header = {"Authorization": ns.oauth("POST", url), "Prefer": "transient"}
    other = {"Authorization": ns.oauth("POST", url), "Prefer": "transient"}
    good = ns.http.post(url, headers=header, json={"q": "SELECT id FROM item"}, timeout=10)
    moved = ns.http.post(
        url.replace("limit=2", "limit=3"), headers=other, json={"q": "SELECT id FROM item"}, timeout=10
    )
    assert (good.status_code, good.json()["count"], moved.status_code) == (200, 2, 401)


def test_a_search_with_blanks_and_quotes_is_signed_by_rfc_5849(ns: Served) -> None:
    answer = ns.call("GET", "/customer", user="integration", params={"q": 'companyName START_WITH "Kite & L"'})
    assert [row["id"] for row in answer.json()["items"]] == ["12"]


def test_no_header_and_a_wrong_scheme_are_refused(ns: Served) -> None:
    url = ns.base + CHECK
    got = [ns.http.get(url, headers=h, timeout=10).status_code for h in ({}, {"Authorization": "Basic eDp5"})]
    assert got == [401, 401]
