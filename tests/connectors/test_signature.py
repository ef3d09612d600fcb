"""Signatures as real senders make them; each expected value comes from the openssl command, not from our code."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Refusal
from connectors.signature import Clock, Encoding, Scheme, SignedTime, Template, instant

KEY = b"8f0c6d1e-shared-with-the-sender"
OLD_KEY = b"2b7e1516-the-one-before-that"
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
UNIX = str(int(NOW.timestamp()))
BODY = '{"id": "8801", "name": "Gewürz 香料"}\n'.encode()


def openssl(message: bytes, key: bytes = KEY) -> bytes:
    command = ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{key.hex()}", "-binary"]
    return subprocess.run(command, input=message, capture_output=True, check=True, timeout=20).stdout


def openssl_hex(message: bytes, key: bytes = KEY) -> str:
    return openssl(message, key).hex()


def openssl_base64(message: bytes, key: bytes = KEY) -> str:
    return base64.b64encode(openssl(message, key)).decode()


def signed_time(header: str, clock: Clock = Clock.UNIX, prefix: str = "") -> SignedTime:
    return SignedTime(header, prefix, clock, timedelta(minutes=5))


def refusal(scheme: Scheme, headers: Mapping[str, str], body: bytes = BODY, now: datetime = NOW) -> Refusal | None:
    fault = scheme.check(headers, body, now)
    return None if fault is None else fault.refusal


SHOPIFY = Scheme("x-shopify-hmac-sha256", (KEY,), Template.parse("body"), Encoding.BASE64)
GITHUB = Scheme("x-hub-signature-256", (KEY,), Template.parse("body"), prefix="sha256=")
STRIPE = Scheme(
    "stripe-signature",
    (KEY,),
    Template.parse("timestamp.body"),
    prefix="v1=",
    time=signed_time("stripe-signature", prefix="t="),
)
ZENDESK = Scheme(
    "x-zendesk-webhook-signature",
    (KEY,),
    Template.parse("timestampbody"),
    Encoding.BASE64,
    time=signed_time("x-zendesk-webhook-signature-timestamp", Clock.ISO8601),
)
SLACK = Scheme(
    "x-slack-signature",
    (KEY,),
    Template.parse("v0:timestamp:body"),
    prefix="v0=",
    time=signed_time("x-slack-request-timestamp"),
)


def shopify(key: bytes = KEY) -> dict[str, str]:
    return {"x-shopify-hmac-sha256": openssl_base64(BODY, key)}


def github(key: bytes = KEY) -> dict[str, str]:
    return {"x-hub-signature-256": "sha256=" + openssl_hex(BODY, key)}


def stripe(key: bytes = KEY) -> dict[str, str]:
    return {"stripe-signature": f"t={UNIX},v1={openssl_hex(UNIX.encode() + b'.' + BODY, key)},v0=6ffbb59b"}


def zendesk(key: bytes = KEY) -> dict[str, str]:
    at = "2026-11-22T09:29:58Z"
    return {
        "x-zendesk-webhook-signature": openssl_base64(at.encode() + BODY, key),
        "x-zendesk-webhook-signature-timestamp": at,
    }


def slack(key: bytes = KEY) -> dict[str, str]:
    signature = openssl_hex(f"v0:{UNIX}:".encode() + BODY, key)
    return {"x-slack-signature": f"v0={signature}", "x-slack-request-timestamp": UNIX}


STYLES = {
    "shopify": (SHOPIFY, shopify),
    "github": (GITHUB, github),
    "stripe": (STRIPE, stripe),
    "zendesk": (ZENDESK, zendesk),
    "slack": (SLACK, slack),
}
each_style = pytest.mark.parametrize(("scheme", "sign"), STYLES.values(), ids=STYLES)


@each_style
def test_a_sender_is_believed(scheme: Scheme, sign: Callable[..., dict[str, str]]) -> None:
    assert scheme.check(sign(), BODY, NOW) is None


@each_style
def test_another_key_and_a_changed_body_are_not(scheme: Scheme, sign: Callable[..., dict[str, str]]) -> None:
    assert refusal(scheme, sign(OLD_KEY)) is Refusal.BAD_SIGNATURE
    assert refusal(scheme, sign(), BODY + b" ") is Refusal.BAD_SIGNATURE
    assert refusal(scheme, sign(), BODY.replace(b"8801", b"8802")) is Refusal.BAD_SIGNATURE


@each_style
def test_a_missing_header_is_unsigned(scheme: Scheme, sign: Callable[..., dict[str, str]]) -> None:
    for name in sign():
        assert refusal(scheme, {key: value for key, value in sign().items() if key != name}) is Refusal.UNSIGNED
    assert refusal(scheme, dict.fromkeys(sign(), "")) is Refusal.UNSIGNED


def test_while_a_key_is_changed_both_hold() -> None:
    for keys in ((KEY, OLD_KEY), (OLD_KEY, KEY)):
        scheme = Scheme("x-hub-signature-256", keys, Template.parse("body"), prefix="sha256=")
        assert refusal(scheme, github(KEY)) is None
        assert refusal(scheme, github(OLD_KEY)) is None
        assert refusal(scheme, github(b"a-third-one")) is Refusal.BAD_SIGNATURE


def test_while_the_sender_changes_its_key_it_sends_two_signatures() -> None:
    both = f"{stripe(OLD_KEY)['stripe-signature']},v1={openssl_hex(UNIX.encode() + b'.' + BODY)}"
    assert refusal(STRIPE, {"stripe-signature": both}) is None


def test_hex_may_be_written_in_capitals_and_base64_may_not() -> None:
    upper = "sha256=" + openssl_hex(BODY).upper()
    assert refusal(GITHUB, {"x-hub-signature-256": upper}) is None
    swapped = openssl_base64(BODY).swapcase()
    assert refusal(SHOPIFY, {"x-shopify-hmac-sha256": swapped}) is Refusal.BAD_SIGNATURE


def test_base64_is_taken_as_it_is_written_and_no_looser() -> None:
    exact = openssl_base64(BODY)
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    same_bytes = exact[:-2] + last[last.index(exact[-2]) + 1] + "="
    assert base64.b64decode(same_bytes) == base64.b64decode(exact)
    for loose in (
        same_bytes,
        exact.rstrip("="),
        exact + "=",
        exact[:8] + "\n" + exact[8:],
        exact[:8] + "!" + exact[8:],
    ):
        assert refusal(SHOPIFY, {"x-shopify-hmac-sha256": loose}) is Refusal.BAD_SIGNATURE


def test_a_prefix_has_to_be_there() -> None:
    assert refusal(GITHUB, {"x-hub-signature-256": openssl_hex(BODY)}) is Refusal.BAD_SIGNATURE
    assert refusal(GITHUB, {"x-hub-signature-256": "sha1=" + openssl_hex(BODY)}) is Refusal.BAD_SIGNATURE


@pytest.mark.parametrize("seconds", [301, -301, 86_400])
def test_a_replayed_request_is_stale(seconds: int) -> None:
    now = NOW + timedelta(seconds=seconds)
    assert refusal(STRIPE, stripe(), now=now) is Refusal.STALE
    assert refusal(SLACK, slack(), now=now) is Refusal.STALE


@pytest.mark.parametrize("seconds", [300, -300])
def test_the_tolerance_itself_is_in_time(seconds: int) -> None:
    assert refusal(STRIPE, stripe(), now=NOW + timedelta(seconds=seconds)) is None


def test_an_old_request_cannot_be_given_a_new_time() -> None:
    later = NOW + timedelta(hours=1)
    headers = {**slack(), "x-slack-request-timestamp": str(int(later.timestamp()))}
    assert refusal(SLACK, headers, now=later) is Refusal.BAD_SIGNATURE


@pytest.mark.parametrize(
    "text", ["", " ", "soon", "-5", "1e9", "1_000", "٣", "9" * 16, "9" * 15, "2026-11-22T09:30:00Z"]
)
def test_a_time_in_another_form_is_never_in_time(text: str) -> None:
    signature = openssl_hex(f"v0:{text.strip()}:".encode() + BODY)
    headers = {"x-slack-signature": f"v0={signature}", "x-slack-request-timestamp": text}
    assert refusal(SLACK, headers) is (Refusal.STALE if text.strip() else Refusal.UNSIGNED)


def test_milliseconds_are_read_as_such() -> None:
    scheme = Scheme("sign", (KEY,), Template.parse("timestamp.body"), time=signed_time("time", Clock.UNIX_MS))
    text = str(int(NOW.timestamp() * 1000))
    headers = {"sign": openssl_hex(text.encode() + b"." + BODY), "time": text}
    assert refusal(scheme, headers) is None
    assert refusal(scheme, headers, now=NOW + timedelta(minutes=6)) is Refusal.STALE


def test_a_time_without_a_zone_is_refused() -> None:
    at = "2026-11-22T09:30:00"
    headers = {
        "x-zendesk-webhook-signature": openssl_base64(at.encode() + BODY),
        "x-zendesk-webhook-signature-timestamp": at,
    }
    assert refusal(ZENDESK, headers) is Refusal.STALE


def test_the_body_may_come_first() -> None:
    scheme = Scheme("sign", (KEY,), Template.parse("body\ntimestamp"), time=signed_time("time"))
    headers = {"sign": openssl_hex(BODY + b"\n" + UNIX.encode()), "time": UNIX}
    assert refusal(scheme, headers) is None


@pytest.mark.parametrize("text", ["", "timestamp", "body.body", "timestamp.body.timestamp", "payload"])
def test_a_template_without_exactly_one_body_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="names `body` once"):
        Template.parse(text)


def test_the_reasons_tell_what_to_do_and_no_secret() -> None:
    wrong = GITHUB.check({"x-hub-signature-256": "sha256=00"}, BODY, NOW)
    stale = STRIPE.check(stripe(), BODY, NOW + timedelta(minutes=12))
    assert wrong is not None
    assert "compare the key" in wrong.reason
    assert stale is not None
    assert "720 s behind our clock" in stale.reason
    assert KEY.decode() not in wrong.reason + stale.reason + repr(GITHUB)


@pytest.mark.parametrize("text", ["2026-11-22T09:30:00", "2026-11-22", "0001-01-01T00:00:00+14:00", "now", "\ud800"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        instant(text)


def test_an_instant_is_utc() -> None:
    assert instant("2026-11-22T17:30:00+08:00") == NOW
    assert instant("2026-11-22T17:30:00+08:00").tzinfo is UTC


@given(st.text(), st.text(), st.binary(max_size=64))
def test_no_header_and_no_body_raise(signature: str, time: str, body: bytes) -> None:
    for scheme in (SHOPIFY, STRIPE, ZENDESK, SLACK):
        headers = {scheme.header: signature}
        if scheme.time is not None:
            headers.setdefault(scheme.time.header, time)
        assert refusal(scheme, headers, body) in {Refusal.UNSIGNED, Refusal.BAD_SIGNATURE}
