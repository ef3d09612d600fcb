"""What the tests of this connector share: settings, services, recorded payloads."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

from connectors.contract import Services, Token
from connectors.salesforce.settings import SalesforceSettings
from connectors.salesforce.wire import Said
from tests.contract.case import Secrets

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
URL = "https://example.my.salesforce.com"
DATA = URL + "/services/data/v62.0"
TOKEN = URL + "/services/oauth2/token"
FIXTURES = Path(__file__).parent / "fixtures"

CLIENT_CREDENTIALS = {"client_credentials": {"client_id": "key-1", "client_secret": "secret-1"}}
OPPORTUNITY = {"fields": ["Amount", "StageName"], "number": "Name"}


def text(name: str) -> str:
    return (FIXTURES / f"{name}.json").read_text(encoding="utf-8")


def payload(name: str) -> Any:
    """A recorded body as the wire hands it on: decimals are Decimal."""
    return json.loads(text(name), parse_float=Decimal)


def settings(**changes: Any) -> SalesforceSettings:
    whole = {"url": URL, "auth": CLIENT_CREDENTIALS, "kinds": {"Opportunity": OPPORTUNITY}} | changes
    return SalesforceSettings.model_validate(whole)


@dataclass
class Tokens:
    """A token cache of one process with one renewal at a time."""

    held: dict[str, Token] = field(default_factory=dict)
    spoilt: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: str, renew: Callable[[], Token]) -> Token:
        with self.lock:
            if key not in self.held:
                self.held[key] = renew()
            return self.held[key]

    def spoil(self, key: str, token: Token) -> None:
        with self.lock:
            if self.held.get(key) == token:
                self.spoilt.append(token.value)
                del self.held[key]


@dataclass
class Desk:
    """The runner's side of `Services`, with a clock that tests set."""

    now: datetime = NOW
    tokens: Tokens = field(default_factory=Tokens)
    seen: list[tuple[str, int, int]] = field(default_factory=list)
    session: requests.Session = field(default_factory=requests.Session)
    vault: Secrets = field(default_factory=Secrets)

    def services(self) -> Services:
        return Services(
            session=lambda: self.session,
            tokens=self.tokens,
            now=lambda: self.now,
            observe=lambda key, used, limit: self.seen.append((key, used, limit)),
            vault=self.vault,
        )

    def signed_in(self, key: str, value: str = "token-1", base_url: str = URL) -> None:
        self.tokens.held[key] = Token(value, base_url, self.now + timedelta(minutes=10))


@dataclass
class Script:
    """A way to the org that answers by object and by list: descriptions by name, queries one after the other."""

    descriptions: Mapping[str, Any]
    answers: list[Any] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    spans: list[tuple[str, str]] = field(default_factory=list)
    described: list[str] = field(default_factory=list)
    said: Said = field(default_factory=Said)

    def call(self, path: str, **request: Any) -> Any:
        if path.endswith("/describe"):
            name = path.split("/")[1]
            self.described.append(name)
            found = self.descriptions[name]
        else:
            self.asked.append((path, request["params"].get("q", "")))
            self.spans.append((request["params"].get("start", ""), request["params"].get("end", "")))
            found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found
