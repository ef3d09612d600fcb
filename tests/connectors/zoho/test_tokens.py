from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from connectors.contract import ConnectorError, Malformed, Misconfigured, Retryable, Throttled
from connectors.transport import open_session
from connectors.zoho.tokens import Credential
from tests.connectors.zoho.parts import NOW, REFRESH, SECRET, Desk, client
from tests.connectors.zoho.vendor import TOKEN, Said, Vendor, rows


def credential(vendor: Vendor, refresh: str = REFRESH) -> Credential:
    return Credential(vendor.base, "1000.CLIENT", SECRET, refresh)


def ask(vendor: Vendor) -> ConnectorError:
    session = open_session(connect=2, read=2, ca=None, proxy=None, pool=1)
    with pytest.raises(ConnectorError) as raised:
        credential(vendor).ask(session, (2, 2), NOW)
    assert SECRET not in f"{raised.value} {raised.value.detail} {raised.value!r}"
    assert REFRESH not in f"{raised.value} {raised.value.detail} {raised.value!r}"
    return raised.value


def test_every_call_goes_to_the_address_that_came_with_the_token(vendor: Vendor, desk: Desk) -> None:
    vendor.on("POST", TOKEN, Said(200, vendor.granted(api_domain=vendor.base.replace("127.0.0.1", "localhost"))))
    vendor.on("POST", "coql", rows())
    client(vendor, desk).pull("Deals", None)
    assert {one.headers["host"].split(":")[0] for one in vendor.calls("/crm/v8/")} == {"localhost"}
    assert vendor.calls(TOKEN)[0].form == {
        "grant_type": "refresh_token",
        "client_id": "1000.CLIENT",
        "client_secret": SECRET,
        "refresh_token": REFRESH,
    }
    assert vendor.calls("coql")[0].headers["authorization"].startswith("Zoho-oauthtoken 1000.access-")


def test_a_token_without_a_safe_address_is_not_used(vendor: Vendor) -> None:
    for domain in ("http://www.zohoapis.eu", "", None, "ftp://x"):
        vendor.on("POST", TOKEN, Said(200, vendor.granted(api_domain=domain)))
        assert isinstance(ask(vendor), Misconfigured)


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("code", ["invalid_client", "invalid_code"])
def test_a_refused_token_names_the_region_as_a_cause(vendor: Vendor, code: str, status: int) -> None:
    vendor.on("POST", TOKEN, Said(status, {"error": code}))
    error = ask(vendor)
    assert isinstance(error, Misconfigured)
    assert "region" in str(error)
    assert code in str(error)


@pytest.mark.parametrize(
    "said",
    [
        Said(400, {"error": "Access Denied", "error_description": "You have made too many requests continuously."}),
        Said(200, {"error": "access_denied", "status": "failure"}),
        Said(429, b"slow down"),
    ],
)
def test_the_eleventh_token_of_ten_minutes_waits_for_the_window(vendor: Vendor, said: Said) -> None:
    vendor.on("POST", TOKEN, said)
    error = ask(vendor)
    assert isinstance(error, Throttled)
    assert error.after == timedelta(minutes=10)
    assert error.scope == credential(vendor).key


def test_passing_faults_and_strange_answers_are_told_apart(vendor: Vendor) -> None:
    vendor.on("POST", TOKEN, Said(503, b"<html>"))
    assert isinstance(ask(vendor), Retryable)
    vendor.on("POST", TOKEN, Said(200, b"<html>"))
    assert isinstance(ask(vendor), Malformed)
    vendor.on("POST", TOKEN, Said(200, {"error": "something_new"}))
    assert "something_new" in str(ask(vendor))


@pytest.mark.parametrize(
    ("life", "seconds"),
    [
        ({"expires_in": 3600}, 3600),
        ({"expires_in": 1200}, 1200),
        ({"expires_in": 3_600_000, "expires_in_sec": 3600}, 3600),
        ({"expires_in": 3_600_000}, 3600),
        ({"expires_in": None}, 3600),
    ],
)
def test_a_life_in_milliseconds_is_not_taken_for_seconds(vendor: Vendor, life: dict[str, int], seconds: int) -> None:
    vendor.on("POST", TOKEN, Said(200, vendor.granted(**life)))
    session = open_session(connect=2, read=2, ca=None, proxy=None, pool=1)
    token = credential(vendor).ask(session, (2, 2), NOW)
    assert token.expires_at == NOW + timedelta(seconds=seconds)


def test_ten_workers_ask_for_one_token(vendor: Vendor, desk: Desk) -> None:
    vendor.on("POST", "coql", rows())
    clients = [client(vendor, desk) for _ in range(10)]
    threads = [threading.Thread(target=one.pull, args=("Deals", None)) for one in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(vendor.calls(TOKEN)) == 1
    assert len(vendor.calls("coql")) == 10


def test_the_key_tells_credentials_apart_and_nothing_else(vendor: Vendor) -> None:
    mine, other = credential(vendor), credential(vendor, "1000.other")
    assert mine.key != other.key
    assert SECRET not in repr(mine) + mine.key
    assert REFRESH not in repr(mine) + mine.key
