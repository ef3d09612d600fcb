"""Asking a token endpoint, and signed assertions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import requests
import responses
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from connectors.contract import ConnectorError, Malformed, Misconfigured, Refused, Retryable
from connectors.oauth import AssertionKey, Granted, GrantRefused, TokenEndpoint, assertion

URL = "https://login.example.com/token"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def refuse(refused: GrantRefused) -> ConnectorError:
    return Refused(f"{refused.status} {refused.error} {refused.description}")


def ask() -> Granted:
    endpoint = TokenEndpoint(URL, (1.0, 1.0), refuse)
    return endpoint.ask(requests.Session(), {"grant_type": "client_credentials"}, ("key", "secret"))


@responses.activate
def test_a_grant_is_posted_as_a_form_with_basic_authorisation() -> None:
    answer = {"access_token": "t", "instance_url": "https://org.example.com/"}
    sent = responses.post(
        URL, json=answer, match=[responses.matchers.urlencoded_params_matcher({"grant_type": "client_credentials"})]
    )
    assert ask() == Granted("t", "https://org.example.com")
    assert sent.calls[0].request.headers["Authorization"] == "Basic a2V5OnNlY3JldA=="


@responses.activate
def test_an_answer_without_an_address_leaves_it_empty() -> None:
    responses.post(URL, json={"access_token": "t"})
    assert ask().base_url == ""


@responses.activate
def test_a_refusal_goes_through_the_vendors_own_words() -> None:
    responses.post(URL, status=400, json={"error": "invalid_grant", "error_description": "no such user"})
    with pytest.raises(Refused, match="400 invalid_grant no such user"):
        ask()


@responses.activate
def test_a_token_never_follows_an_answer_into_clear_text() -> None:
    responses.post(URL, json={"access_token": "t", "instance_url": "http://org.example.com"})
    with pytest.raises(Misconfigured, match="not safe"):
        ask()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status": 503, "body": "<html>maintenance</html>"}, Retryable),
        ({"status": 429, "body": ""}, Retryable),
        ({"status": 200, "body": "<html>a login page</html>"}, Malformed),
        ({"status": 200, "json": ["access_token"]}, Malformed),
        ({"status": 302, "headers": {"Location": "https://elsewhere.example.com"}}, Malformed),
        ({"body": requests.ConnectionError("down")}, Retryable),
        ({"body": requests.ReadTimeout("slow")}, Retryable),
        ({"body": requests.exceptions.SSLError("untrusted")}, Misconfigured),
    ],
)
@responses.activate
def test_what_is_no_token_answer_is_named_by_what_to_do(answer: dict[str, Any], error: type[ConnectorError]) -> None:
    responses.post(URL, **answer)
    with pytest.raises(error) as caught:
        ask()
    assert type(caught.value) is error


def test_a_token_does_not_show_in_a_log() -> None:
    assert "hush" not in repr(Granted("hush", ""))


def test_an_assertion_is_signed_and_ends() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    signed = assertion(pem, {"iss": "key", "aud": "https://x"}, now=NOW, lifetime=timedelta(minutes=3))
    claims = jwt.decode(signed, key.public_key(), ["RS256"], audience="https://x", options={"verify_exp": False})
    assert claims == {"iss": "key", "aud": "https://x", "exp": int(NOW.timestamp()) + 180}


@pytest.mark.parametrize(("told", "life"), [(3600, 3600), ("3600", 3600), ("soon", None), (0, None), (True, None)])
@responses.activate
def test_how_long_a_token_holds_is_told_as_number_or_text(told: object, life: int | None) -> None:
    responses.post(URL, json={"access_token": "t", "expires_in": told})
    assert ask().life == (None if life is None else timedelta(seconds=life))


def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


@pytest.mark.parametrize("algorithm", ["PS256", "ES256", "ES384", "ES512"])
def test_a_key_signs_by_its_algorithm_and_names_itself(algorithm: str) -> None:
    curves = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
    key = ec.generate_private_key(curves[algorithm]) if algorithm in curves else rsa_key()
    signed = AssertionKey(pem(key), algorithm, "cert-1").sign({"iss": "me"}, now=NOW, lifetime=timedelta(minutes=3))
    assert jwt.get_unverified_header(signed) == {"alg": algorithm, "kid": "cert-1", "typ": "JWT"}
    assert jwt.decode(signed, key.public_key(), [algorithm], options={"verify_exp": False})["iss"] == "me"


@pytest.mark.parametrize(("algorithm", "sort"), [("PS256", "an RSA key"), ("ES384", "an EC key")])
def test_a_key_of_another_sort_is_a_setting_to_mend(algorithm: str, sort: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1()) if algorithm == "PS256" else rsa_key()
    with pytest.raises(Misconfigured, match=sort):
        AssertionKey(pem(key), algorithm).sign({}, now=NOW, lifetime=timedelta(minutes=3))


def test_an_assertion_key_does_not_show_in_a_log() -> None:
    assert "hush" not in repr(AssertionKey("hush"))


@pytest.mark.parametrize("key", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"])
def test_a_broken_key_is_a_setting_to_mend_and_is_not_quoted(key: str) -> None:
    with pytest.raises(Misconfigured, match="private key") as caught:
        assertion(key, {}, now=NOW, lifetime=timedelta(minutes=3))
    assert "AAAA" not in str(caught.value) + caught.value.detail
