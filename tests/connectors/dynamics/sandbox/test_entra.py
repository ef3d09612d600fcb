"""The token endpoint, and what its tokens are good for."""

from __future__ import annotations

import time
import uuid
from typing import Any

import jwt
import pytest

from connectors.dynamics.sandbox.entra import ASSERTION
from tests.connectors.dynamics.sandbox.served import Served, error


def assertion(d365: Served, headers: dict[str, str] | None = None, **claims: Any) -> str:
    facts, now = d365.facts, int(time.time())
    own = {"iss": facts["client_id"], "sub": facts["client_id"], "aud": facts["token_url"], "jti": str(uuid.uuid4())}
    whole = {**own, "nbf": now, "exp": now + 600, **claims}
    certificate = facts["certificate"]
    return jwt.encode(whole, certificate["private_key"], "RS256", headers or {"x5t": certificate["x5t"]})


def by_certificate(d365: Served, signed: str) -> Any:
    form = d365.credentials(client_assertion_type=ASSERTION, client_assertion=signed)
    form.pop("client_secret")
    return d365.grant(**form)


def test_a_secret_buys_a_token_that_opens_the_api_of_its_scope_alone(d365: Served) -> None:
    granted = d365.grant(**d365.credentials()).json()
    other = {"Authorization": f"Bearer {d365.token('businesscentral')}"}
    wrong = d365.http.get(f"{d365.facts['dataverse']['api']}/WhoAmI", headers=other)
    assert granted["token_type"] == "Bearer"
    assert granted["expires_in"] == granted["ext_expires_in"] == 3599
    assert d365.dv("GET", "/WhoAmI").json()["UserId"] == d365.user("integration")["systemuserid"]
    assert wrong.status_code == 401
    assert wrong.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=https://login.microsoftonline.com/")


@pytest.mark.parametrize("thumbprint", ["x5t", "x5t#S256"])
def test_a_certificate_is_as_good_as_a_secret(d365: Served, thumbprint: str) -> None:
    signed = assertion(d365, {thumbprint: d365.facts["certificate"][thumbprint]})
    assert by_certificate(d365, signed).status_code == 200


@pytest.mark.parametrize(
    ("change", "number"),
    [({"exp": 1}, 700024), ({"aud": "https://elsewhere.example"}, 700023), ({"sub": "somebody"}, 700021)],
)
def test_a_wrong_assertion_is_refused_by_what_is_wrong(d365: Served, change: dict[str, Any], number: int) -> None:
    refused = by_certificate(d365, assertion(d365, **change))
    assert refused.status_code == 401
    assert refused.json()["error"] == "invalid_client"
    assert refused.json()["error_codes"] == [number]


def test_a_certificate_that_is_not_registered_is_refused(d365: Served) -> None:
    refused = by_certificate(d365, assertion(d365, {"x5t": "AAAA"}))
    assert refused.json()["error_codes"] == [700027]


@pytest.mark.parametrize(
    ("change", "status", "name", "number"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_id": str(uuid.UUID(int=7))}, 400, "unauthorized_client", 700016),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": "https://other.example/.default"}, 400, "invalid_resource", 500011),
        ({"scope": "user.read"}, 400, "invalid_scope", 1002012),
        ({"tenant": "nowhere.example"}, 400, "invalid_request", 90002),
    ],
)
def test_a_refusal_says_its_number(d365: Served, change: dict[str, str], status: int, name: str, number: int) -> None:
    refused = d365.grant(**d365.credentials(**change))
    body = refused.json()
    assert (refused.status_code, body["error"], body["error_codes"]) == (status, name, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert set(body) >= {"trace_id", "correlation_id", "timestamp"}


@pytest.mark.parametrize("left_out", ["grant_type", "client_id", "scope"])
def test_what_is_missing_is_named(d365: Served, left_out: str) -> None:
    form = d365.credentials()
    form.pop(left_out)
    body = d365.grant(**form).json()
    assert body["error_codes"] == [900144]
    assert left_out in body["error_description"]


def test_an_application_without_a_user_gets_a_token_and_nothing_else(d365: Served) -> None:
    stranger = d365.facts["client_id_without_user"]
    d365.tokens["dataverse"] = d365.grant(**d365.credentials(client_id=stranger)).json()["access_token"]
    assert error(d365.dv("GET", "/WhoAmI")) == (403, "0x80072560")


def test_a_token_ends(d365: Served) -> None:
    d365.token()
    d365.control("POST", "/expire-tokens")
    assert d365.dv("GET", "/accounts").status_code == 401


def test_the_tenants_domain_and_its_document_lead_to_the_same_endpoint(d365: Served) -> None:
    domain = d365.facts["tenant_domain"]
    document = d365.http.get(f"{d365.base}/{domain}/v2.0/.well-known/openid-configuration").json()
    granted = d365.http.post(document["token_endpoint"], data=d365.credentials())
    assert granted.status_code == 200


def test_an_assertion_that_cannot_be_read_and_one_of_another_kind(d365: Served) -> None:
    assert by_certificate(d365, "x.y").json()["error_codes"] == [50027]
    form = d365.credentials(client_assertion_type="password", client_assertion=assertion(d365))
    assert d365.grant(**form).json()["error_codes"] == [900144]


def test_somebody_elses_signature_is_refused(d365: Served) -> None:
    head, body, _signature = assertion(d365).split(".")
    assert by_certificate(d365, f"{head}.{body}.AAAA").json()["error_codes"] == [700027]


def test_neither_secret_nor_certificate(d365: Served) -> None:
    form = d365.credentials()
    form.pop("client_secret")
    refused = d365.grant(**form)
    assert (refused.status_code, refused.json()["error_codes"]) == (401, [7000218])
