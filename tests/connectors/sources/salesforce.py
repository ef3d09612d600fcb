"""The Salesforce twin for the checks of all sources."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.contract import Action, Verb
from connectors.salesforce import CONNECTOR
from connectors.salesforce.settings import SalesforceSettings
from tests.connectors.salesforce.sandbox.served import Served
from tests.connectors.sources.desk import Client, Desk
from tests.connectors.sources.vendor import CLOSES, Lack
from tests.contract.common import whole

KEY = "a-long-secret-of-the-address"
INTEGRATION, MANAGER = "integration@harbour.example", "wilmot@harbour.example"
LACKS: Mapping[Lack, str] = {
    Lack.SIGNED_TIME: (
        "an Outbound Message is not signed: "
        "https://developer.salesforce.com/docs/platform/api/guide/sforce-api-om-outboundmessaging-notifications.html"
    ),
}
FAILED = [{"success": False, "errors": [{"statusCode": "UNKNOWN_EXCEPTION", "message": "No.", "fields": []}]}]


@dataclass
class Salesforce:
    """See `Vendor`."""

    sf: Served
    kind: str = "Opportunity"
    text: str = "NextStep"
    date: str = "CloseDate"
    page: int = 200
    mend: str = "approve the app again"
    auth: dict[str, Any] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        facts = self.sf.facts
        self.app = {"client_id": facts["client_id"], "client_secret": facts["client_secret"]}
        self.auth = {"client_credentials": self.app}
        self.signing = facts["jwt"]["private_key"]
        self.refresh_token = facts["refresh_token"]
        people = self.sf.query("SELECT Id, Username FROM User")["records"]
        self.manager = next(str(each["Id"]) for each in people if each["Username"] == MANAGER)
        self.before = self.renewals()

    @property
    def lacks(self) -> Mapping[Lack, str]:
        return LACKS

    @property
    def deals(self) -> Sequence[str]:
        return [self.sf.deal(number) for number in (1041, 1042, 1043)]

    def client(self, desk: Desk) -> Client:
        settings = {
            "url": self.sf.base,
            "auth": self.auth,
            "kinds": {self.kind: {"fields": [self.text, self.date], "number": "Deal_Number__c"}},
            "page_size": self.page,
            "push": {"organization": self.sf.facts["org_id"], "key": KEY},
            "acting": {"client_id": self.app["client_id"], "private_key": self.signing},
        }
        built: Client = CONNECTOR.build("crm", SalesforceSettings.model_validate(settings), desk.services())  # type: ignore[assignment]  # it fulfils these protocols
        return built

    def seed(self, count: int, stamp: datetime) -> Sequence[str]:
        row = {"StageName": "Prospecting", "CloseDate": CLOSES.isoformat()}
        rows = [{**row, "Name": f"Load {n}", "Deal_Number__c": f"L-{n}"} for n in range(count)]
        body = {"records": rows, "stamp": stamp.isoformat(timespec="seconds")}
        return [str(each) for each in self.sf.control("POST", f"/records/{self.kind}", body)["ids"]]

    def change(
        self, deal: str, text: str, stamp: datetime | None = None, transaction: str = "", field: str = ""
    ) -> None:
        body: dict[str, Any] = {"values": {field or self.text: text}}
        body |= {"stamp": stamp.isoformat(timespec="seconds")} if stamp else {}
        body |= {"transaction": transaction} if transaction else {}
        self.sf.control("PATCH", f"/records/{self.kind}/{deal}", body)

    def begin(self) -> str:
        return str(self.sf.control("POST", "/transactions")["id"])

    def commit(self, transaction: str) -> None:
        self.sf.control("POST", f"/transactions/{transaction}/commit")

    def alter(self, how: str) -> None:
        named = {"object": self.kind, "field": self.date}
        orders: dict[str, dict[str, Any]] = {
            "removed": {"remove": True},
            "renamed": {"name": "Closes__c"},
            "retyped": {"type": "string"},
        }
        if how in orders:
            self.sf.control("POST", "/schema", {**named, **orders[how]})
        else:
            self.sf.control("POST", "/hide", {**named, "user": INTEGRATION})

    def expire_cursors(self, cursor: str) -> None:  # noqa: ARG002 - the vendor's stand in none of ours
        self.sf.control("POST", "/settings", {"locator_seconds": 0})

    def expire_tokens(self) -> None:
        self.sf.control("POST", "/expire-tokens")

    def rotate(self, *, dies: bool) -> None:
        self.sf.control("POST", "/settings", {"rotate_refresh_tokens": True})
        self.sf.control("POST", "/switches", {"rotated_token_dies": dies})
        self.auth = {"refresh": {**self.app, "refresh_token": self.refresh_token}}
        self.mend = self.mend if dies else ""

    def exhaust(self, client: Client, *, day: bool) -> None:
        client.pull(self.kind, None)
        self.sf.control("POST", "/throttle", {"kind": "daily" if day else "concurrent"})

    def renewals(self) -> int:
        return len(self.sf.control("GET", "/received?path=oauth2/token")["received"]) - getattr(self, "before", 0)

    def arm(self, *, token: bool = False, write: str = "", **fault: Any) -> None:
        where = {"path": "oauth2/token"} if token else {"path": "/services/data"}
        where = {"path": f"{self.kind}/{write}", "method": "PATCH"} if write else where
        self.sf.control("POST", "/faults", {**where, **fault})

    def disarm(self) -> None:
        self.sf.control("DELETE", "/faults")

    def forbidden(self) -> Any:
        raise AssertionError("this vendor has rights to fields")

    def refused_token(self) -> Any:
        return [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]

    def set_text(self, client: Client, deal: str, text: str) -> Action:
        (seen,) = whole(client.read(self.kind, [deal]))
        return Action(f"{deal} {text}", Verb.SET, self.kind, deal, self.manager, seen.version, {self.text: text})

    def refused_inside_200(self, client: Client) -> Action:
        deal = self.deals[1]
        body = {"requests": [{"actionType": "Submit", "contextId": deal}]}
        assert self.sf.call("POST", "/process/approvals/", json=body).ok
        self.sf.control("POST", "/faults", {"path": "process/approvals", "status": 200, "body": FAILED})
        (seen,) = whole(client.read(self.kind, [deal]))
        return Action("k", Verb.APPROVE, self.kind, deal, self.manager, seen.version)

    def writes(self, deal: str) -> Sequence[tuple[int, str]]:
        sent = self.sf.control("GET", f"/received?path={self.kind}/{deal}")["received"]
        return [(each["status"], each["headers"]["if-unmodified-since"]) for each in sent if each["method"] == "PATCH"]

    def listen(self, client: Client, address: str) -> None:  # noqa: ARG002 - here it is the administrator's work
        fields = ["Id", "SystemModstamp"]
        self.sf.control("POST", "/outbound", {"url": f"{address}?key={KEY}", "object": self.kind, "fields": fields})

    def secrets(self) -> Sequence[str]:
        return [self.app["client_secret"], KEY, self.refresh_token, *self.signing.splitlines()[1:-1]]

    def sessions(self) -> Sequence[str]:
        sent = self.sf.control("GET", "/received")["received"]
        shown = {each["headers"].get("authorization", "").partition(" ")[2] for each in sent}
        return sorted(shown - {""})
