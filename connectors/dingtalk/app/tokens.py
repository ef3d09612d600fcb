"""The application's access token: one for all workers, asked for by either of DingTalk's calls.

https://open.dingtalk.com/document/development/obtain-the-access-token-of-an-internal-app
https://open.dingtalk.com/document/development/obtain-orgapp-token
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec

from connectors.contract import Malformed, Outcome, Retryable, Services, Token, Unknown
from connectors.dingtalk.app.allowances import ADDRESS, application_budget
from connectors.dingtalk.app.codes import Scope
from connectors.dingtalk.app.settings import Application, TokenCall
from connectors.dingtalk.app.verdict import judge
from connectors.dingtalk.app.wire import Request, Wire

RENEWED_EARLY = timedelta(minutes=9)
"""The cache renews a minute before the end that it is told, DingTalk advises ten minutes.

https://open.dingtalk.com/document/development/server-api-calling-guide
"""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Gives the token of one application. One token serves both families of calls."""

    application: Application
    services: Services = field(repr=False)
    wire: Wire = field(repr=False)

    @property
    def key(self) -> str:
        """The token's key in the cache of all workers."""
        return f"dingtalk:{self.application.key}"

    def get(self) -> Token:
        """Return the token, asking for one when there is none. Raises the contract's errors."""
        return self.services.tokens.get(self.key, self._renewed)

    def spoil(self, token: Token) -> None:
        """Drop a token that DingTalk refused."""
        self.services.tokens.spoil(self.key, token)

    def _renewed(self) -> Token:
        now = self.services.now()
        try:
            status, body = self.wire.send(self._request())
        except Unknown as error:
            raise Retryable("DingTalk's token call gave no answer: it is tried again.", detail=error.detail) from None
        verdict = judge(status, body, now, older=self.application.token_call is TokenCall.OAPI)
        if verdict.outcome is Outcome.UNKNOWN:
            # nothing was done with a token yet, so nothing is in doubt
            raise Retryable("DingTalk's token call failed: it is tried again.", detail=verdict.code)
        if not verdict.fine:
            # without a token nothing of this application goes
            everything = application_budget(self.application)
            stopped = ADDRESS if verdict.scope is Scope.ADDRESS else everything
            raise verdict.error(stopped.key)
        token, life = _granted(verdict.said)
        return Token(token, self.application.api, now + max(life - RENEWED_EARLY, life / 2))

    def _request(self) -> Request:
        application = self.application
        secret = application.client_secret.get_secret_value().strip()
        if application.token_call is TokenCall.OAPI:
            query = urlencode({"appkey": application.client_id, "appsecret": secret})
            return Request("GET", f"{application.oapi}/gettoken?{query}")
        body = msgspec.json.encode({"appKey": application.client_id, "appSecret": secret})
        return Request("POST", f"{application.api}/v1.0/oauth2/accessToken", body)


def _granted(said: Any) -> tuple[str, timedelta]:
    """Read a token and its life: the calls spell both differently."""
    token = said.get("accessToken") or said.get("access_token")
    life = said.get("expireIn") or said.get("expires_in")
    if isinstance(token, str) and token and isinstance(life, int) and 0 < life < 10_000_000:
        return token, timedelta(seconds=life)
    # The body is left out on purpose: a half-understood token answer may hold a token.
    raise Malformed("DingTalk's answer to the token call is not one: check `site`.", body=b"")
