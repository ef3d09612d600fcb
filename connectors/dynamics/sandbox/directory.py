"""The tenant: its applications, and the access tokens that were issued to them."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from enum import StrEnum

from connectors.dynamics.sandbox.settings import Settings

TENANT_ID = "7d3a1c52-5b0e-4c41-9a6d-2f8f4f0e6b11"
TENANT_DOMAIN = "harbour.example"
CENTRAL_RESOURCE = "https://api.businesscentral.dynamics.com"


class Resource(StrEnum):
    """For which API a token is good."""

    DATAVERSE = "dataverse"
    CENTRAL = "businesscentral"


@dataclass(frozen=True, slots=True)
class Key:
    """A certificate of an application with its keys (all PEM) and its thumbprints as `x5t` and `x5t#S256`."""

    private: str
    certificate: str
    public: str
    sha1: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Application:
    """An application that is registered in the tenant."""

    client_id: str
    secret: str
    key: Key


@dataclass(frozen=True, slots=True)
class Token:
    """Whose token it is, for what, and until when (monotonic seconds)."""

    client_id: str
    resource: Resource
    expires: float


@dataclass(slots=True)
class Directory:
    """Applications and living tokens."""

    settings: Settings
    applications: dict[str, Application] = field(default_factory=dict)
    _tokens: dict[str, Token] = field(default_factory=dict)

    def add(self, application: Application) -> None:
        """Register an application."""
        self.applications[application.client_id] = application

    def issue(self, client_id: str, resource: Resource) -> str:
        """Return a new access token."""
        text = f"eyJ0eXAiOiJKV1QifQ.{secrets.token_urlsafe(96)}.{secrets.token_urlsafe(32)}"
        self._tokens[text] = Token(client_id, resource, time.monotonic() + self.settings.token_seconds)
        return text

    def client(self, token: str, resource: Resource) -> str | None:
        """Return to which application a token was issued; None when it is unknown, expired or for another API."""
        found = self._tokens.get(token)
        if found is None or found.resource is not resource or time.monotonic() >= found.expires:
            return None
        return found.client_id

    def expire(self) -> int:
        """Make all tokens worthless and return how many there were."""
        ended = len(self._tokens)
        self._tokens.clear()
        return ended
