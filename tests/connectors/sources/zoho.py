"""The Zoho CRM twin for the checks of all sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.contract import Action, Choice, Scalar, Verb
from connectors.zoho import CONNECTOR
from connectors.zoho.push import Channel
from connectors.zoho.settings import ZohoSettings
from tests.connectors.sources.desk import Client, Desk
from tests.connectors.sources.vendor import CLOSES, Lack
from tests.connectors.zoho.sandbox.served import MANAGER, Served
from tests.contract.common import whole

INTEGRATION = "integration@harbour.example"
LACKS: Mapping[Lack, str] = {
    Lack.SIGNED_TIME: (
        "a notification is known by its token: https://www.zoho.com/crm/developer/docs/api/v8/notifications/overview.html"
    ),
}


@dataclass
class Zoho:
    """See `Vendor`; `reading` is how the module is read."""

    zoho: Served
    reading: str
    kind: str = "Deals"
    text: str = "Next_Step"
    date: str = "Closing_Date"
    page: int = 200
    mend: str = ""

    def __post_init__(self) -> None:
        facts = self.zoho.facts
        self.manager = next(str(each["id"]) for each in facts["users"] if each["email"] == MANAGER)
        self.deals = sorted(str(each["id"]) for each in facts["modules"][self.kind])
        self.app = {key: facts[key] for key in ("accounts_url", "client_id", "client_secret", "refresh_token")}
        self.actors = {str(each["id"]): str(each["refresh_token"]) for each in facts["users"][1:]}

    @property
    def lacks(self) -> Mapping[Lack, str]:
        return LACKS

    @property
    def settings(self) -> ZohoSettings:
        fields = [self.text, self.date, "Stage"]
        kind = {"fields": fields, "number": "Deal_Number", "reading": self.reading}
        return ZohoSettings.model_validate(
            {**self.app, "actors": self.actors, "kinds": {self.kind: kind}, "page_size": self.page}
        )

    def client(self, desk: Desk) -> Client:
        built: Client = CONNECTOR.build("crm", self.settings, desk.services())  # type: ignore[assignment]  # it fulfils these protocols
        return built

    def seed(self, count: int, stamp: datetime) -> Sequence[str]:
        known = set(self._ids())
        values = {"Deal_Name": "Load {n}", "Stage": "Qualification", "Closing_Date": CLOSES.isoformat()}
        start = stamp.isoformat(timespec="seconds")
        body = {"count": count, "start": start, "per_second": count, "values": values}
        self.zoho.control("POST", f"/seed/{self.kind}", body)
        return [each for each in self._ids() if each not in known]

    def _ids(self) -> Sequence[str]:
        return [str(each["id"]) for each in self.zoho.control("GET", f"/records/{self.kind}")["records"]]

    def change(
        self, deal: str, text: str, stamp: datetime | None = None, transaction: str = "", field: str = ""
    ) -> None:
        body: dict[str, Any] = {"values": {field or self.text: text}}
        body |= {"stamp": stamp.isoformat(timespec="seconds")} if stamp else {}
        body |= {"transaction": transaction} if transaction else {}
        self.zoho.control("PATCH", f"/records/{self.kind}/{deal}", body)

    def begin(self) -> str:
        return str(self.zoho.control("POST", "/transactions", {})["id"])

    def commit(self, transaction: str) -> None:
        self.zoho.control("POST", f"/transactions/{transaction}/commit", {})

    def alter(self, how: str) -> None:
        orders: dict[str, dict[str, Any]] = {
            "removed": {"remove": True},
            "renamed": {"rename": "Closes"},
            "retyped": {"retype": "text"},
        }
        if how in orders:
            self.zoho.control("POST", f"/fields/{self.kind}/{self.date}", orders[how])
        else:
            profile = next(each for each in self.zoho.facts["users"] if each["email"] == INTEGRATION)["profile"]
            hidden = {"profile": profile, "module": self.kind, "field": self.date, "access": "hidden"}
            self.zoho.control("POST", "/permissions", hidden)

    def expire_cursors(self, cursor: str) -> None:  # noqa: ARG002 - all page tokens end
        self.zoho.control("POST", "/expire-pages", {})

    def expire_tokens(self) -> None:
        self.zoho.control("POST", "/expire-tokens", {})

    def rotate(self, *, dies: bool) -> None:
        """A refresh token of this vendor stays the same."""

    def exhaust(self, client: Client, *, day: bool) -> None:
        client.pull(self.kind, None)
        if day:
            self.zoho.set(credits=1)
        else:
            self.zoho.control("POST", "/throttle", {"count": 1})

    def renewals(self) -> int:
        return len(self.zoho.control("GET", "/received?path=oauth/v2/token")["received"])

    def arm(self, *, token: bool = False, write: str = "", **fault: Any) -> None:
        where = {"path": "oauth/v2/token"} if token else {"path": "/crm/v8/"}
        where = {"path": f"{self.kind}/{write}", "method": "PUT"} if write else where
        self.zoho.control("POST", "/faults", {**where, **fault})

    def disarm(self) -> None:
        self.zoho.control("DELETE", "/faults")

    def forbidden(self) -> Any:
        raise AssertionError("this vendor has rights to fields")

    def refused_token(self) -> Any:
        return {"code": "INVALID_TOKEN", "details": {}, "message": "invalid oauth token", "status": "error"}

    def set_text(self, client: Client, deal: str, text: str) -> Action:
        return self._set(client, deal, {self.text: text})

    def _set(self, client: Client, deal: str, fields: dict[str, Scalar]) -> Action:
        (seen,) = whole(client.read(self.kind, [deal]))
        return Action(f"{deal} {fields}", Verb.SET, self.kind, deal, self.manager, seen.version, fields)

    def refused_inside_200(self, client: Client) -> Action:
        self.zoho.switch(written_rows_status="success")
        return self._set(client, self.deals[1], {"Stage": Choice("No such stage", "")})

    def writes(self, deal: str) -> Sequence[tuple[int, str]]:
        sent = self.zoho.control("GET", f"/received?path={self.kind}/{deal}")["received"]
        return [(each["status"], each["headers"]["if-unmodified-since"]) for each in sent if each["method"] == "PUT"]

    def listen(self, client: Client, address: str) -> None:
        client.subscribe(address, None)  # type: ignore[attr-defined]  # this vendor's push is a subscription

    def secrets(self) -> Sequence[str]:
        token = Channel.of("crm", self.kind, self.settings).token
        return [self.app["client_secret"], self.app["refresh_token"], *self.actors.values(), token]

    def sessions(self) -> Sequence[str]:
        sent = self.zoho.control("GET", "/received")["received"]
        shown = {each["headers"].get("authorization", "").partition(" ")[2] for each in sent}
        return sorted(shown - {""})
