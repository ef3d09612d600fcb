"""The twin's log by company: who came and went, who got other roles, what operators were told, and what was shown."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.companies.company import Company
from tests.companies.log import Log, Moved, Reported, Roles, Shown
from tests.companies.oracle import TOKEN

OPERATORS_GROUP = "cid-operators"
REPORT = re.compile(r"in (?P<destination>\S+) shows \S.*?, and (?P<people>\S.*?), who may not see that, could read it")
CAME, WENT = ("chat_add_member",), ("chat_remove_member", "chat_quit")


def by_company(companies: Sequence[Company], whole: Log, events: list[Mapping[str, Any]]) -> dict[str, Log]:
    """What of a log concerns each company, by its name: its people and groups, and its values wherever they are."""
    owners = {value: one.name for one in companies for fact in one.facts for value in fact.values.values()}
    homes = {place: one.name for one in companies for place in (*one.groups, *one.people)}
    shown: dict[str, list[Shown]] = defaultdict(list)
    for message in whole.shown:
        concerned = {owners.get(value, "") for value in TOKEN.findall(message.text)}
        for name in concerned | {homes.get(message.person or message.conversation, "")}:
            shown[name].append(message)
    moved = [move for event in events for move in _moved(event)]
    roles = [change for event in events for change in _roles(event)]
    told = [report for each in whole.shown if each.conversation == OPERATORS_GROUP for report in _reports(each)]
    return {
        one.name: Log(
            tuple(shown[one.name]),
            tuple(each for each in whole.listed if each.group in one.groups),
            tuple(each for each in whole.looked if each.person in one.people),
            whole.rounds,
            tuple(each.at for each in roles),
            tuple(each for each in moved if each.group in one.groups),
            tuple(each for each in roles if each.person in one.people),
            tuple(each for each in told if each.destination in one.destinations),
        )
        for one in companies
    }


def _moved(event: Mapping[str, Any]) -> Iterator[Moved]:
    if event["type"] not in {*CAME, *WENT}:
        return
    data, inside = event["data"], event["type"] in CAME
    at, group = data["timeStamp"] / 1000, data["openConversationId"]
    for user in data["userId"]:
        yield Moved(at, group, user, inside)
    for union in data["unionId"]:
        if union.removeprefix("union-") not in data["userId"]:
            yield Moved(at, group, union, inside, outsider=True)


def _reports(message: Shown) -> Iterator[Reported]:
    for told in REPORT.finditer(message.text):
        for person in told["people"].split(", "):
            yield Reported(message.at, told["destination"], person)


def _roles(event: Mapping[str, Any]) -> Iterator[Roles]:
    if event["type"] == "label_user_change":
        data = event["data"]
        for user in data["userIdList"]:
            yield Roles(int(data["timeStamp"]) / 1000, user, tuple(data["labelIdList"]))
