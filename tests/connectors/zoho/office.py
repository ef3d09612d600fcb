"""The connector's client at the twin, with the runner's side of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from connectors.contract import Record, Services
from connectors.zoho.client import Client
from connectors.zoho.settings import ZohoSettings
from tests.connectors.zoho.parts import Secrets, Tokens, drained
from tests.connectors.zoho.sandbox.served import Served
from tests.served import served_session

KINDS: dict[str, Any] = {
    "Deals": {
        "fields": ["Amount", "Stage", "Closing_Date", "Account_Name.Account_Name", "Owner", "Channels"],
        "number": "Deal_Number",
        "approve": "Approve",
        "reject": "Reject",
    },
    "Accounts": {"fields": ["Industry", "Annual_Revenue"], "number": "Account_Name", "reading": "list"},
    "Cases": {"fields": ["Subject", "Status"], "number": "Case_Number"},
}


@dataclass
class Office:
    """A client with the runner's side of it; `ahead` moves its clock."""

    zoho: Served
    tokens: Tokens
    ahead: timedelta = timedelta(0)
    session: Callable[[], requests.Session] = served_session

    def client(self, **changes: Any) -> Client:
        facts = self.zoho.facts
        settings = ZohoSettings.model_validate(
            {
                "accounts_url": facts["accounts_url"],
                "client_id": facts["client_id"],
                "client_secret": facts["client_secret"],
                "refresh_token": facts["refresh_token"],
                "actors": {user["id"]: user["refresh_token"] for user in facts["users"][1:]},
                "kinds": KINDS,
            }
            | changes
        )
        services = Services(
            session=self.session,
            tokens=self.tokens,
            now=lambda: datetime.now(UTC) + self.ahead,
            observe=lambda _key, _used, _limit: None,
            vault=Secrets(),
        )
        return Client("crm", settings, services)

    def user(self, email: str) -> str:
        return str(next(user["id"] for user in self.zoho.facts["users"] if user["email"] == email))


def records(client: Client, kind: str, cursor: str | None = None) -> list[Record]:
    return [record for page in drained(client, kind, cursor) for record in page.records]
