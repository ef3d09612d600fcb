"""Who is told one to one: the owner whom a field names, their manager, and members who may see more than their group."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from tests.processes.application import push, sign_in
from tests.processes.installation import Installation, installation, until
from tests.processes.process import run
from worker.ledger.tables import directory, match

pytestmark = pytest.mark.timeout(180)

READERS_S = 6
BRIDGE = """
version: 1
classes: [finance]
clearances:
  finance: {roles: Accountant}
sources:
  SHOP:
    people: {application: company, by: user}
    kinds:
      order:
        fields:
          buyer: {path: buyer, type: text}
          owner: {path: owner, type: text}
          about: {path: about, type: text}
          total: {path: total, type: text, class: finance}
applications:
  company: {connector: dingtalk, settings: {application: APPLICATION}}
destinations:
  sales:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings: {kind: group, conversation: cid-sales-hk, application: APPLICATION}
  staff:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings: {kind: person, application: APPLICATION}
routes:
  split:
    from: shop.order
    equals: {about: split}
    to: sales
    policy: split
    details: staff
    title: Order
    fields: [buyer, total]
    merge: never
  owned:
    from: shop.order
    equals: {about: owned}
    to: {person: owner, by: staff, otherwise: sales}
    title: Your order
    fields: [buyer]
  managed:
    from: shop.order
    equals: {about: managed}
    to: {manager_of: owner, by: staff, otherwise: sales}
    title: An order of your people
    fields: [buyer]
"""
ACCOUNTANT = 902


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("one-to-one")
    with installation(
        folder, BRIDGE, DINGBRIDGE_TICK_S="0.2", DINGBRIDGE_READERS_S=str(READERS_S), DINGBRIDGE_MONITOR_S="1"
    ) as parts:
        sign_in(parts, folder, BRIDGE)
        parts.sink.ask("PATCH", "users/u-ben", json={"roles": [ACCOUNTANT], "manager": "u-amy"})
        parts.start()
        until(lambda: bool(parts.sink.ask("GET", "stream")["connections"]), "it listens", 30)
        until(lambda: bool(parts.books.rows(select(directory.c.read_at))), "people are read", 30)
        until(lambda: bool(parts.books.rows(select(match.c.user))), "users are matched", 30)
        yield parts


def told(parts: Installation, number: str, about: str, owner: str = "") -> dict[str, str]:
    """Tell an order, and return what each place where it is shown reads of it: groups by id, people by user id."""
    push(parts, number, total="HKD 4711", about=about, owner=owner)
    parts.await_settled(40)
    found: defaultdict[str, str] = defaultdict(str)
    for row in parts.sink.messages():
        if number in row["text"]:
            found[row["group"].rpartition(":")[2]] += row["text"]
    return dict(found)


def test_the_owner_is_told_alone(parts: Installation) -> None:
    assert set(told(parts, "SO-1", "owned", "u-chen")) == {"u-chen"}


def test_nobody_whom_dingtalk_knows_means_the_group(parts: Installation) -> None:
    assert set(told(parts, "SO-2", "owned", "u-nobody")) == {"cid-sales-hk"}
    assert "nobody is matched with whom the source names" in run(["explain", "SO-2"], parts.settings).stdout


def test_the_manager_is_told(parts: Installation) -> None:
    assert set(told(parts, "SO-3", "managed", "u-ben")) == {"u-amy"}


def test_a_split_shows_the_group_less_and_the_cleared_member_all(parts: Installation) -> None:
    shown = told(parts, "SO-4", "split")
    assert set(shown) == {"cid-sales-hk", "u-ben"}
    assert "4711" not in shown["cid-sales-hk"]
    assert "4711" in shown["u-ben"]
    assert "one to one, because the group was told less" in run(["explain", "SO-4"], parts.settings).stdout


def test_who_joins_just_when_a_message_leaves_is_reported_and_the_message_withdrawn(parts: Installation) -> None:
    for user in ("u-amy", "u-chen"):
        parts.sink.ask("PATCH", f"users/{user}", json={"roles": [ACCOUNTANT]})
    until(
        lambda: "4711" in told(parts, f"SO-5{len(parts.sink.messages())}", "split").get("cid-sales-hk", ""),
        "all are cleared",
        30,
    )
    (app,) = parts.sink.ask("GET", "apps")["apps"]
    parts.sink.ask("PATCH", f"apps/{app['client_id']}", json={"events": []})
    assert "4711" in told(parts, "SO-6", "split")["cid-sales-hk"]
    parts.sink.ask("POST", "groups/cid-sales-hk/members", json={"join": ["u-eli"]})

    def withdrawn() -> bool:
        return any(row["recalled"] for row in parts.sink.messages() if "SO-6" in row["text"])

    until(withdrawn, "the message is withdrawn", READERS_S + 4)

    def reported() -> bool:
        faults = json.loads(run(["status", "--json"], parts.settings).stdout)["faults"]
        return any("u-eli" in json.dumps(each) and each["kind"] == "overseen" for each in faults)

    until(reported, "operators see who could read it", 30, look_s=1)
