from __future__ import annotations

from datetime import UTC, datetime, timedelta

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from connectors.contract import Malformed, Misconfigured, Refused, Retryable, Throttled, Unknown
from connectors.dynamics.dataverse.wire import Call, Environment
from tests.connectors.dynamics.dataverse.parts import APP, NOW, SECRET, Desk, settings
from tests.connectors.dynamics.dataverse.vendor import TOKEN, Asked, Said, Vendor, error, rows

WHO = Said(200, {"UserId": "1"})


def environment(vendor: Vendor, desk: Desk, **changes: object) -> Environment:
    return Environment(settings(vendor.base, **changes), desk.services(), sleep=lambda _s: None)


def get(vendor: Vendor, desk: Desk, path: str = "WhoAmI") -> object:
    made = environment(vendor, desk)
    return made.call(Call("GET", made.at(path))).body


def test_a_token_is_asked_for_once_with_the_secret(vendor: Vendor, desk: Desk) -> None:
    vendor.on("WhoAmI", WHO)
    made = environment(vendor, desk)
    for _time in range(3):
        made.call(Call("GET", made.at("WhoAmI")))
    (asked,) = vendor.calls(TOKEN)
    assert asked.form == {
        "grant_type": "client_credentials",
        "client_id": APP,
        "client_secret": SECRET,
        "scope": f"{vendor.base}/.default",
    }


def test_a_certificate_proves_the_app(vendor: Vendor, desk: Desk) -> None:
    """See certificate-credentials of Microsoft Entra: the header names the certificate, the claims last minutes."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bridge")])
    built = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    built = built.serial_number(1).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1))
    certificate = built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    vendor.on("WhoAmI", WHO)
    desk.now = datetime.now(UTC)
    made = environment(vendor, desk, client_secret=None, certificate={"certificate": certificate, "private_key": pem})
    made.call(Call("GET", made.at("WhoAmI")))
    form = vendor.calls(TOKEN)[0].form
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert "client_secret" not in form
    claims = jwt.decode(form["client_assertion"], key.public_key(), algorithms=["PS256"], audience=vendor.base + TOKEN)
    assert claims["iss"] == claims["sub"] == APP
    assert jwt.get_unverified_header(form["client_assertion"])["x5t#S256"]


@pytest.mark.parametrize(
    ("description", "sentence"),
    [
        ("AADSTS7000215: Invalid client secret provided.", "copy the secret's value"),
        ("AADSTS700016: Application was not found in the directory.", "does not know this client_id"),
        ("AADSTS90002: Tenant not found.", "no such tenant"),
        ("", "check `tenant`"),
    ],
)
def test_a_refused_token_says_what_to_do(vendor: Vendor, desk: Desk, description: str, sentence: str) -> None:
    vendor.on(TOKEN, Said(401, {"error": "invalid_client", "error_description": description}))
    with pytest.raises(Misconfigured, match=sentence) as raised:
        get(vendor, desk)
    assert SECRET not in str(raised.value) + raised.value.detail


@pytest.mark.parametrize("said", [Said(503, b"busy"), Said(503, {"error": "temporarily_unavailable"}), Said(cut=True)])
def test_without_a_token_for_the_moment_it_is_tried_later(vendor: Vendor, desk: Desk, said: Said) -> None:
    vendor.on(TOKEN, said)
    with pytest.raises(Retryable):
        get(vendor, desk)


def test_a_refused_token_is_renewed_once_and_the_request_stays_what_it_was(vendor: Vendor, desk: Desk) -> None:
    vendor.on("accounts(1)", error("", 401), Said(204))
    made = environment(vendor, desk)
    call = Call("PATCH", made.at("accounts(1)"), {"If-Match": 'W/"1"'}, {"name": "x"}, repeatable=False)
    assert made.call(call).status == 204
    first, second = vendor.calls("accounts(1)")
    assert [each.headers["authorization"] for each in (first, second)] == ["Bearer token-1", "Bearer token-2"]
    assert second.headers["if-match"] == 'W/"1"'
    assert second.text == first.text == '{"name":"x"}'
    assert desk.tokens.spoilt == ["token-1"]


def test_a_fresh_token_that_is_refused_ends_it(vendor: Vendor, desk: Desk) -> None:
    vendor.on("WhoAmI", error("", 401))
    with pytest.raises(Misconfigured, match="fresh token"):
        get(vendor, desk)
    assert len(vendor.calls(TOKEN)) == 2


@pytest.mark.parametrize(
    ("code", "message", "sentence"),
    [
        (
            "0x80072322",
            "Number of requests exceeded the limit of 6000 over time window of 300 seconds.",
            "too many calls",
        ),
        ("0x80072321", "Combined execution time of incoming requests exceeded limit", "too long"),
        ("0x80072326", "Number of concurrent requests exceeded the limit of 52.", "at once"),
        ("", "Too many requests", "fewer calls"),
    ],
)
def test_a_service_protection_limit_stops_the_user_for_as_long_as_it_says(
    vendor: Vendor, desk: Desk, code: str, message: str, sentence: str
) -> None:
    vendor.on("WhoAmI", error(code, 429, message, Retry_After="7"))
    with pytest.raises(Throttled, match=sentence) as raised:
        get(vendor, desk)
    assert raised.value.after == timedelta(seconds=7)
    assert raised.value.scope == settings(vendor.base).calls_key
    assert len(vendor.calls("WhoAmI")) == 1


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("0", timedelta(seconds=1)),
        ("12.5", timedelta(seconds=12.5)),
        ("Mon, 02 Mar 2026 09:02:00 GMT", timedelta(minutes=2)),
        ("Mon, 02 Mar 2026 08:02:00 GMT", timedelta(seconds=1)),
        ("999999", timedelta(hours=1)),
        ("soon", timedelta(seconds=30)),
        ("-5", timedelta(seconds=30)),
    ],
)
def test_the_wait_is_read_in_each_form(vendor: Vendor, desk: Desk, text: str, after: timedelta) -> None:
    vendor.on("WhoAmI", error("0x80072322", 429, Retry_After=text))
    with pytest.raises(Throttled) as raised:
        get(vendor, desk)
    assert raised.value.after == after


def test_what_is_left_of_the_limit_is_told(vendor: Vendor, desk: Desk) -> None:
    vendor.on("WhoAmI", Said(200, {}, {"x-ms-ratelimit-burst-remaining-xrm-requests": "5990"}))
    get(vendor, desk)
    assert desk.seen == [(settings(vendor.base).calls_key, 10, 6000)]


@pytest.mark.parametrize("said", [Said(503, b"<html>"), Said(502), Said(cut=True)])
def test_a_passing_fault_is_tried_again_at_once(vendor: Vendor, desk: Desk, said: Said) -> None:
    vendor.on("WhoAmI", said, WHO)
    assert get(vendor, desk) == {"UserId": "1"}


def test_a_long_wait_is_left_to_the_runner(vendor: Vendor, desk: Desk) -> None:
    vendor.on("WhoAmI", error("", 503, Retry_After="120"))
    with pytest.raises(Retryable) as raised:
        get(vendor, desk)
    assert raised.value.after == timedelta(seconds=120)
    assert len(vendor.calls("WhoAmI")) == 1


def test_a_write_is_never_sent_twice_by_itself(vendor: Vendor, desk: Desk) -> None:
    made = environment(vendor, desk)
    write = Call("PATCH", made.at("accounts(1)"), body={"name": "x"}, repeatable=False)
    vendor.on("accounts(1)", Said(cut=True), Said(204))
    with pytest.raises(Unknown):
        made.call(write)
    vendor.on("accounts(1)", Said(503), Said(204))
    with pytest.raises(Unknown):
        made.call(write)


@pytest.mark.parametrize(
    ("said", "kind", "sentence"),
    [
        (error("0x80072560", 403, "The user is not a member of the organization."), Misconfigured, "application user"),
        (error("0x80040220", 403, "prvReadAccount"), Misconfigured, "security role"),
        (error("", 403, "no"), Misconfigured, "security role"),
        (error("0x80060888", 400, "Could not find a property named 'x'"), Misconfigured, "column"),
        (error("0x8006088a", 404, "Resource not found for the segment 'xs'."), Misconfigured, "table"),
        (error("0x80044150", 400, "Generic SQL error."), Retryable, "fault of its own"),
        (Said(302, None, {"Location": "https://elsewhere.example/"}), Misconfigured, "url"),
        (error("0x80040265", 400, "A plug-in said the customer is 4711."), Refused, "0x80040265"),
    ],
    ids=lambda each: str(getattr(each, "status", "")),
)
def test_a_refusal_says_what_to_do_and_quotes_no_value(
    vendor: Vendor, desk: Desk, said: Said, kind: type[Exception], sentence: str
) -> None:
    vendor.on("WhoAmI", said)
    with pytest.raises(kind, match=sentence) as raised:
        get(vendor, desk)
    assert "4711" not in str(raised.value) + getattr(raised.value, "detail", "")


def test_a_cookie_of_affinity_is_sent_back(vendor: Vendor, desk: Desk) -> None:
    vendor.on("WhoAmI", Said(200, {}, {"Set-Cookie": "ARRAffinity=abc; Path=/; HttpOnly"}))
    made = environment(vendor, desk)
    for _time in range(2):
        made.call(Call("GET", made.at("WhoAmI")))
    assert [each.headers.get("cookie") for each in vendor.calls("WhoAmI")] == [None, "ARRAffinity=abc"]


def test_a_link_to_another_server_is_not_followed(vendor: Vendor, desk: Desk) -> None:
    vendor.on("accounts", rows(nextLink="https://evil.example/api/data/v9.2/accounts"))
    made = environment(vendor, desk)
    with pytest.raises(Misconfigured, match="another address"):
        made.rows(made.at("accounts"), {})


@pytest.mark.parametrize("body", [b"<html>sign in</html>", b"", b"[]", b'{"value": 1}'])
def test_an_answer_that_is_no_page_is_kept(vendor: Vendor, desk: Desk, body: bytes) -> None:
    vendor.on("accounts", Said(200, body))
    made = environment(vendor, desk)
    with pytest.raises(Malformed) as raised:
        made.rows(made.at("accounts"), {})
    assert raised.value.body == body


def test_an_untrusted_certificate_is_told(vendor: Vendor, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    vendor.on("WhoAmI", WHO)
    get(vendor, desk)

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise requests.exceptions.SSLError("self-signed")

    monkeypatch.setattr("connectors.dynamics.dataverse.wire.send", refuse)
    with pytest.raises(Misconfigured, match="private CA"):
        get(vendor, desk)


def test_the_path_stands_in_no_error(vendor: Vendor, desk: Desk) -> None:
    def hang_up(_asked: Asked) -> Said:
        return Said(cut=True)

    vendor.on("accounts(secret)", hang_up)
    with pytest.raises(Retryable) as raised:
        get(vendor, desk, "accounts(secret)")
    assert "secret" not in str(raised.value) + raised.value.detail
    assert raised.value.__context__ is None
