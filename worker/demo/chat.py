"""The chat that people read: the twin of DingTalk, as the people in its groups and its operator see it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

import msgspec
import requests

from pipelines.language import wordings
from pipelines.plan import destination_of, person_of
from pipelines.stages.render import WITHHELD
from worker.demo.outside import json_of

FACT = re.compile(r"^\*\*[^*\n]*?([^\s*]+)\*\* · ", re.MULTILINE)
"""The head of a fact in a message: its title and number in bold, and when it happened."""

_LINE = re.compile(r"^ *([^:*\n]+): (.*?) *$", re.MULTILINE)
"""A field of a fact in a message."""

_WITHHELD = re.compile("|".join(re.escape(one).replace(r"\{count\}", r"(\d+)") for one in wordings(WITHHELD)))
"""What a message says of withheld fields, in any language."""

ALONE = "single:"
"""How the id of the application's chat with one person begins."""

_GROUP = "cid-"
_SENDS = ("POST /v1.0/robot/groupMessages/send", "POST /v1.0/robot/oToMessages/batchSend")


@dataclass(frozen=True, slots=True)
class Message:
    """A message as its readers saw it.

    `key` is its msgUuid, or what the application was answered; `facts` are the numbers that it tells of; `at` is when it
    was shown, in Unix seconds.
    """

    conversation: str
    key: str
    title: str
    text: str
    at: float = 0.0

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

    @property
    def destination(self) -> str:
        """The destination of the bridge file that it came by."""
        return STAFF if self.conversation.startswith(ALONE) else self.conversation.removeprefix(_GROUP)

    def values(self, label: str) -> list[str]:
        """Return what stands beside this label, of each fact that has it."""
        return [value for found, value in self.lines if found == label]


STAFF = "staff"
"""The destination of the bridge file by which single people are told."""


@dataclass(frozen=True)
class Chat:
    """The twin of DingTalk."""

    page: str
    control: str
    groups: Mapping[str, str]
    """Names by destination of the bridge file."""
    people: Mapping[str, str]
    """Names by user id."""
    http: requests.Session

    def messages(self, reader: str = "") -> list[Message]:
        """Return everything that was shown, to all or to one person, oldest first."""
        return list(self._pages({"reader": reader} if reader else {}))

    def read_by(self, users: Sequence[str]) -> dict[str, list[Message]]:
        """Return what each of these people can read, by their names."""
        return {self.people[user]: self.messages(user) for user in users}

    def _pages(self, query: Mapping[str, str]) -> Iterator[Message]:
        after = 0
        while rows := self._get("messages", after=after, **query)["messages"]:
            yield from (_message(row) for row in rows)
            after = rows[-1]["index"]

    def name(self, recipient: str) -> str:
        """Return the name of a group, or of one person, behind a recipient in the ledger."""
        user = person_of(recipient)
        return self.people[user] if user else self.groups[destination_of(recipient)]

    def open(self, name: str, members: Sequence[str]) -> None:
        """Open a group of these people with a robot in it."""
        group = {"id": f"{_GROUP}{name}", "name": self.groups[name], "members": list(members)}
        json_of(self.http.post(f"{self.control}groups", json=group))
        robot = {"id": f"robot-{name}", "name": "dingbridge", "group": group["id"], "secret": f"SEC{token_hex(32)}"}
        json_of(self.http.post(f"{self.control}robots", json=robot))

    def robots(self) -> list[Mapping[str, Any]]:
        """Return the robots of all groups, each with its webhook."""
        found: list[Mapping[str, Any]] = self._get("")["robots"]
        return found

    def give_address(self, user: str, email: str) -> None:
        """Give somebody an address, by which other systems know them."""
        json_of(self.http.patch(f"{self.control}users/{user}", json={"email": email}))

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

    def requests(self) -> int:
        """Count the requests to send something, of robots and of the application."""
        return int(sum(self._get("stats")["arrivals"].values()) + sum(sent["calls"] for sent in self._sent()))

    def refusals(self) -> int:
        """Count those of them that were answered with something else than success."""
        return int(
            sum(self._get("stats")["refused"].values()) + sum(sent["calls"] - sent["done"] for sent in self._sent())
        )

    def _sent(self) -> Iterator[Mapping[str, int]]:
        """Give what the application sent, in each month and by each call: all `calls`, and those that were `done`."""
        for month in self._get("calls")["months"].values():
            yield from (month["apis"][api] for api in _SENDS if api in month["apis"])

    def _get(self, path: str, /, **query: Any) -> Any:
        return json_of(self.http.get(f"{self.control}{path}", params=query))


def numbers(messages: Sequence[Message]) -> list[str]:
    """Return the numbers of all facts that these messages tell of."""
    return [number for message in messages for number in message.facts]


def _message(row: Mapping[str, Any]) -> Message:
    return Message(row["group"], row["msgUuid"] or row["key"], row["title"], row["text"], row["at"])
