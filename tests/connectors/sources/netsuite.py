"""The NetSuite twin for the checks of all sources."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests

from connectors.contract import Action, Record, Verb
from connectors.netsuite import CONNECTOR
from connectors.netsuite.settings import NetSuiteSettings
from tests.connectors.netsuite.sandbox.served import Served
from tests.connectors.netsuite.soap.schema import WSDL, version
from tests.connectors.sources.desk import Client, Desk
from tests.connectors.sources.vendor import CLOSES, Lack
from tests.served import DEADLINE_S

KEY = "a-key-that-the-script-shares"
EMPLOYEE = "2"
HELP = "https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/"
LACKS: Mapping[Lack, str] = {
    Lack.DAY: f"calls at once are limited, and nothing else: {HELP}section_1500275531.html",
    Lack.WINDOW: f"calls at once are limited, and nothing else: {HELP}section_1500275531.html",
    Lack.CONDITION: f"REST has no conditional write: {HELP}section_1545142173.html",
    Lack.PUSH: f"a script of the account's posts, of which the adapter is one: {HELP}section_4407992281.html",
    Lack.RETYPE: (
        "only custom fields are converted, and meanwhile the system cannot be used; `types` of the settings names theirs: "
        f"{HELP}article_160640754252.html"
    ),
}
BY_SOAP: Mapping[Lack, str] = {
    Lack.TOKEN: f"each call by SOAP is signed on its own: {HELP}section_1534941088.html",
    Lack.HIDDEN: f"what is hidden is left out, as what is empty is: {HELP}section_N3436475.html",
    Lack.PLACE: f"a search is run anew for each of its pages: {HELP}section_N3523074.html",
}


@dataclass
class NetSuite:
    """See `Vendor`; `reading` is how the kind is read. Pushes are those of our own script."""

    served: Served
    reading: str
    kind: str = "salesOrder"
    text: str = "memo"
    date: str = "tranDate"
    page: int = 200
    mend: str = ""

    def __post_init__(self) -> None:
        self.facts = self.served.facts
        self.deals = [self.served.id_of(self.kind, f"SO-{number}") for number in (1041, 1042, 1043)]
        # the checks set our clock ahead
        self.served.settings(clock_skew=1e6)
        self.address = ""

    @property
    def lacks(self) -> Mapping[Lack, str]:
        return {**LACKS, **BY_SOAP} if self.reading == "soap" else LACKS

    @property
    def tba(self) -> dict[str, str]:
        token = self.facts["tokens"]["integration"]
        consumer = {name: str(self.facts[name]) for name in ("consumer_key", "consumer_secret")}
        return {**consumer, "token_id": token["token"], "token_secret": token["secret"]}

    @property
    def certificate(self) -> dict[str, str]:
        certificate = self.facts["certificates"]["ES256"]
        way = {"certificate_id": certificate["kid"], "private_key": certificate["private_key"], "algorithm": "ES256"}
        return {"client_id": str(self.facts["client_id"]), **way}

    def client(self, desk: Desk) -> Client:
        settings: dict[str, Any] = {
            "account": self.facts["account"],
            "zone": self.facts["company_zone"],
            "base_url": self.served.base,
            "auth": {"oauth2": self.certificate},
            "soap": {"wsdl": str(WSDL), "version": version(), "tba": self.tba},
            "push_keys": [KEY],
            "act_as_integration_user": True,
            "kinds": {self.kind: {"fields": [self.text, self.date], "reading": self.reading}},
            "page_size": self.page,
        }
        built: Client = CONNECTOR.build("erp", NetSuiteSettings.model_validate(settings), desk.services())  # type: ignore[assignment]  # it fulfils these protocols
        return built

    def seed(self, count: int, stamp: datetime) -> Sequence[str]:
        values = {self.date: CLOSES.isoformat()}
        body = {"type": self.kind, "count": count, "stamp": stamp.isoformat(timespec="seconds"), "values": values}
        first = int(self.served.control("POST", "/seed", body)["first"])
        return [str(first + each) for each in range(count)]

    def change(
        self, deal: str, text: str, stamp: datetime | None = None, transaction: str = "", field: str = ""
    ) -> None:
        body: dict[str, Any] = {"values": {field or self.text: text}}
        body |= {"stamp": stamp.isoformat(timespec="seconds")} if stamp else {}
        body |= {"transaction": transaction} if transaction else {}
        self.served.control("PATCH", f"/records/{self.kind}/{deal}", body)
        if self.address:
            self._tell(deal)

    def _tell(self, deal: str) -> None:
        """Post what `connectors/netsuite/suitescript` posts: the vendor has no push, and no twin runs a script."""
        rows = self.served.control("GET", f"/records/{self.kind}")["records"]
        stamp = next(each["lastmodifieddate"] for each in rows if str(each["id"]) == deal) / 1000
        told = {
            "account": self.facts["account"],
            "event": "edit",
            "type": self.kind.lower(),
            "id": deal,
            "stamp": datetime.fromtimestamp(stamp, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        body, at = json.dumps(told), str(int(time.time()))
        signature = hmac.digest(KEY.encode(), f"{at}.{body}".encode(), "sha256").hex()
        headers = {"X-Dingbridge-Time": at, "X-Dingbridge-Signature": signature}
        assert requests.post(self.address, body, headers=headers, timeout=DEADLINE_S).ok

    def begin(self) -> str:
        return str(self.served.control("POST", "/transactions")["id"])

    def commit(self, transaction: str) -> None:
        self.served.control("POST", f"/transactions/{transaction}/commit")

    def alter(self, how: str) -> None:
        named = {"table": "transaction", "field": self.date.lower()}
        orders: dict[str, dict[str, Any]] = {
            "removed": {"remove": True},
            "renamed": {"name": "custbody_closes"},
        }
        if how == "retyped":
            raise NotImplementedError(self.lacks[Lack.RETYPE])
        if how in orders:
            self.served.control("POST", "/schema", {**named, **orders[how]})
        else:
            self.served.control("POST", "/hide", {**named, "role": "Bridge"})

    def expire_cursors(self, cursor: str) -> None:  # noqa: ARG002 - all searches end
        self.served.control("POST", "/expire-search")

    def expire_tokens(self) -> None:
        self.served.control("POST", "/expire-tokens")

    def rotate(self, *, dies: bool) -> None:
        """A certificate has no refresh token."""

    def exhaust(self, client: Client, *, day: bool) -> None:
        assert not day, self.lacks[Lack.WINDOW]
        client.pull(self.kind, None)
        self.served.control("POST", "/governance", {"places": 5})

    def renewals(self) -> int:
        return len(self.served.control("GET", "/received?path=oauth2/v1/token")["received"])

    def arm(self, *, token: bool = False, write: str = "", **fault: Any) -> None:
        where = {"path": "oauth2/v1/token"} if token else {"path": "/(record|query)/|NetSuitePort"}
        where = {"path": f"{self.kind}/{write}", "method": "PATCH"} if write else where
        self.served.control("POST", "/faults", {**where, **fault})

    def disarm(self) -> None:
        self.served.control("DELETE", "/faults")

    def forbidden(self) -> Any:
        raise AssertionError("this vendor has rights to fields")

    def refused_token(self) -> Any:
        detail = {"detail": "Invalid login attempt.", "o:errorCode": "INVALID_LOGIN"}
        return {"title": "Unauthorized", "status": 401, "o:errorDetails": [detail]}

    def set_text(self, client: Client, deal: str, text: str) -> Action:
        (seen,) = client.read(self.kind, [deal])
        assert isinstance(seen, Record)
        return Action(f"{deal} {text}", Verb.SET, self.kind, deal, EMPLOYEE, seen.version, {self.text: text})

    def refused_inside_200(self, client: Client) -> Action:
        deal = self.deals[1]
        self.arm(write=deal, status=204)
        return self.set_text(client, deal, "never kept")

    def writes(self, deal: str) -> Sequence[tuple[int, str]]:
        sent = self.served.control("GET", f"/received?path={self.kind}/{deal}")["received"]
        return [(each["status"], each["headers"].get("if-match", "")) for each in sent if each["method"] == "PATCH"]

    def listen(self, client: Client, address: str) -> None:  # noqa: ARG002 - an administrator deploys the script
        self.address = address

    def secrets(self) -> Sequence[str]:
        lines = self.certificate["private_key"].splitlines()[1:-1]
        return [KEY, self.tba["consumer_secret"], self.tba["token_secret"], *lines]

    def sessions(self) -> Sequence[str]:
        sent = self.served.control("GET", "/received")["received"]
        shown = (each["headers"].get("authorization", "").partition(" ") for each in sent)
        return sorted({token for scheme, _, token in shown if scheme == "Bearer"})
