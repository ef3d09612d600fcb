"""OAuth 2.0: an assertion that a certificate signed, for an access token."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest

from tests.connectors.netsuite.sandbox.served import Served, detail

CHECK = "/services/rest/system/v1/serverTime"


@pytest.mark.parametrize("algorithm", ["PS256", "ES256"])
def test_both_kinds_of_keys_get_a_token_that_works(ns: Served, algorithm: str) -> None:
    answer = ns.grant(ns.assertion(algorithm))
    body = answer.json()
    assert (answer.status_code, body["expires_in"], body["token_type"]) == (200, 3600, "Bearer")
    assert set(body) == {"access_token", "expires_in", "token_type"}
    ns.tokens["own"] = body["access_token"]
    assert ns.call("GET", CHECK).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://login.example/services/rest/auth/oauth2/v1/token"},
        {"iss": "0" * 64},
        {"kid": "notACertificate"},
        {"iat": int(time.time()) - 7200, "exp": int(time.time()) - 3700},
        {"exp": int(time.time()) + 7300},
        {"key_of": "PS256", "algorithm": "PS256", "kid": "twinEs256CertificateId"},
        {"algorithm": "RS256", "key_of": "PS256"},
    ],
    ids=["audience", "issuer", "kid", "expired", "too long", "another key", "RS256"],
)
def test_an_assertion_that_does_not_hold_is_refused(ns: Served, changed: dict[str, Any]) -> None:
    answer = ns.grant(ns.assertion(**changed))
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})


def test_the_audience_may_be_the_vendors_own_address(ns: Served) -> None:
    address = "https://tstdrv100042-sb1.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token"
    assert ns.grant(ns.assertion(aud=address)).status_code == 200


def test_scopes_are_known_and_bind(ns: Served) -> None:
    assert ns.grant(ns.assertion(scope="everything")).json() == {"error": "invalid_scope"}
    ns.tokens["own"] = ns.grant(ns.assertion(scope=["restlets"])).json()["access_token"]
    assert detail(ns.call("GET", CHECK)) == (401, "INVALID_LOGIN")


def test_forms_that_lack_something_are_refused(ns: Served) -> None:
    assertion = ns.assertion()
    assert ns.grant(assertion, grant_type="password").json() == {"error": "unsupported_grant_type"}
    assert ns.grant(assertion, client_assertion_type="jwt").json() == {"error": "invalid_request"}
    as_json = ns.http.post(ns.facts["token_url"], json={"client_assertion": assertion}, timeout=10)
    assert (as_json.status_code, as_json.json()) == (400, {"error": "invalid_request"})
    assert ns.grant("not.a.token").json() == {"error": "invalid_grant"}


def test_an_assertion_without_a_scope_is_refused(ns: Served) -> None:
    certificate = ns.facts["certificates"]["ES256"]
    now = int(time.time())
    claims = {"iss": ns.facts["client_id"], "aud": ns.facts["token_url"], "iat": now, "exp": now + 60}
    bare = jwt.encode(claims, certificate["private_key"], algorithm="ES256", headers={"kid": certificate["kid"]})
    assert ns.grant(bare).json() == {"error": "invalid_grant"}


def test_a_revoked_certificate_gets_nothing_and_its_tokens_go_on(ns: Served) -> None:
    ns.bearer()
    ns.control("POST", "/certificates", {"kid": ns.facts["certificates"]["ES256"]["kid"]})
    assert ns.grant(ns.assertion()).status_code == 400
    assert ns.call("GET", CHECK).status_code == 200


def test_an_expired_token_is_refused_and_the_answer_tells_so(ns: Served) -> None:
    ns.settings(token_seconds=0.0)
    answer = ns.call("GET", CHECK)
    assert detail(answer) == (401, "INVALID_LOGIN")
    assert answer.json()["title"] == "Unauthorized"
    assert 'realm="TSTDRV100042_SB1"' in answer.headers["WWW-Authenticate"]


def test_all_tokens_can_be_ended(ns: Served) -> None:
    ns.bearer()
    assert ns.control("POST", "/expire-tokens")["expired"] == 1
    assert ns.call("GET", CHECK).status_code == 401


def test_a_role_that_may_not_log_in_gets_no_token(ns: Served) -> None:
    ns.control("POST", "/roles", {"role": "Bridge", "features": ["REST Web Services"]})
    assert ns.grant(ns.assertion()).status_code == 400
