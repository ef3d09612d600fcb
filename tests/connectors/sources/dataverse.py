"""The Dataverse twin for the checks of all sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.contract import Action, Verb
from connectors.dynamics.dataverse import CONNECTOR
from connectors.dynamics.dataverse.settings import DataverseSettings
from tests.connectors.dynamics.sandbox.served import Served
from tests.connectors.sources.desk import Client, Desk
from tests.connectors.sources.vendor import CLOSES, Lack
from tests.contract.common import whole

KEY = "a-long-value-of-the-webhook"
PAGES = "https://learn.microsoft.com/power-apps/developer/data-platform/"
LACKS: Mapping[Lack, str] = {
    Lack.DAY: f"calls are limited within five minutes: {PAGES}api-limits",
    Lack.REFUSAL: f"a secured column comes empty: {PAGES}column-level-security",
    Lack.SIGNED_TIME: f"a webhook is known by a registered value alone: {PAGES}use-webhooks",
}
BY_CHANGES: Mapping[Lack, str] = {
    Lack.OVERLAP: f"a delta link gives each change once: {PAGES}use-change-tracking-synchronize-data-external-systems",
    Lack.PLACE: (
        "where the link that ends a reading of several pages begins is not told, so what changed lately is read again: "
        f"{PAGES}use-change-tracking-synchronize-data-external-systems"
    ),
}


@dataclass
class Dataverse:
    """See `Vendor`; `reading` is how the table is read: by its changes, or by stamps."""

    served: Served
    reading: str
    kind: str = "opportunity"
    text: str = "name"
    date: str = "estimatedclosedate"
    page: int = 200
    mend: str = ""

    def __post_init__(self) -> None:
        self.facts = self.served.facts
        self.deals = [str(each["id"]) for each in self.facts["dataverse"]["rows"][self.kind]]
        self.manager = self.served.user("wilmot")["systemuserid"]

    @property
    def lacks(self) -> Mapping[Lack, str]:
        return {**LACKS, **BY_CHANGES} if self.reading == "changes" else LACKS

    def client(self, desk: Desk) -> Client:
        kind = {"fields": [self.text, self.date], "number": "name", "tracking": self.reading == "changes"}
        settings = {
            "url": self.served.base,
            "login_url": self.served.base,
            "tenant": self.facts["tenant_id"],
            "client_id": self.facts["client_id"],
            "client_secret": self.facts["client_secret"],
            "webhook": {"place": "query", "keys": [KEY]},
            "kinds": {self.kind: kind},
            "page_size": self.page,
        }
        built: Client = CONNECTOR.build("crm", DataverseSettings.model_validate(settings), desk.services())  # type: ignore[assignment]  # it fulfils these protocols
        return built

    def seed(self, count: int, stamp: datetime) -> Sequence[str]:
        values = {"name": "Load {n}", self.date: CLOSES.isoformat()}
        body = {"values": values, "copies": count, "stamp": stamp.isoformat()}
        return [str(each) for each in self.served.control("POST", f"/dataverse/records/{self.kind}", body)["ids"]]

    def change(
        self, deal: str, text: str, stamp: datetime | None = None, transaction: str = "", field: str = ""
    ) -> None:
        body: dict[str, Any] = {"values": {field or self.text: text}}
        body |= {"stamp": stamp.isoformat()} if stamp else {}
        body |= {"transaction": transaction} if transaction else {}
        self.served.control("PATCH", f"/dataverse/records/{self.kind}/{deal}", body)

    def drop(self, deal: str) -> None:
        """Delete a record."""
        self.served.control("DELETE", f"/dataverse/records/{self.kind}/{deal}")

    def begin(self) -> str:
        return str(self.served.control("POST", "/dataverse/transactions")["id"])

    def commit(self, transaction: str) -> None:
        self.served.control("POST", f"/dataverse/transactions/{transaction}/commit")

    def alter(self, how: str) -> None:
        named = {"table": self.kind, "column": self.date}
        orders: dict[str, dict[str, Any]] = {
            "removed": {"remove": True},
            "renamed": {"name": "new_closes"},
            "retyped": {"type": "String"},
        }
        if how in orders:
            self.served.control("POST", "/dataverse/schema", {**named, **orders[how]})
        else:
            self.served.control("POST", "/dataverse/hide", named)

    def expire_cursors(self, cursor: str) -> None:  # noqa: ARG002 - what a link of ours holds does not matter
        self.served.control("POST", "/dataverse/expire-deltas")

    def expire_tokens(self) -> None:
        self.served.control("POST", "/expire-tokens")

    def rotate(self, *, dies: bool) -> None:
        """An app's secret has no refresh token."""

    def exhaust(self, client: Client, *, day: bool) -> None:
        client.pull(self.kind, None)
        self.served.control("POST", "/dataverse/throttle", {"kind": "requests" if day else "concurrent"})

    def renewals(self) -> int:
        return len(self.served.control("GET", "/received?path=oauth2/v2.0/token")["received"])

    def arm(self, *, token: bool = False, write: str = "", **fault: Any) -> None:
        where = {"path": "oauth2/v2.0/token"} if token else {"path": "/api/data/"}
        where = {"path": rf"\({write}\)", "method": "PATCH"} if write else where
        self.served.control("POST", "/faults", {**where, **fault})

    def disarm(self) -> None:
        self.served.control("DELETE", "/faults")

    def forbidden(self) -> Any:
        raise AssertionError("this vendor has rights to fields")

    def refused_token(self) -> Any:
        return ""

    def set_text(self, client: Client, deal: str, text: str) -> Action:
        (seen,) = whole(client.read(self.kind, [deal]))
        return Action(f"{deal} {text}", Verb.SET, self.kind, deal, self.manager, seen.version, {self.text: text})

    def refused_inside_200(self, client: Client) -> Action:
        deal = self.deals[1]
        self.arm(write=deal, status=204)
        return self.set_text(client, deal, "never kept")

    def writes(self, deal: str) -> Sequence[tuple[int, str]]:
        sent = self.served.control("GET", f"/received?path={deal}")["received"]
        return [(each["status"], each["headers"].get("if-match", "")) for each in sent if each["method"] == "PATCH"]

    def listen(self, client: Client, address: str) -> None:  # noqa: ARG002 - here it is the administrator's work
        hook = {"url": address, "table": self.kind, "auth": "WebhookKey", "values": {"code": KEY}}
        self.served.control("POST", "/dataverse/webhooks", hook)

    def secrets(self) -> Sequence[str]:
        return [str(self.facts["client_secret"]), KEY]

    def sessions(self) -> Sequence[str]:
        sent = self.served.control("GET", "/received")["received"]
        shown = {each["headers"].get("authorization", "").partition(" ")[2] for each in sent}
        return sorted(shown - {""})
