"""Who sends a request: by an access token of OAuth 2.0, or by a signature of token-based authentication."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from connectors.netsuite.sandbox import tba
from connectors.netsuite.sandbox.credentials import ACCOUNT_ID, Credentials
from connectors.netsuite.sandbox.roles import Caller, Feature, Role


@dataclass(frozen=True, slots=True)
class Login:
    """The way in."""

    credentials: Credentials
    roles: Mapping[int, Role]

    def by_header(self, method: str, url: str, header: str) -> Caller | None:
        """Return who sent a request to REST or a RESTlet, None when it is not believed."""
        scheme, _, token = header.partition(" ")
        if scheme.casefold() == "bearer":
            return self.credentials.caller(token.strip())
        passport = tba.from_header(method, url, header)
        return self.by_passport(passport) if passport else None

    def by_passport(self, passport: tba.Passport) -> Caller | None:
        """Return who signed, None when the signature, the nonce or the time is not good."""
        token = self.credentials.tokens.get(passport.token)
        if token is None or token.integration.client_id != passport.consumer or passport.account != ACCOUNT_ID:
            return None
        if (
            passport.method != tba.METHOD
            or not tba.NONCE.fullmatch(passport.nonce)
            or not passport.timestamp.isdecimal()
        ):
            return None
        good = tba.signature(passport.base, token.integration.secret, token.secret)
        if not hmac.compare_digest(good.encode(), passport.signature.encode()):
            return None
        role = self.roles[token.role]
        if not role.has(Feature.TOKENS):
            return None
        if not self.credentials.fresh(token.key, passport.nonce, int(passport.timestamp)):
            return None
        return Caller(token.employee, role, token.integration.client_id)
