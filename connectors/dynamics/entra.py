"""Access tokens from Microsoft Entra ID, by an app's secret or certificate.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import uuid4

import jwt
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from connectors.contract import ConnectorError, Misconfigured, Retryable, Token
from connectors.oauth import GrantRefused, TokenEndpoint

LIFETIME = timedelta(minutes=50)
"""Entra gives tokens for 60 to 90 minutes; one that a policy ends sooner is renewed when it is refused."""
PROOF = timedelta(minutes=5)
_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

# https://learn.microsoft.com/entra/identity-platform/reference-error-codes
_ADVICE: Mapping[str, str] = MappingProxyType(
    {
        "AADSTS7000215": "the client secret is wrong: copy the secret's value, not its id",
        "AADSTS7000222": "the client secret has expired: make a new one in the app registration",
        "AADSTS700016": "the tenant does not know this client_id: compare both with the app registration",
        "AADSTS700027": "the certificate is not among those of the app registration: upload it there",
        "AADSTS90002": "there is no such tenant: check `tenant`, and the cloud in which it lives",
        "AADSTS500011": "the tenant does not know the address that the token is for: check `url`",
        "AADSTS7000112": "the app is disabled: enable it in the tenant's enterprise applications",
        "AADSTS53003": "a Conditional Access policy blocks the app: let the tenant's administrator exclude it",
    }
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its private key, both as PEM."""

    certificate: str
    private_key: str = field(repr=False)

    def proof(self, audience: str, client_id: str, now: datetime) -> str:
        """Sign that we are the app, for `PROOF` from `now` (aware) on. Raises Misconfigured for what is no such pair.

        https://learn.microsoft.com/entra/identity-platform/certificate-credentials
        """
        claims = {
            "aud": audience,
            "iss": client_id,
            "sub": client_id,
            "jti": str(uuid4()),
            "nbf": int(now.timestamp()),
            "exp": int((now + PROOF).timestamp()),
        }
        try:
            print_ = x509.load_pem_x509_certificate(self.certificate.encode()).fingerprint(hashes.SHA256())
            thumb = base64.urlsafe_b64encode(print_).rstrip(b"=").decode()
            return jwt.encode(claims, self.private_key, algorithm="PS256", headers={"x5t#S256": thumb})
        except (ValueError, TypeError, jwt.PyJWTError) as fault:
            raise Misconfigured(
                "The certificate or its key cannot be used: give both in PEM form, the RSA key without a passphrase.",
                detail=type(fault).__name__,
            ) from None


@dataclass(frozen=True, slots=True)
class App:
    """An app registration that signs in as itself: `proof` is its secret or its certificate."""

    login: str
    tenant: str
    client_id: str
    proof: str | Certificate = field(repr=False)

    def key(self, resource: str) -> str:
        """The key of its token for `resource` in the cache of all workers."""
        text = f"{self.login}\n{self.tenant}\n{self.client_id}\n{resource}"
        return f"entra:{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    def ask(self, session: requests.Session, resource: str, timeout: tuple[float, float], now: datetime) -> Token:
        """Get a token for `resource`, such as `https://example.crm.dynamics.com`, that begins at `now` (aware).

        `resource` is its `base_url` as well. Raises Retryable, Misconfigured and Malformed.
        """
        url = f"{self.login}/{self.tenant}/oauth2/v2.0/token"
        form = {"grant_type": "client_credentials", "client_id": self.client_id, "scope": f"{resource}/.default"}
        if isinstance(self.proof, Certificate):
            form["client_assertion_type"] = _TYPE
            form["client_assertion"] = self.proof.proof(url, self.client_id, now)
        else:
            form["client_secret"] = self.proof
        granted = TokenEndpoint(url, timeout, _explained).ask(session, form)
        return Token(granted.access_token, resource, now + LIFETIME)


def _explained(refused: GrantRefused) -> ConnectorError:
    found = re.search(r"AADSTS\d{4,9}", refused.description)
    code = found[0] if found else ""
    detail = f"HTTP {refused.status} {refused.error} {code}".rstrip()
    if refused.error in {"temporarily_unavailable", "server_error"} or refused.status >= 500 or refused.status == 429:
        return Retryable("Microsoft Entra gives no tokens at the moment.", detail=detail)
    advice = _ADVICE.get(code, "check `tenant`, `client_id` and the app's secret or certificate")
    return Misconfigured(f"Microsoft Entra refuses a token ({code or refused.error}): {advice}.", detail=detail)
