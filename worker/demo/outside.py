"""The world around the bridge: two CRMs and their people, and the shop that calls."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from secrets import token_hex
from typing import Any

import msgspec
import requests

from connectors.transport import open_session

_WINDOW = re.compile(r" from Deals where Modified_Time >= '([^']+)'")
"""Where a query for what changed begins."""

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def session() -> requests.Session:
    """Return a session for addresses of this machine, which no proxy setting of the environment touches."""
    http = open_session(connect=3.0, read=10.0, ca=None, proxy=None, pool=2)
    http.headers["Connection"] = "close"  # a connection kept between two stories may be closed just when it is used
    return http


def json_of(reply: requests.Response) -> Any:
    """Return what an answer holds. Raises `HTTPError` for a refusal."""
    reply.raise_for_status()
    return reply.json()


@dataclass(frozen=True)
class Crm:
    """The twin of Salesforce, in which people work."""

    base_url: str
    http: requests.Session

    @cached_property
    def _control(self) -> str:
        return f"{self.base_url}/__sandbox"

    def deals(self) -> dict[str, str]:
        """Return the ids of the deals by number."""
        rows = json_of(self.http.get(f"{self._control}/records/Opportunity"))["records"]
        return {row["Deal_Number__c"]: row["Id"] for row in rows}

    def customer(self, name: str) -> str:
        """Return a customer's id."""
        rows = json_of(self.http.get(f"{self._control}/records/Account"))["records"]
        return next(str(row["Id"]) for row in rows if row["Name"] == name)

    def create(self, user: str, values: Mapping[str, Any]) -> str:
        """Let somebody create a deal; returns its id."""
        body = {"values": dict(values), "user": user}
        return str(json_of(self.http.post(f"{self._control}/records/Opportunity", json=body))["ids"][0])

    def change(self, user: str, deal: str, values: Mapping[str, Any]) -> None:
        """Let somebody change the deal with this id."""
        body = {"values": dict(values), "user": user}
        json_of(self.http.patch(f"{self._control}/records/Opportunity/{deal}", json=body))

    def refuse_next_call(self) -> None:
        """Arm one refusal: too many calls at once."""
        json_of(self.http.post(f"{self._control}/throttle", json={"kind": "concurrent", "count": 1}))

    def refused_calls(self) -> int:
        """Count the calls that were answered with 403, which is how Salesforce says that a limit is exceeded."""
        rows = json_of(self.http.get(f"{self._control}/received", params={"path": "/services/data/"}))["received"]
        return sum(row["status"] == 403 for row in rows)


@dataclass(frozen=True, slots=True)
class ZohoCrm:
    """The twin of Zoho CRM, in which the people work who sell through partners."""

    base_url: str
    http: requests.Session

    @property
    def _control(self) -> str:
        return f"{self.base_url}/__sandbox"

    def deals(self) -> dict[str, datetime]:
        """Return when each deal was changed last, by id."""
        return {row["id"]: datetime.fromisoformat(row["Modified_Time"]) for row in self._rows("Deals")}

    def customer(self, name: str) -> str:
        """Return a customer's id."""
        return next(str(row["id"]) for row in self._rows("Accounts") if row["Account_Name"] == name)

    def begin(self) -> str:
        """Open a transaction, whose rows are stamped when they are written and seen when it is committed."""
        return str(json_of(self.http.post(f"{self._control}/transactions"))["id"])

    def commit(self, transaction: str) -> None:
        """Let everybody see what was written in a transaction."""
        json_of(self.http.post(f"{self._control}/transactions/{transaction}/commit"))

    def create(self, user: str, values: Mapping[str, Any], transaction: str | None = None) -> str:
        """Let somebody create a deal; returns its id."""
        body = {"values": dict(values), "user": user, "transaction": transaction}
        return str(json_of(self.http.post(f"{self._control}/records/Deals", json=body))["id"])

    def change(self, user: str, deal: str, values: Mapping[str, Any]) -> None:
        """Let somebody change the deal with this id."""
        body = {"values": dict(values), "user": user}
        json_of(self.http.patch(f"{self._control}/records/Deals/{deal}", json=body))

    def readings(self, after: datetime) -> list[datetime]:
        """Return from which moment on changes were asked for, of each query that was answered later than `after`."""
        rows = json_of(self.http.get(f"{self._control}/received", params={"path": "/coql$"}))["received"]
        answered = (row for row in rows if row["status"] == 200 and row["at"] > after.timestamp())
        windows = (_WINDOW.search(msgspec.json.decode(row["body"])["select_query"]) for row in answered)
        return [datetime.fromisoformat(window[1]) for window in windows if window]

    def called(self) -> list[str]:
        """Return the addresses that are called when a deal changes."""
        return [row["notify_url"] for row in json_of(self.http.get(f"{self._control}/channels"))["channels"]]

    def lose_next_call(self) -> None:
        """Let the next notification be lost on its way."""
        json_of(self.http.post(f"{self._control}/notifications", json={"lose": 1}))

    def _rows(self, module: str) -> Any:
        return json_of(self.http.get(f"{self._control}/records/{module}"))["records"]


@dataclass
class Shop:
    """A web shop that posts signed JSON; it counts what it was answered."""

    address: Callable[[], str]
    key: str
    http: requests.Session
    refused: int = 0

    def __post_init__(self) -> None:
        self._taken: set[bytes] = set()

    @property
    def taken(self) -> int:
        """How many different pushes were answered with 200."""
        return len(self._taken)

    def push(self, event: Mapping[str, Any], *, key: str = "", times: int = 1) -> int:
        """Post one event, signed with the shared key or another; returns the last status."""
        body = _ENCODER.encode(event)
        signature = hmac.new((key or self.key).encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Signature": f"sha256={signature}", "Content-Type": "application/json"}
        status = 0
        for _ in range(times):
            status = self.http.post(self.address(), data=body, headers=headers).status_code
            if status == 200:
                self._taken.add(body)
            else:
                self.refused += 1
        return status


def event(kind: str, number: str, **more: Any) -> dict[str, Any]:
    """Return an event of the shop as it happens now; a field that is None is left out."""
    given = {name: value for name, value in more.items() if value is not None}
    changed_at = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {
        "event": token_hex(8),
        "kind": kind,
        "id": number,
        "number": number,
        "changed_at": changed_at,
        **given,
    }


def worth(total: str, pieces: int) -> dict[str, Any]:
    """Return what an order comes to, in Hong Kong dollars."""
    return {"total": Decimal(total), "currency": "HKD", "pieces": pieces}
