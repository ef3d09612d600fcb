"""What the tests of this connector share: settings, services with a clock, and a client at a scripted vendor."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.contract import Action, Page, Services, Token, Verb
from connectors.transport import open_session
from connectors.zoho.client import Client
from connectors.zoho.settings import ZohoSettings
from tests.connectors.zoho.vendor import Said, Vendor, payload

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRET, REFRESH, PERSONAL = "client-secret-1", "1000.refresh-integration", "1000.refresh-of-mei"
MEI = "554023000000235011"
DEAL = "554023000000527001"
STAMP = "2026-03-02T16:40:00+08:00"
VERSION = "2026-03-02T08:40:00+00:00"

DEALS = {"fields": ["Amount", "Stage", "Closing_Date", "Account_Name", "Owner"], "number": "Deal_Name"}


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
    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def load(self, key: str) -> str | None:
        return self.kept.get(key)

    def store(self, key: str, secret: str) -> None:
        self.kept[key] = secret


@dataclass
class Desk:
    """The runner's side, with a clock that tests set."""

    now: datetime = NOW
    tokens: Tokens = field(default_factory=Tokens)
    vault: Secrets = field(default_factory=Secrets)
    seen: list[tuple[str, int, int]] = field(default_factory=list)
    read_s: float = 5.0

    def services(self) -> Services:
        return Services(
            session=lambda: open_session(connect=5.0, read=self.read_s, ca=None, proxy=None, pool=4),
            tokens=self.tokens,
            now=lambda: self.now,
            observe=lambda key, used, limit: self.seen.append((key, used, limit)),
            vault=self.vault,
        )

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)


def settings(vendor: Vendor | None = None, **changes: Any) -> ZohoSettings:
    whole = {
        "accounts_url": vendor.base if vendor else "http://127.0.0.1:9",
        "client_id": "1000.CLIENT",
        "client_secret": SECRET,
        "refresh_token": REFRESH,
        "kinds": {"Deals": DEALS},
        "read_timeout": "5s",
    } | changes
    return ZohoSettings.model_validate(whole)


def described(vendor: Vendor, **names: str) -> None:
    """Let the vendor describe modules from the fixtures."""
    found = {"Deals": "fields__deals", "Accounts": "fields__accounts", **names}
    vendor.on("GET", "settings/fields", lambda asked: Said(200, payload(found[asked.params["module"]])))


def client(vendor: Vendor, desk: Desk, **changes: Any) -> Client:
    return Client("crm", settings(vendor, **changes), desk.services())


def drained(client: Client, kind: str, cursor: str | None = None) -> list[Page]:
    """Pull until the round is over."""
    pages: list[Page] = []
    while not pages or pages[-1].more:
        assert len(pages) < 500, "the round does not end"
        pages.append(client.pull(kind, cursor))
        cursor = pages[-1].cursor
    return pages


def action(verb: Verb = Verb.SET, **changes: Any) -> Action:
    whole: Mapping[str, Any] = {
        "key": "decision-1",
        "verb": verb,
        "kind": "Deals",
        "id": DEAL,
        "actor": MEI,
        "version": VERSION,
        **changes,
    }
    return Action(**whole)
