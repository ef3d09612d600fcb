"""Access tokens: one call for the old host, two for the new one, one token for both.

https://open.dingtalk.com/document/development/obtain-orgapp-token
https://open.dingtalk.com/document/development/obtain-the-access-token-of-an-internal-app
https://open.dingtalk.com/document/development/api-gettoken
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.dingtalk.sandbox.api.answers import OldRefusal, bad
from connectors.dingtalk.sandbox.api.endpoint import Call, Endpoint
from connectors.dingtalk.sandbox.api.fields import text
from connectors.dingtalk.sandbox.apps import CORP_ID, Token
from connectors.dingtalk.sandbox.state import State


class TokenCalls:
    """The three token calls, which cost nothing of the month."""

    def __init__(self, state: State) -> None:
        """Give tokens to the applications of `state`."""
        self._state = state

    def endpoints(self) -> Sequence[Endpoint]:
        """Return the calls."""
        return [
            Endpoint("GET", "/gettoken", self._old, open=True),
            Endpoint("POST", "/v1.0/oauth2/accessToken", self._new, open=True),
            Endpoint("POST", "/v1.0/oauth2/{corpId}/token", self._newest, open=True),
        ]

    def _token(self, client_id: str, client_secret: str, at: float) -> tuple[Token, int] | None:
        app = self._state.apps.with_secret(client_id, client_secret)
        if app is None:
            return None
        life = self._state.settings.token_life_s
        token = self._state.apps.issue(app, at, life, renews=self._state.app_switches.token_renews)
        return token, round(token.until - at)

    def _old(self, call: Call) -> Mapping[str, Any]:
        found = self._token(text(call.given, "appkey"), text(call.given, "appsecret"), call.at)
        if found is None:
            raise OldRefusal(40089, "不合法的corpid或corpsecret")
        return {"access_token": found[0].value, "expires_in": found[1]}

    def _new(self, call: Call) -> Mapping[str, Any]:
        found = self._token(text(call.given, "appKey"), text(call.given, "appSecret"), call.at)
        if found is None:
            raise bad("invalidClientIdOrSecret", "无效的clientId或者clientSecret")
        return {"accessToken": found[0].value, "expireIn": found[1]}

    def _newest(self, call: Call) -> Mapping[str, Any]:
        if text(call.given, "grant_type") != "client_credentials":
            raise bad("unsupported.grant.type")
        found = self._token(text(call.given, "client_id"), text(call.given, "client_secret"), call.at)
        if found is None or text(call.given, "corpId") != CORP_ID:
            raise bad("invalid.client")
        return {"access_token": found[0].value, "expires_in": found[1]}
