"""The token endpoint: client credentials, JWT bearer, refresh token, username and password; and revocation.

See https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_flows.htm
and, for errors, https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_flow_errors.htm
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from typing import Any
from urllib.parse import parse_qsl

import jwt
from jwt.types import Options
from starlette.requests import Request
from starlette.responses import Response

from connectors.salesforce.sandbox.gate import answer, base_url
from connectors.salesforce.sandbox.org import ORG_ID, ExternalApp, Org

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCES = frozenset({"https://login.salesforce.com", "https://test.salesforce.com"})
# a clock may be three minutes slow; how far ahead `exp` may lie is not looked at (A-SALESFORCE-53)
SKEW_S = 180.0


class GrantError(Exception):
    """A refusal of the token endpoint: an object, unlike the errors of the REST API."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.status = status


class TokenEndpoint:
    """`POST /services/oauth2/token`."""

    def __init__(self, org: Org, app: ExternalApp) -> None:
        self._org = org
        self._app = app

    async def serve(self, request: Request) -> Response:
        """Answer 200 with a token, or an error object."""
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        try:
            response = answer(self._grant(request, form))
        except GrantError as error:
            response = answer({"error": error.error, "error_description": error.description}, error.status)
        response.headers["cache-control"] = "no-store"
        return response

    async def revoke(self, request: Request) -> Response:
        """End a session, or make a refresh token worthless: 200.

        See https://help.salesforce.com/s/articleView?id=sf.remoteaccess_revoke_token.htm
        """
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        token = form.get("token", "")
        if self._org.sessions.close(token) or self._org.sessions.revoke_refresh(token):
            return Response(status_code=200)
        return answer({"error": "unsupported_token_type", "error_description": "this token type is not supported"}, 400)

    def _grant(self, request: Request, form: dict[str, str]) -> dict[str, Any]:
        base = base_url(request)
        match form.get("grant_type"):
            case "client_credentials":
                self._check_client(request, form)
                return self._token(base, self._app.run_as)
            case "refresh_token":
                self._check_client(request, form)
                return self._refresh(base, form.get("refresh_token", ""))
            case "password":
                self._check_client(request, form)
                return self._token(base, self._password(form))
            case kind if kind == JWT_GRANT:
                return self._token(base, self._assertion(form.get("assertion", "")))
        raise GrantError("unsupported_grant_type", "grant type not supported")

    def _check_client(self, request: Request, form: dict[str, str]) -> None:
        # A-SALESFORCE-54: 400 also where the client came by Basic
        status = self._org.switches.wrong_client_status
        client_id, secret = _basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))
        if client_id != self._app.client_id:
            raise GrantError("invalid_client_id", "client identifier invalid", status)
        if not hmac.compare_digest(secret.encode(), self._app.client_secret.encode()):
            raise GrantError("invalid_client", "invalid client credentials", status)

    def _password(self, form: dict[str, str]) -> str:
        user_id = self._org.log_in(form.get("username", ""), form.get("password", ""))
        if user_id is None:
            raise GrantError("invalid_grant", "authentication failure")
        return user_id

    def _refresh(self, base: str, token: str) -> dict[str, Any]:
        user_id = self._org.sessions.refresh_user(token)
        if user_id is None:
            raise GrantError("invalid_grant", "expired access/refresh token")
        granted = self._token(base, user_id)
        if self._org.settings.rotate_refresh_tokens:
            if self._org.switches.rotated_token_dies:
                # A-SALESFORCE-73: no page says for how long the old one is good
                self._org.sessions.revoke_refresh(token)
            granted["refresh_token"] = self._org.sessions.issue_refresh(user_id)
        return granted

    def _assertion(self, assertion: str) -> str:
        """Verify a JWT and return the user that it stands for."""
        try:
            if jwt.decode(assertion, options={"verify_signature": False}).get("iss") != self._app.client_id:
                raise GrantError("invalid_client_id", "client identifier invalid")
            unchecked: Options = {"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False}
            claims = jwt.decode(assertion, self._app.public_key, algorithms=["RS256"], options=unchecked)
        except jwt.InvalidTokenError as error:
            raise GrantError("invalid_grant", "invalid assertion") from error
        if claims.get("aud") not in AUDIENCES:
            raise GrantError("invalid_grant", "audience is invalid")
        if time.time() > _seconds(claims.get("exp")) + SKEW_S:
            raise GrantError("invalid_grant", "expired authorization code")
        user_id = self._org.find_username(str(claims.get("sub", "")))
        if user_id is None:
            raise GrantError("invalid_grant", "user hasn't approved this consumer")
        return user_id

    def _token(self, base: str, user_id: str) -> dict[str, Any]:
        """Return the answer of a grant. It has no `expires_in`: a session's life is a setting of the org."""
        identity = f"{base}/id/{ORG_ID}/{user_id}"
        issued_at = str(int(time.time() * 1000))
        digest = hmac.digest(self._app.client_secret.encode(), (identity + issued_at).encode(), hashlib.sha256)
        return {
            "access_token": self._org.sessions.open(user_id),
            "signature": base64.b64encode(digest).decode(),
            "scope": "api refresh_token",
            "instance_url": base,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued_at,
        }


def _basic(request: Request) -> tuple[str, str] | None:
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.casefold() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise GrantError("invalid_client", "invalid client credentials") from error
    return name, secret


def _seconds(claim: object) -> float:
    """Read `exp`, which some clients send as a string of digits."""
    try:
        return float(str(claim))
    except ValueError as error:
        raise GrantError("invalid_grant", "invalid assertion") from error
