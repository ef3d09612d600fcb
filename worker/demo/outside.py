"""The world around the bridge: two CRMs and their people, the shop that calls, the chat that people read."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from secrets import token_hex
from typing import Any

import msgspec
import requests

from connectors.transport import open_session
from pipelines.language import wordings
from pipelines.stages.render import WITHHELD

FACT = re.compile(r"^\*\*[^*\n]*?([^\s*]+)\*\* · ", re.MULTILINE)
"""The head of a fact in a message: its title and number in bold, and when it happened."""

_WINDOW = re.compile(r" from Deals where Modified_Time >= '([^']+)'")
"""Where a query for what changed begins."""

_LINE = re.compile(r"^ *([^:*\n]+): (.*?) *$", re.MULTILINE)
"""A field of a fact in a message."""

_WITHHELD = re.compile("|".join(re.escape(one).replace(r"\{count\}", r"(\d+)") for one in wordings(WITHHELD)))
"""What a message says of withheld fields, in any language."""

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


@dataclass(frozen=True, slots=True)
class Message:
    """A message as a group saw it; `key` is its msgUuid, `facts` the numbers that it tells of."""

    group: str
    key: str
    title: str
    text: str

    @property
    def facts(self) -> tuple[str, ...]:
        """The numbers of the facts in it, in their order."""
        return tuple(FACT.findall(self.text))

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Labels of fields with what stands beside them, in their order."""
        return _LINE.findall(self.text)

    @property
    def withheld(self) -> int:
        """How many fields it says are withheld."""
        return sum(int(found[found.lastindex or 0]) for found in _WITHHELD.finditer(self.text))


@dataclass(frozen=True)
class Chat:
    """The twin of DingTalk, as the people in its groups and its operator see it."""

    page: str
    control: str
    groups: Mapping[str, str]
    """Names by id."""
    http: requests.Session

    def messages(self) -> list[Message]:
        """Return everything that was shown, oldest first."""
        return list(self._pages())

    def _pages(self) -> Iterator[Message]:
        after = 0
        while rows := self._get("messages", after=after)["messages"]:
            yield from (Message(row["group"], str(row["msgUuid"]), row["title"], row["text"]) for row in rows)
            after = rows[-1]["index"]

    def name(self, destination: str) -> str:
        """Return the name of the group behind a destination of the bridge file."""
        return self.groups[f"cid-{destination}"]

    def open(self, name: str, members: Sequence[str]) -> list[Mapping[str, Any]]:
        """Open a group of these people with a robot in it; returns all robots, each with its webhook."""
        group = {"id": f"cid-{name}", "name": self.name(name), "members": list(members)}
        json_of(self.http.post(f"{self.control}groups", json=group))
        robot = {"id": f"robot-{name}", "name": "dingbridge", "group": group["id"], "secret": f"SEC{token_hex(32)}"}
        json_of(self.http.post(f"{self.control}robots", json=robot))
        robots: list[Mapping[str, Any]] = self._get("")["robots"]
        return robots

    def limit(self, robot: str, limits: Mapping[str, float]) -> None:
        """Set how many messages a robot may send in which time, in seconds."""
        json_of(self.http.patch(f"{self.control}robots/{robot}", json={"limits": dict(limits)}))

    def refuse_next(self, robot: str, errcode: int) -> None:
        """Arm one refusal inside HTTP 200."""
        json_of(self.http.post(f"{self.control}fail", json={"robot": robot, "errcode": errcode, "count": 1}))

    def requests_with(self, key: str) -> int:
        """Count the requests that carried this msgUuid."""
        rows = self._get("received", path="/robot/send")["received"]
        return sum(msgspec.json.decode(row["body"]).get("msgUuid") == key for row in rows)

    def stats(self) -> Mapping[str, Any]:
        """Return the twin's own counts: shown, replayed, refused by errcode, arrivals by robot."""
        found: Mapping[str, Any] = self._get("stats")
        return found

    def _get(self, path: str, /, **query: Any) -> Any:
        return json_of(self.http.get(f"{self.control}{path}", params=query))


def numbers(messages: Sequence[Message]) -> list[str]:
    """Return the numbers of all facts that these messages tell of."""
    return [number for message in messages for number in message.facts]
