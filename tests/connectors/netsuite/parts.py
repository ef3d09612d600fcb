"""What the tests of this connector share: settings, services with a clock, and a client at a scripted vendor."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connectors.contract import Page, Services, Token
from connectors.netsuite.client import Client
from connectors.netsuite.settings import NetSuiteSettings
from connectors.netsuite.wire import Account
from connectors.transport import open_session
from tests.connectors.netsuite.vendor import Vendor

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ZONE = "America/Los_Angeles"
TBA = {"consumer_key": "ck", "consumer_secret": "consumer-hush", "token_id": "tk", "token_secret": "token-hush"}
ORDERS = {"fields": ["total", "entity", "status", "tranDate", "item.item", "item.quantity", "item.amount"]}


class Tokens:
    """A token cache of one process with one renewal at a time."""

    def __init__(self) -> None:
        self.held: dict[str, Token] = {}
        self.spoilt: list[str] = []
        self._lock = threading.Lock()

    def get(self, key: str, renew: Callable[[], Token]) -> Token:
        with self._lock:
            if key not in self.held:
                self.held[key] = renew()
            return self.held[key]

    def spoil(self, key: str, token: Token) -> None:
        with self._lock:
            if self.held.get(key) == token:
                self.spoilt.append(token.value)
                del self.held[key]


class Secrets:
    def load(self, key: str) -> str | None:
        del key
        return None

    def store(self, key: str, value: str) -> None:
        raise AssertionError(f"nothing is kept: {key} {len(value)}")

    def swap(self, key: str, known: str | None, value: str) -> bool:
        raise AssertionError(f"nothing is kept: {key} {known} {len(value)}")


@dataclass
class Desk:
    """The runner's side, with a clock that tests set."""

    now: datetime = NOW
    tokens: Tokens = field(default_factory=Tokens)
    waited: list[float] = field(default_factory=list)

    def services(self) -> Services:
        return Services(
            session=lambda: open_session(connect=5.0, read=5.0, ca=None, proxy=None, pool=4),
            tokens=self.tokens,
            now=lambda: self.now,
            observe=lambda _key, _used, _limit: None,
            vault=Secrets(),
        )

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)


@cache
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def oauth2() -> dict[str, str]:
    form = serialization.PrivateFormat.PKCS8
    pem = key().private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
    return {"client_id": "client-1", "certificate_id": "cert-1", "private_key": pem, "algorithm": "ES256"}


def settings(vendor: Vendor | None = None, **changes: Any) -> NetSuiteSettings:
    whole = {
        "account": "123456_SB1",
        "base_url": vendor.base if vendor else "http://127.0.0.1:9",
        "auth": {"tba": TBA},
        "zone": ZONE,
        "kinds": {"salesOrder": ORDERS},
        "read_timeout": "5s",
    } | changes
    return NetSuiteSettings.model_validate(whole)


def account(vendor: Vendor, desk: Desk, **changes: Any) -> Account:
    return Account(settings(vendor, **changes), desk.services(), desk.waited.append)


def client(vendor: Vendor, desk: Desk, **changes: Any) -> Client:
    return Client("erp", settings(vendor, **changes), desk.services())


def drained(client: Client, kind: str, cursor: str | None = None) -> list[Page]:
    """Pull until the round is over."""
    pages: list[Page] = []
    while not pages or pages[-1].more:
        assert len(pages) < 200, "the round does not end"
        pages.append(client.pull(kind, cursor))
        cursor = pages[-1].cursor
    return pages
