"""The token endpoint of OAuth 2.0: client credentials, by an assertion that a certificate signed.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_162755359851.html and
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/subsect_162755332391.html
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from starlette.requests import Request
from starlette.responses import Response

from connectors.netsuite.sandbox.account import Account
from connectors.netsuite.sandbox.credentials import ACCOUNT_ID, Certificate
from connectors.netsuite.sandbox.gate import base_url
from connectors.netsuite.sandbox.roles import Caller, Feature

PATH = "/services/rest/auth/oauth2/v1/token"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
RSA_ALGORITHMS = ["PS256", "PS384", "PS512"]
EC_ALGORITHMS = ["ES256", "ES384", "ES512"]
SCOPES = frozenset({"restlets", "rest_webservices", "suite_analytics"})
LONGEST_S = 3600
SKEW_S = 60


class GrantError(Exception):
    """A refusal of the token endpoint. `code` is empty where the assertion does not hold."""

    def __init__(self, code: str = "") -> None:
        super().__init__(code or "the assertion does not hold")
        self.code = code


class TokenEndpoint:
    """`POST /services/rest/auth/oauth2/v1/token`."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def serve(self, request: Request) -> Response:
        """Answer 200 with an access token, or 400 with an error."""
        try:
            return _json(self._grant(base_url(request), _form(request, await request.body())), 200)
        except GrantError as error:
            # A-NETSUITE-19: no page lists the errors of an assertion
            return _json({"error": error.code or self._account.switches.assertion_error}, 400)

    def _grant(self, base: str, form: dict[str, str]) -> dict[str, Any]:
        if "grant_type" not in form or form.get("client_assertion_type") != ASSERTION_TYPE:
            raise GrantError("invalid_request")
        if form["grant_type"] != "client_credentials":
            raise GrantError("unsupported_grant_type")
        caller = self._assertion(base, form.get("client_assertion", ""))
        seconds = int(self._account.settings.token_seconds)
        # the vendor's sample answers a number, its table a text: https://www.rfc-editor.org/rfc/rfc6749#section-5.1
        return {"access_token": self._account.credentials.open(caller), "expires_in": seconds, "token_type": "Bearer"}

    def _assertion(self, base: str, assertion: str) -> Caller:
        try:
            header = jwt.get_unverified_header(assertion)
            certificate = self._account.credentials.certificates.get(str(header.get("kid", "")))
            if certificate is None or certificate.revoked or header.get("typ") != "JWT":
                raise GrantError
            claims = self._claims(assertion, certificate, base)
        except jwt.InvalidTokenError as error:
            raise GrantError from error
        role = self._account.roles[certificate.role]
        if not role.has(Feature.OAUTH2):
            raise GrantError
        return Caller(certificate.employee, role, certificate.integration.client_id, _scopes(claims.get("scope")))

    def _claims(self, assertion: str, certificate: Certificate, base: str) -> dict[str, Any]:
        audience = [f"{base}{PATH}", f"https://{host()}.suitetalk.api.netsuite.com{PATH}"]
        claims: dict[str, Any] = jwt.decode(
            assertion,
            certificate.key,
            algorithms=RSA_ALGORITHMS if isinstance(certificate.key, RSAPublicKey) else EC_ALGORITHMS,
            audience=audience,
            issuer=certificate.integration.client_id,
            leeway=SKEW_S,
            options={"require": ["iss", "aud", "iat", "exp", "scope"]},
        )
        if claims["exp"] - claims["iat"] > LONGEST_S or claims["exp"] <= time.time() - SKEW_S:
            raise GrantError
        return claims


def _form(request: Request, body: bytes) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind != "application/x-www-form-urlencoded":
        raise GrantError("invalid_request")
    return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


def host() -> str:
    """Return the account id as it stands in host names."""
    return ACCOUNT_ID.lower().replace("_", "-")


def _scopes(claim: object) -> frozenset[str]:
    wanted = claim if isinstance(claim, list) else str(claim).split(",")
    scopes = frozenset(str(one).strip() for one in wanted)
    if not scopes or not scopes <= SCOPES:
        raise GrantError("invalid_scope")
    return scopes


def _json(body: dict[str, Any], status: int) -> Response:
    headers = {"cache-control": "no-store"}
    return Response(msgspec.json.encode(body), status, headers, media_type="application/json")
