"""What the tests of this connector share: settings, services with a clock, and a client at a scripted vendor."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.contract import Action, Page, Services, Verb
from connectors.dynamics.business_central.client import Client
from connectors.dynamics.business_central.settings import BusinessCentralSettings
from connectors.transport import open_session
from tests.connectors.dynamics.business_central.vendor import COMPANY, Vendor
from tests.contract.case import Secrets, Tokens

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRET, STATE, PERSONAL = "client-secret-1", "a-state-of-our-own-choice", "refresh-of-sara"
SARA = "SARA"
ORDER = "b6f4017a-b749-ee11-ad0b-a1422c0f7f1f"
VERSION = "2023-09-02T17:49:38.500Z"
ORDERS = {
    "fields": [
        "status",
        "totalAmountIncludingTax",
        "orderDate",
        "requestedDeliveryDate",
        "customerId",
        "externalDocumentNumber",
        "fullyShipped",
    ]
}
OWN_PAGE = "/v2.0/contoso.example/production/api/contoso/approvals/v1.0/"
ENTRIES = {
    "entity_set": "approvalEntries",
    "api": "contoso/approvals/v1.0",
    "fields": ["status", "approverId"],
    "number": "documentNumber",
    "approve": "approve",
    "reject": "reject",
    "transitions": {"approve": "Approved", "reject": "Rejected"},
    "approvals": {"approver": "approverId", "due": "Open"},
}
"""A page of one's own with approval entries, as a kind."""
ENTRIES_METADATA = b"""<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="Microsoft.NAV" xmlns="http://docs.oasis-open.org/odata/ns/edm">
  <EntityType Name="approvalEntry">
    <Key><PropertyRef Name="id" /></Key>
    <Property Name="id" Type="Edm.Guid" />
    <Property Name="documentNumber" Type="Edm.String" />
    <Property Name="approverId" Type="Edm.String" />
    <Property Name="status" Type="Microsoft.NAV.approvalStatus" />
    <Property Name="lastModifiedDateTime" Type="Edm.DateTimeOffset" />
  </EntityType>
  <EnumType Name="approvalStatus">
    <Member Name="Created" /><Member Name="Open" /><Member Name="Approved" /><Member Name="Rejected" />
  </EnumType>
  <EntityContainer Name="NAV">
    <EntitySet Name="approvalEntries" EntityType="Microsoft.NAV.approvalEntry" />
  </EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>"""


def entry(**changes: Any) -> dict[str, Any]:
    """Return the row of an approval entry of that page, which waits for Sara."""
    row = {"id": ORDER, "documentNumber": "P-1", "approverId": SARA, "status": "Open", "lastModifiedDateTime": VERSION}
    return {"@odata.etag": 'W/"1"', **row, **changes}


def deciding(verb: Verb = Verb.APPROVE, **changes: Any) -> Action:
    """Return a decision on that entry."""
    return action(verb, kind="approval", **changes)


LINES = ["salesOrderLines.lineObjectNumber", "salesOrderLines.quantity", "salesOrderLines.unitPrice"]


@dataclass
class Desk:
    """The runner's side, with a clock that tests set."""

    now: datetime = NOW
    tokens: Tokens = field(default_factory=Tokens)
    vault: Secrets = field(default_factory=Secrets)
    read_s: float = 5.0

    def services(self) -> Services:
        return Services(
            session=lambda: open_session(connect=5.0, read=self.read_s, ca=None, proxy=None, pool=4),
            tokens=self.tokens,
            now=lambda: self.now,
            observe=lambda _key, _used, _limit: None,
            vault=self.vault,
        )

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)


def settings(vendor: Vendor | None = None, **changes: Any) -> BusinessCentralSettings:
    base = vendor.base if vendor else "http://127.0.0.1:9"
    whole = {
        "tenant": "contoso.example",
        "company": COMPANY,
        "login_url": base,
        "api_url": base,
        "client_id": "7a0c3f7e-0000-4000-8000-5f5e100c0de1",
        "client_secret": SECRET,
        "client_state": STATE,
        "kinds": {"salesOrders": ORDERS},
        "read_timeout": "5s",
    } | changes
    return BusinessCentralSettings.model_validate(whole)


def client(vendor: Vendor, desk: Desk, **changes: Any) -> Client:
    return Client("erp", settings(vendor, **changes), desk.services())


def drained(client: Client, kind: str, cursor: str | None = None) -> list[Page]:
    """Pull until the round is over."""
    pages: list[Page] = []
    while not pages or pages[-1].more:
        assert len(pages) < 500, "the round does not end"
        pages.append(client.pull(kind, cursor))
        cursor = pages[-1].cursor
    return pages


def action(verb: Verb = Verb.SET, **changes: Any) -> Action:
    whole = {
        "key": "k1",
        "verb": verb,
        "kind": "salesOrders",
        "id": ORDER,
        "actor": SARA,
        "version": VERSION,
        "fields": {"externalDocumentNumber": "PO-77"} if verb is Verb.SET else {},
    } | changes
    return Action(**whole)
