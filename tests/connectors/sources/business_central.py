"""The Business Central twin for the checks of all sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.contract import Action, Verb
from connectors.dynamics.business_central import CONNECTOR
from connectors.dynamics.business_central.push import client_state
from connectors.dynamics.business_central.settings import BusinessCentralSettings
from tests.connectors.dynamics.sandbox.served import Served
from tests.connectors.sources.desk import Client, Desk
from tests.connectors.sources.vendor import CLOSES, Lack
from tests.contract.common import whole

STATE = "a-long-secret-of-our-own"
PERSON = "WILMOT"
PAGES = "https://learn.microsoft.com/dynamics365/business-central/dev-itpro/"
LACKS: Mapping[Lack, str] = {
    Lack.DAY: f"calls are limited within five minutes: {PAGES}administration/operational-limits-online",
    Lack.WHICH: f"each is 429 without a time: {PAGES}administration/operational-limits-online",
    Lack.SIGNED_TIME: f"a notification is known by its client state: {PAGES}api-reference/v2.0/dynamics-subscriptions",
    Lack.PLACE: (
        "a filter takes no `or` over two properties, so a page begins at the last row's stamp: "
        f"{PAGES}developer/devenv-connect-apps-filtering"
    ),
    Lack.RESTRICT: (f"permissions are given for tables and for records: {PAGES}security/data-security"),
}


@dataclass
class BusinessCentral:
    """See `Vendor`."""

    served: Served
    kind: str = "salesOrders"
    text: str = "externalDocumentNumber"
    date: str = "requestedDeliveryDate"
    page: int = 200
    mend: str = ""

    def __post_init__(self) -> None:
        self.facts = self.served.facts
        self.central = self.facts["businesscentral"]
        self.served.settings(notify_delay=0.05)
        self.company = next(str(each["id"]) for each in self.central["companies"] if each["name"] == "Harbour HK")
        rows = self.central["records"][self.kind]
        self.deals = [str(each["id"]) for each in rows if each["company"] == self.company]

    @property
    def lacks(self) -> Mapping[Lack, str]:
        return LACKS

    @property
    def settings(self) -> BusinessCentralSettings:
        settings = {
            "tenant": self.facts["tenant_id"],
            "environment": self.central["environment"],
            "company": self.company,
            "client_id": self.facts["client_id"],
            "client_secret": self.facts["client_secret"],
            "client_state": STATE,
            "act_as_integration_user": True,
            "login_url": self.served.base,
            "api_url": self.served.base,
            "kinds": {self.kind: {"fields": [self.text, self.date]}},
            "page_size": self.page,
        }
        return BusinessCentralSettings.model_validate(settings)

    def client(self, desk: Desk) -> Client:
        built: Client = CONNECTOR.build("erp", self.settings, desk.services())  # type: ignore[assignment]  # it fulfils these protocols
        return built

    def seed(self, count: int, stamp: datetime) -> Sequence[str]:
        values = {"customerNumber": "C01001", self.date: CLOSES.isoformat()}
        body = {"values": values, "copies": count, "stamp": stamp.isoformat()}
        path = f"/businesscentral/records/{self.kind}"
        return [str(each) for each in self.served.control("POST", path, body)["ids"]]

    def change(
        self, deal: str, text: str, stamp: datetime | None = None, transaction: str = "", field: str = ""
    ) -> None:
        body: dict[str, Any] = {"values": {field or self.text: text}}
        body |= {"stamp": stamp.isoformat()} if stamp else {}
        body |= {"transaction": transaction} if transaction else {}
        self.served.control("PATCH", f"/businesscentral/records/{self.kind}/{deal}", body)

    def begin(self) -> str:
        return str(self.served.control("POST", "/businesscentral/transactions")["id"])

    def commit(self, transaction: str) -> None:
        self.served.control("POST", f"/businesscentral/transactions/{transaction}/commit")

    def alter(self, how: str) -> None:
        orders: dict[str, dict[str, Any]] = {
            "removed": {"remove": True},
            "renamed": {"name": "closes"},
            "retyped": {"type": "String"},
        }
        named = {"table": self.kind, "column": self.date}
        self.served.control("POST", "/businesscentral/schema", {**named, **orders[how]})

    def expire_cursors(self, cursor: str) -> None:
        """Refuse the next link of the vendor's once, where we hold one: no page tells how it is refused."""
        if "skiptoken" in cursor:
            body = {"error": {"code": "BadRequest", "message": "The skip token is not valid."}}
            self.arm(status=400, body=body)

    def expire_tokens(self) -> None:
        self.served.control("POST", "/expire-tokens")

    def rotate(self, *, dies: bool) -> None:
        """An app's secret has no refresh token."""

    def exhaust(self, client: Client, *, day: bool) -> None:
        client.pull(self.kind, None)
        self.served.control("POST", "/businesscentral/throttle", {"kind": "requests" if day else "queue"})

    def renewals(self) -> int:
        return len(self.served.control("GET", "/received?path=oauth2/v2.0/token")["received"])

    def arm(self, *, token: bool = False, write: str = "", **fault: Any) -> None:
        where = {"path": "oauth2/v2.0/token"} if token else {"path": "/api/v2.0/"}
        where = {"path": rf"\({write}\)", "method": "PATCH"} if write else where
        self.served.control("POST", "/faults", {**where, **fault})

    def disarm(self) -> None:
        self.served.control("DELETE", "/faults")

    def forbidden(self) -> Any:
        return {"error": {"code": "Authorization_RequestDenied", "message": "No."}}

    def refused_token(self) -> Any:
        message = "The server has rejected the client credentials."
        return {"error": {"code": "Authentication_InvalidCredentials", "message": message}}

    def set_text(self, client: Client, deal: str, text: str) -> Action:
        (seen,) = whole(client.read(self.kind, [deal]))
        return Action(f"{deal} {text}", Verb.SET, self.kind, deal, PERSON, seen.version, {self.text: text})

    def refused_inside_200(self, client: Client) -> Action:
        deal = self.deals[1]
        self.arm(write=deal, status=200, body={})
        return self.set_text(client, deal, "never kept")

    def writes(self, deal: str) -> Sequence[tuple[int, str]]:
        sent = self.served.control("GET", f"/received?path={deal}")["received"]
        return [(each["status"], each["headers"].get("if-match", "")) for each in sent if each["method"] == "PATCH"]

    def listen(self, client: Client, address: str) -> None:
        client.subscribe(address, None)  # type: ignore[attr-defined]  # this vendor's push is a subscription

    def subscriptions(self) -> Sequence[str]:
        """Return the addresses that are subscribed."""
        return [str(each["notificationUrl"]) for each in self.served.bc("GET", "/subscriptions").json()["value"]]

    def forget_subscriptions(self) -> None:
        """End all, as the vendor does without a word."""
        self.served.control("DELETE", "/businesscentral/subscriptions")

    def secrets(self) -> Sequence[str]:
        return [str(self.facts["client_secret"]), STATE, client_state("erp", self.settings)]

    def sessions(self) -> Sequence[str]:
        sent = self.served.control("GET", "/received")["received"]
        shown = {each["headers"].get("authorization", "").partition(" ")[2] for each in sent}
        return sorted(shown - {""})
