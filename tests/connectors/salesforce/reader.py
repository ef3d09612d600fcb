"""The connector as a runner uses it, against a twin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.contract import Record
from connectors.salesforce import CONNECTOR
from connectors.salesforce.client import Client
from tests.connectors.salesforce.parts import Desk, settings
from tests.connectors.salesforce.sandbox.served import Served
from tests.served import served_session

DEAL = {
    "fields": [
        "Name",
        "Amount",
        "StageName",
        "NextStep",
        "CloseDate",
        "IsWon",
        "Discount__c",
        "OwnerId",
        "Account.Name",
    ],
    "number": "Deal_Number__c",
}


@dataclass
class Reader:
    """Whole rounds, with the cursor kept between them."""

    sf: Served
    changes: Mapping[str, Any] = field(default_factory=dict)
    desk: Desk = field(default_factory=lambda: Desk(now=datetime.now(UTC), session=served_session()))
    cursor: str | None = None
    pages: int = 0

    def __post_init__(self) -> None:
        facts = self.sf.facts
        credentials = {"client_id": facts["client_id"], "client_secret": facts["client_secret"]}
        usual = {"auth": {"client_credentials": credentials}, "kinds": {"Opportunity": DEAL}}
        chosen = settings(**{"url": self.sf.base, **usual, **self.changes})
        built = CONNECTOR.build("crm", chosen, self.desk.services())
        assert isinstance(built, Client)
        self.client = built

    def page(self, kind: str = "Opportunity") -> tuple[Record, ...]:
        page = self.client.pull(kind, self.cursor)
        self.cursor, self.more = page.cursor, page.more
        self.pages += 1
        return page.records

    def round(self, *, later: timedelta = timedelta(seconds=30)) -> list[Record]:
        self.desk.now += later
        records = list(self.page())
        while self.more:
            records += self.page()
        return records

    def tokens(self) -> int:
        return len(self.sf.control("GET", "/received?path=oauth2/token")["received"])

    def change(self, deal: str, **body: Any) -> None:
        self.sf.control("PATCH", f"/records/Opportunity/{deal}", body)
