"""The accounts server: consent, grant codes and tokens.

See https://www.zoho.com/crm/developer/docs/api/v8/access-refresh.html and, for the errors,
https://www.zoho.com/accounts/protocol/oauth/web-apps/access-token-expiry.html
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from connectors.zoho.sandbox import wire
from connectors.zoho.sandbox.centres import accounts_url, api_domain, base_url, centre_of
from connectors.zoho.sandbox.org import App, Org
from connectors.zoho.sandbox.people import find_user
from connectors.zoho.sandbox.tokens import Grant

JSON = "application/json;charset=UTF-8"
TOO_MANY = {
    "error_description": "You have made too many requests continuously. Please try again after some time.",
    "error": "Access Denied",
    "status": "failure",
}


class GrantError(Exception):
    """A refusal of the token endpoint: an object with one word."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts servers of all data centres."""

    org: Org
    app: App

    async def consent(self, request: Request) -> Response:
        """Send the browser back with a grant code at once: here everybody consents.

        `login_hint` chooses the user by address.
        """
        asked = request.query_params
        user = find_user(asked.get("login_hint", self.app.user.email))
        if asked.get("client_id") != self.app.client_id or user is None:
            return _answer({"error": "invalid_client"}, 400)
        if asked.get("redirect_uri") != self.app.redirect_uri:
            return _answer({"error": "invalid_redirect_uri"}, 400)
        centre = centre_of(request)
        scopes = frozenset(filter(None, asked.get("scope", "").replace(" ", ",").split(",")))
        back = {
            "code": self.org.tokens.issue_code(Grant(user, scopes, centre), self.app.redirect_uri),
            "location": centre,
            "accounts-server": accounts_url(base_url(request), centre),
        }
        if "state" in asked:
            back = {"state": asked["state"], **back}
        return RedirectResponse(f"{self.app.redirect_uri}?{urlencode(back)}", 302)

    async def token(self, request: Request) -> Response:
        """Answer with a token, or with `error`. Parameters may stand in the query or in a form."""
        body = (await request.body()).decode("utf-8", "replace")
        form = {**request.query_params, **dict(parse_qsl(body, keep_blank_values=True))}
        try:
            return self._grant(request, form)
        except GrantError as error:
            # A-ZOHO-51: clients report 200 for these
            return _answer({"error": str(error)}, self.org.switches.token_error_status)

    async def revoke(self, request: Request) -> Response:
        """Make a refresh token worthless."""
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        token = request.query_params.get("token", form.get("token", ""))
        if self.org.tokens.granted(token) is None:
            return _answer({"error": "invalid_token"}, self.org.switches.token_error_status)
        self.org.tokens.revoke(token)
        return _answer({"status": "success"})

    def _grant(self, request: Request, form: dict[str, str]) -> Response:
        self._check_client(request, form)
        centre, made = centre_of(request), {}
        match form.get("grant_type"):
            case "authorization_code":
                refresh = self._take_code(centre, form)
                made = {"refresh_token": refresh}
            case "refresh_token":
                refresh = form.get("refresh_token", "")
            case _:
                raise GrantError("unsupported_grant_type")
        grant = self.org.tokens.granted(refresh)
        if grant is None or grant.centre != centre:
            raise GrantError("invalid_code")
        token = self.org.tokens.open(refresh)
        if token is None:
            return _answer(TOO_MANY, 400)
        return _answer({"access_token": token, **made, **self._about(request, grant)})

    def _about(self, request: Request, grant: Grant) -> dict[str, Any]:
        return {
            "scope": " ".join(sorted(grant.scopes)),
            "api_domain": api_domain(base_url(request), grant.centre),
            "token_type": "Bearer",
            "expires_in": int(self.org.settings.token_seconds),
        }

    def _take_code(self, centre: str, form: dict[str, str]) -> str:
        code = self.org.tokens.take_code(form.get("code", ""))
        if code is None or code.grant.centre != centre:
            raise GrantError("invalid_code")
        if form.get("redirect_uri", code.redirect_uri) != code.redirect_uri:
            raise GrantError("invalid_redirect_uri")
        return self.org.tokens.issue_refresh(code.grant)

    def _check_client(self, request: Request, form: dict[str, str]) -> None:
        """Look at the client: where it is not registered, nobody knows it."""
        if form.get("client_id") != self.app.client_id or centre_of(request) not in self.org.settings.centres:
            raise GrantError("invalid_client")
        if not hmac.compare_digest(form.get("client_secret", "").encode(), self.app.client_secret.encode()):
            raise GrantError("invalid_client_secret")


def _answer(body: dict[str, Any], status: int = 200) -> Response:
    return Response(wire.encode(body), status, media_type=JSON, headers={"cache-control": "no-store"})
