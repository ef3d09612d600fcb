"""The token endpoint: three grants, and the error object of each refusal."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.connectors.salesforce.sandbox.served import Served

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def assertion(sf: Served, key: Any = None, **changes: Any) -> str:
    facts = sf.facts
    claims = {
        "iss": facts["client_id"],
        "sub": facts["jwt"]["username"],
        "aud": facts["jwt"]["audience"],
        "exp": int(time.time()) + 120,
    }
    return jwt.encode(claims | changes, key or facts["jwt"]["private_key"], algorithm="RS256")


def refused(response: requests.Response) -> tuple[int, str, str]:
    body = response.json()
    return response.status_code, body["error"], body["error_description"]


@pytest.mark.parametrize("basic", [True, False])
def test_client_credentials_give_a_token_without_an_expiry(sf: Served, basic: bool) -> None:
    facts = sf.facts
    pair = (facts["client_id"], facts["client_secret"])
    form = {} if basic else dict(zip(("client_id", "client_secret"), pair, strict=True))
    response = sf.http.post(
        facts["token_url"],
        data={"grant_type": "client_credentials", **form},
        auth=pair if basic else None,
        timeout=10,
    )
    body = response.json()
    assert response.status_code == 200
    assert body["instance_url"] == sf.base
    assert body["token_type"] == "Bearer"
    assert "expires_in" not in body
    assert sf.call("GET", "/limits", token=body["access_token"]).status_code == 200


def test_wrong_client_and_wrong_secret_are_told_apart(sf: Served) -> None:
    known = sf.facts["client_id"]
    wrong_secret = sf.grant(grant_type="client_credentials", client_id=known, client_secret="x")
    wrong_client = sf.grant(grant_type="client_credentials", client_id="x", client_secret="x")
    assert refused(wrong_secret) == (400, "invalid_client", "invalid client credentials")
    assert refused(wrong_client) == (400, "invalid_client_id", "client identifier invalid")


def test_an_unknown_grant_is_refused(sf: Served) -> None:
    refusal = refused(sf.grant(grant_type="device"))
    assert refusal == (400, "unsupported_grant_type", "grant type not supported")


@pytest.mark.parametrize("text", [False, True])
def test_a_jwt_runs_as_its_subject(sf: Served, text: bool) -> None:
    exp = int(time.time()) + 120
    signed = jwt.encode(
        {
            "iss": sf.facts["client_id"],
            "sub": "tessa@harbour.example",
            "aud": "https://test.salesforce.com",
            "exp": str(exp) if text else exp,
        },
        sf.facts["jwt"]["private_key"],
        algorithm="RS256",
    )
    body = sf.grant(grant_type=JWT_GRANT, assertion=signed).json()
    identity = sf.http.get(body["id"], headers={"Authorization": f"Bearer {body['access_token']}"}, timeout=10).json()
    assert identity["username"] == "tessa@harbour.example"
    assert "refresh_token" not in body


@pytest.mark.parametrize(
    ("changes", "error", "description"),
    [
        ({"aud": "https://other.example"}, "invalid_grant", "audience is invalid"),
        ({"exp": int(time.time()) - 600}, "invalid_grant", "expired authorization code"),
        ({"sub": "nobody@harbour.example"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"iss": "other"}, "invalid_client_id", "client identifier invalid"),
    ],
)
def test_a_jwt_with_a_wrong_claim_is_refused(sf: Served, changes: dict[str, Any], error: str, description: str) -> None:
    refusal = refused(sf.grant(grant_type=JWT_GRANT, assertion=assertion(sf, **changes)))
    assert refusal == (400, error, description)


def test_a_jwt_signed_with_another_key_is_refused(sf: Served) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    refusal = refused(sf.grant(grant_type=JWT_GRANT, assertion=assertion(sf, key=other)))
    assert refusal == (400, "invalid_grant", "invalid assertion")


def test_what_is_no_jwt_is_refused(sf: Served) -> None:
    refusal = refused(sf.grant(grant_type=JWT_GRANT, assertion="not.a.token"))
    assert refusal == (400, "invalid_grant", "invalid assertion")


def renew(sf: Served, token: str) -> requests.Response:
    facts = sf.facts
    return sf.grant(
        grant_type="refresh_token",
        client_id=facts["client_id"],
        client_secret=facts["client_secret"],
        refresh_token=token,
    )


def test_a_refresh_token_stays_good(sf: Served) -> None:
    token = sf.facts["refresh_token"]
    first, second = renew(sf, token).json(), renew(sf, token).json()
    assert first["access_token"] != second["access_token"]
    assert "refresh_token" not in first


def test_with_rotation_a_refresh_token_is_good_once(sf: Served) -> None:
    sf.control("POST", "/settings", {"rotate_refresh_tokens": True})
    token = sf.facts["refresh_token"]
    replacement = renew(sf, token).json()["refresh_token"]
    assert refused(renew(sf, token)) == (400, "invalid_grant", "expired access/refresh token")
    assert renew(sf, replacement).status_code == 200


def test_expired_sessions_get_an_array(sf: Served) -> None:
    assert sf.call("GET", "/limits").status_code == 200
    assert sf.control("POST", "/expire-tokens")["expired"] == 1
    response = sf.call("GET", "/limits")
    assert response.status_code == 401
    assert response.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    sf.tokens.clear()
    assert sf.call("GET", "/limits").status_code == 200


def test_a_session_ends_by_itself(sf: Served) -> None:
    sf.control("POST", "/settings", {"session_seconds": 0.05})
    sf.token()
    time.sleep(0.06)
    assert sf.call("GET", "/limits").status_code == 401
