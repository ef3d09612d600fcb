"""Generated companies at the twin: moved in, changed while a run lasts, and read out of its log afterwards."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from tests.companies.bridge import OPERATORS
from tests.companies.company import Change, Channel, Company, Group, Listing, Move, Person
from tests.companies.log import FOREVER, Listed, Log, Looked, Shown
from tests.companies.records import OPERATORS_GROUP, by_company

ANSWER_S = 30.0
REST_S = 2.0
"""The twin hangs up on a connection that rests longer."""
PAGE = 5000
REQUESTS_KEPT = EVENTS_KEPT = 5_000
"""How many requests and events the twin keeps."""
PERSON = "/topapi/v2/user/get"
ROLES = "/topapi/role/list"
ASKED = f"/v1.0/im/sceneGroups/members/batchQuery|/chat/get|{PERSON}$|{ROLES}$"
GROUP_SEND = "/v1.0/robot/groupMessages/send"
REST_OF_RUN_S = 600.0


class Lost(RuntimeError):
    """The twin has dropped a part of its log that was not read yet."""


class Control:
    """One connection to the twin's control API, made anew when it has rested."""

    def __init__(self, base: str) -> None:
        self._line = HTTPConnection(urlsplit(base).netloc, timeout=ANSWER_S)
        self._used = 0.0

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The answer to one request. Raises RuntimeError when it was refused."""
        if time.monotonic() - self._used > REST_S:
            self._line.close()
        self._used = time.monotonic()
        self._line.request(method, f"/__sandbox/{path}", None if body is None else json.dumps(body))
        answer = self._line.getresponse()
        said = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {said[:300]!r}")
        return msgspec.json.decode(said)

    def close(self) -> None:
        self._line.close()


class Twin:
    """The twin of a run, by its control API alone."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._control = Control(base)
        self.app: Mapping[str, Any] = self._control.ask("GET", "apps")["apps"][0]
        self._listed: list[Listed] = []
        self._looked: list[Looked] = []
        self._rounds: list[float] = []
        self._read = 0

    def close(self) -> None:
        self._control.close()

    def move_in(self, companies: Sequence[Company]) -> dict[str, str]:
        """Bring the companies there without a word; return the webhooks by destination."""
        ask = self._control.ask
        ask("PATCH", f"apps/{self.app['client_id']}", {"events": []})
        ask("POST", "settings", {"qps": None})
        for role in companies[0].roles:
            ask("POST", "roles", {"id": role.id, "name": role.name, "group": role.group, "group_id": role.group_id})
        webhooks = {name: url for one in companies for name, url in self._furnish(one)}
        ask("PATCH", f"apps/{self.app['client_id']}", {"events": ["*"]})
        ask("POST", "groups", {"id": OPERATORS_GROUP, "name": OPERATORS_GROUP, "kind": str(Listing.FOREIGN)})
        return webhooks | {OPERATORS: self._robot(OPERATORS, OPERATORS_GROUP)}

    def _furnish(self, company: Company) -> Iterator[tuple[str, str]]:
        ask = self._control.ask
        for department in company.departments:
            ask("POST", "departments", {"id": department.id, "name": department.name, "parent": department.parent})
        for person in company.people.values():
            ask("POST", "users", _user(person))
        for group in company.groups.values():
            ask("POST", "groups", self._group(group))
        for place in company.destinations.values():
            if place.channel is Channel.ROBOT:
                yield place.name, self._robot(place.name, place.group)

    def _robot(self, id_: str, group: str) -> str:
        made = self._control.ask("POST", "robots", {"id": id_, "group": group, "limits": {"count": 100_000}})
        return f"{self.base}/robot/send?access_token={made['token']}"

    def _group(self, group: Group) -> dict[str, Any]:
        return {
            "id": group.id,
            "name": group.id,
            "members": list(group.members),
            "outsiders": [_guest(each) for each in group.outsiders],
            "kind": str(group.listing),
            "app": self.app["client_id"],
            "robots": [self.app.get("robot_code") or self.app["client_id"]],
            "owner": group.members[0],
            "cool_app": group.cool_app,
            "chat_id": group.chat,
        }

    def make(self, move: Move) -> None:
        """Have somebody come, go, or get other roles."""
        if move.change is Change.ROLES:
            self._control.ask("PATCH", f"users/{move.person}", {"roles": list(move.roles)})
            return
        bodies: dict[Change, dict[str, Any]] = {
            Change.JOIN: {"join": [move.person]},
            Change.LEAVE: {"leave": [move.person]},
            Change.OUTSIDER_COMES: {"outsiders": [_guest(move.person)]},
            Change.OUTSIDER_GOES: {"outsiders_leave": [move.person]},
        }
        self._control.ask("POST", f"groups/{move.group}/members", bodies[move.change])

    def slow(self, seconds: float) -> None:
        """Have each message to a group come that much later than it was sent, for the rest of the run."""
        if seconds:
            self._control.ask("POST", "faults", {"path": GROUP_SEND, "hang": seconds, "seconds": REST_OF_RUN_S})

    def listens(self) -> bool:
        """Tell whether somebody takes events."""
        return bool(self._control.ask("GET", "stream")["connections"])

    def calm(self) -> bool:
        """Tell whether each event was taken."""
        return all(one["outcome"] != "waiting" for one in self._control.ask("GET", "events")["events"])

    def requests(self, path: str) -> int:
        """How many of the last requests were to such a path."""
        return len(self._control.ask("GET", f"received?path={path}")["received"])

    def keep(self) -> None:
        """Read the requests for members and people before the twin drops them. Raises Lost when it came too late."""
        told = self._control.ask("GET", f"received?after={self._read}&path={ASKED}")
        if told["count"] - self._read > REQUESTS_KEPT and self._read:
            raise Lost(f"{told['count'] - self._read} requests since the last look")
        self._read = told["count"]
        rows = [row for row in told["received"] if row["status"] == 200]
        self._looked += [Looked(_given(row)["userid"], row["at"]) for row in rows if row["path"] == PERSON]
        self._rounds += [row["at"] for row in rows if row["path"] == ROLES]
        self._listed += [Listed(_group_of(row), row["at"]) for row in rows if row["path"] not in {PERSON, ROLES}]

    def log(self, companies: Sequence[Company]) -> dict[str, Log]:
        """What happened in each company, by its name."""
        self.keep()
        chats = {group.chat: group.id for one in companies for group in one.groups.values()}
        listed = [Listed(chats.get(one.group, one.group), one.at) for one in self._listed]
        events = self._control.ask("GET", "events")["events"]
        if len(events) >= EVENTS_KEPT:
            raise Lost(f"{len(events)} events")
        shown = tuple(self._shown())
        whole = Log(shown, tuple(listed), tuple(self._looked), tuple(self._rounds))
        return by_company(companies, whole, events)

    def _shown(self) -> Iterator[Shown]:
        cards = {one["outTrackId"]: one for one in self._control.ask("GET", "cards")["cards"]}
        taken = {key: one["at"] for one in self._all("writes", "n") if "ecall" in one["api"] for key in one["ids"]}
        for row in self._all("messages", "index"):
            text = f"{row['title']}\n{row['text']}"
            if row["kind"] == "card":
                text = "\n".join(map(str, cards[row["key"]]["data"].values()))
            alone = row["group"].rpartition(":")[2] if ":" in row["group"] else ""
            yield Shown(row["group"], row["at"], text, alone, taken.get(row["key"], FOREVER))

    def _all(self, path: str, number: str) -> list[Mapping[str, Any]]:
        rows: list[Mapping[str, Any]] = []
        while True:
            after = rows[-1][number] if rows else 0
            page = self._control.ask("GET", f"{path}?after={after}&limit={PAGE}")[path]
            rows += page
            if len(page) < PAGE:
                return rows


def _user(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.id,
        "unionid": f"union-{person.id}",
        "departments": list(person.departments),
        "roles": list(person.roles),
    }


def _guest(id_: str) -> dict[str, str]:
    return {"id": id_, "name": id_, "unionid": id_}


def _group_of(row: Mapping[str, Any]) -> str:
    """The group of a request for its members: its id, or the chatid of the older call."""
    if row["method"] == "GET":
        return str(parse_qs(row["query"])["chatid"][0])
    return str(_given(row)["openConversationId"])


def _given(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The parameters of a request."""
    given: Mapping[str, Any] = msgspec.json.decode(row["body"])
    return given
