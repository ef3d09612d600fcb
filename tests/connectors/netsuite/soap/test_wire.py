"""How SOAP calls are proven, sent again, and what failed ones mean."""

from __future__ import annotations

import base64
import hmac
from datetime import datetime, timedelta
from urllib.parse import quote

import pytest

from connectors.contract import ConnectorError, Malformed, Misconfigured, Refused, Retryable, Throttled
from connectors.netsuite.pressure import Pressure
from connectors.netsuite.soap import by_soap
from tests.connectors.netsuite.soap.orders import order
from tests.connectors.netsuite.soap.parts import NOW, TBA, Desk, ids, reading, settings
from tests.connectors.netsuite.soap.vendor import Asked, Said, Vendor, enveloped, fault, found

BLOCKED = fault("exceededConcurrentRequestLimitFault", "WS_REQUEST_BLOCKED", "Request blocked")


def expected(asked: Asked) -> str:
    """The vendor's signature: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1534941088.html."""
    parts = [asked.text(name)[0] for name in ("account", "consumerKey", "token", "nonce", "timestamp")]
    key = f"{quote(TBA['consumer_secret'], safe='')}&{quote(TBA['token_secret'], safe='')}"
    digest = hmac.digest(key.encode(), "&".join(quote(part, safe="") for part in parts).encode(), "sha256")
    return base64.b64encode(digest).decode()


class NoDeletions:
    def deleted(self, kind: str, since: datetime) -> list[tuple[str, datetime]]:
        raise AssertionError(kind, since)


def waited(error: Throttled) -> timedelta:
    assert error.after is not None
    return error.after


def test_a_call_carries_one_passport_and_nothing_else_that_signs_in(vendor: Vendor, desk: Desk) -> None:
    vendor.on("search", found([]))
    reading(vendor, desk).pull("salesOrder", None)
    (asked,) = vendor.calls("search")
    assert [each.tag.rpartition("}")[2] for each in asked.envelope[0]] == ["tokenPassport", "searchPreferences"]
    assert asked.text("account") == ["123456_SB1"]
    assert asked.text("timestamp") == [str(int(NOW.timestamp()))]
    (signature,) = asked.all("signature")
    assert (signature.get("algorithm"), signature.text) == ("HMAC-SHA256", expected(asked))
    assert "authorization" not in asked.headers


def test_a_session_is_not_kept_because_it_would_be_a_second_sign_in(vendor: Vendor, desk: Desk) -> None:
    vendor.on("search", Said(found([]).body, headers={"Set-Cookie": "JSESSIONID=1; Path=/"}), found([]))
    source = reading(vendor, desk)
    source.pull("salesOrder", source.pull("salesOrder", None).cursor)
    assert ["cookie" in each.headers for each in vendor.calls("search")] == [False, False]


@pytest.mark.parametrize("passing", [Said(raw=b"<html>Bad Gateway</html>", status=502), Said(cut=True)])
def test_every_attempt_is_signed_anew(vendor: Vendor, desk: Desk, passing: Said) -> None:
    vendor.on("search", passing, passing, found([order(1)]))
    page = reading(vendor, desk).pull("salesOrder", None)
    assert ids([page]) == ["1"]
    asked = vendor.calls("search")
    assert len({each.text("nonce")[0] for each in asked}) == 3
    assert all(each.all("signature")[0].text == expected(each) for each in asked)


@pytest.mark.parametrize(
    ("said", "error", "word"),
    [
        (fault("invalidCredentialsFault", "INVALID_LOGIN_CREDENTIALS"), Misconfigured, "Login Audit Trail"),
        (fault("invalidCredentialsFault", "USER_ERROR", "Ambiguous"), Misconfigured, "Login Audit Trail"),
        (fault("insufficientPermissionFault", "INSUFFICIENT_PERMISSION"), Misconfigured, "grant"),
        (fault("invalidAccountFault", "USER_ERROR"), Misconfigured, "account"),
        (fault("invalidVersionFault", "USER_ERROR"), Misconfigured, "soap.version"),
        (fault("unexpectedErrorFault", "UNEXPECTED_ERROR"), Retryable, "fault of its own"),
        (fault("exceededRecordCountFault", "USER_ERROR"), Refused, "so many"),
        (fault("invalidSessionFault", "USER_ERROR"), Retryable, "session"),
        (Said(raw=b"<html>gone</html>", status=503), Retryable, "not available"),
        (Said(raw=b"<html>moved</html>", status=302), Misconfigured, "account"),
        (Said(raw=b"<html>hello</html>"), Malformed, "documentation"),
        (Said(raw=b""), Malformed, "documentation"),
        (Said(raw=b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), Malformed, "documentation"),
        (Said(raw=enveloped("")), Malformed, "documentation"),
        (Said(raw=enveloped("<messages:other/>")), Malformed, "documentation"),
        (Said(raw=enveloped("<messages:searchResponse/>")), Malformed, "one version"),
        (
            Said(
                raw=enveloped("<soapenv:Fault><faultcode>soapenv:Server.userException</faultcode></soapenv:Fault>"),
                status=500,
            ),
            Misconfigured,
            "soap.version",
        ),
    ],
)
def test_what_a_failed_call_means(
    vendor: Vendor, desk: Desk, said: Said, error: type[ConnectorError], word: str
) -> None:
    vendor.checks = False
    vendor.on("search", said)
    with pytest.raises(error, match=word) as caught:
        reading(vendor, desk).pull("salesOrder", None)
    assert type(caught.value) is error


@pytest.mark.parametrize(
    "blocked", [BLOCKED, fault("exceededRequestLimitFault", "WS_CONCUR_SESSION_DISALLWD", "Only one request")]
)
def test_too_many_at_once_stops_the_accounts_budget_longer_and_longer(
    vendor: Vendor, desk: Desk, blocked: Said
) -> None:
    vendor.on("search", blocked, blocked, found([]), blocked)
    source, waits = reading(vendor, desk), []
    for _ in range(2):
        with pytest.raises(Throttled) as caught:
            source.pull("salesOrder", None)
        assert caught.value.scope == "netsuite:123456_sb1:calls"
        waits.append(waited(caught.value))
        desk.later(seconds=30)
    assert timedelta(seconds=2) <= waits[0] <= timedelta(seconds=3)
    assert waits[1] >= timedelta(seconds=30)
    assert len(vendor.calls("search")) == 2
    source.pull("salesOrder", None)
    with pytest.raises(Throttled) as caught:
        source.pull("salesOrder", None)
    assert waited(caught.value) <= timedelta(seconds=3)


def test_other_channels_pressure_is_the_same(vendor: Vendor, desk: Desk) -> None:
    vendor.on("search", BLOCKED)
    pressure = Pressure("netsuite:123456_sb1:calls", lambda: desk.now)
    pressure.rises("by REST")
    desk.later(seconds=40)
    with pytest.raises(Throttled) as caught:
        by_soap("erp", settings(vendor), desk.services(), pressure, NoDeletions()).pull("salesOrder", None)
    assert waited(caught.value) >= timedelta(seconds=40)


def test_no_error_holds_a_secret_or_what_the_vendor_quoted(vendor: Vendor, desk: Desk) -> None:
    vendor.on("search", fault("invalidCredentialsFault", "USER_ERROR", "token 2b0ce5 of Mei"))
    with pytest.raises(Misconfigured) as caught:
        reading(vendor, desk).pull("salesOrder", None)
    shown = f"{caught.value} {caught.value.detail} {caught.value.__cause__}"
    assert "Mei" not in shown
    assert TBA["token_id"] not in shown


def test_a_file_that_is_missing_is_named_before_anything_is_sent(vendor: Vendor, desk: Desk) -> None:
    source = reading(vendor, desk, soap={"wsdl": "/nowhere/netsuite.wsdl"})
    with pytest.raises(Misconfigured, match="does not exist"):
        source.pull("salesOrder", None)
    assert not vendor.asked


def test_a_kind_that_soap_does_not_search_is_named(vendor: Vendor, desk: Desk) -> None:
    for record in ("currency", "unheardOf"):
        kinds = {"x": {"record": record, "fields": ["name"], "reading": "soap"}}
        with pytest.raises(Misconfigured, match=record):
            reading(vendor, desk, kinds=kinds).pull("x", None)
