"""A group's members have roles at DingTalk, and lose them: a field goes there only while each of them is cleared for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from tests.processes.application import push, sign_in
from tests.processes.installation import Installation, installation, until
from tests.processes.process import run
from worker.ledger.tables import directory

pytestmark = pytest.mark.timeout(180)

BRIDGE = """
version: 1
classes: [finance]
clearances:
  finance: {roles: Positions/Accountant, departments: Management}
sources:
  SHOP:
    kinds:
      order: {fields: {buyer: {path: buyer, type: text}, total: {path: total, type: text, class: finance}}}
applications:
  company: {connector: dingtalk, settings: {application: APPLICATION}}
destinations:
  sales:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings: {kind: group, conversation: cid-sales-hk, application: APPLICATION}
    attestation: {by: Office manager, on: 2020-01-01, until: 2999-01-01, classes: [finance]}
  amy:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings: {kind: person, users: [u-amy], application: APPLICATION}
routes:
  orders: {from: shop.order, to: [sales, amy], title: Order, fields: [buyer, total], merge: never}
"""
SALES_DIRECTOR, ACCOUNTANT = 901, 902
SALES_HK, MANAGEMENT = 11, 20


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("clearances")
    with installation(folder, BRIDGE, DINGBRIDGE_TICK_S="0.2", DINGBRIDGE_READERS_S="600") as parts:
        sign_in(parts, folder, BRIDGE)
        for user in ("u-ben", "u-chen"):
            parts.sink.ask("PATCH", f"users/{user}", json={"roles": [ACCOUNTANT], "departments": [SALES_HK]})
        parts.start()
        until(lambda: bool(parts.sink.ask("GET", "stream")["connections"]), "it listens", 30)
        until(lambda: bool(parts.books.rows(select(directory.c.read_at))), "people are read", 30)
        yield parts


def told(parts: Installation, number: str) -> dict[str, bool]:
    """Tell an order, and return who reads its total: the group, and Amy by herself."""
    push(parts, number, total="HKD 4711")
    parts.await_settled(40)
    rows = [row for row in parts.sink.messages() if number in row["text"]]
    return {"sales" if row["group"] == "cid-sales-hk" else "amy": "4711" in row["text"] for row in rows}


def heard(parts: Installation, method: str, path: str, **body: Any) -> None:
    """Do something at DingTalk, and wait until its event was acknowledged."""
    before = len(parts.sink.ask("GET", "events")["events"])
    parts.sink.ask(method, path, json=body)

    def told_of() -> bool:
        events = parts.sink.ask("GET", "events")["events"][before:]
        return bool(events) and all(one["outcome"] == "acknowledged" for one in events)

    until(told_of, "the event was acknowledged", 30)


def test_a_field_goes_where_everybody_is_cleared_by_role_or_department(parts: Installation) -> None:
    assert told(parts, "SO-1") == {"sales": True, "amy": True}


def test_audience_tells_of_each_reader_what_they_may_see_and_why(parts: Installation) -> None:
    said = run(["audience", "orders"], parts.settings).stdout
    assert re.search(r"^sales: 3 people, 0 from outside, listed \d+ s ago$", said, re.MULTILINE), said
    assert "  goes there: buyer, total\n" in said
    assert re.search(r"Ben Lau \(u-ben\) +buyer, total +finance by role Positions/Accountant", said), said
    assert re.search(r"Amy Wong \(u-amy\) +buyer, total +finance by department Management", said), said
    alone = json.loads(run(["audience", "orders", "--record", "SO-1", "--json"], parts.settings).stdout)
    assert [(one["destination"], len(one["readers"])) for one in alone["destinations"]] == [("sales", 3), ("amy", 1)]


def test_who_joins_without_the_role_stops_it_until_they_leave(parts: Installation) -> None:
    heard(parts, "POST", "groups/cid-sales-hk/members", join=["u-eli"])
    assert told(parts, "SO-2") == {"sales": False, "amy": True}
    said = run(["audience", "orders"], parts.settings).stdout
    assert "  withheld: total\n" in said
    assert re.search(r"Eli Fung \(u-eli\) +buyer +total +not cleared for finance", said), said
    heard(parts, "POST", "groups/cid-sales-hk/members", leave=["u-eli"])
    again = json.loads(run(["audience", "orders", "--read", "--json"], parts.settings).stdout)["destinations"][0]
    assert [one["user"] for one in again["readers"]] == ["u-amy", "u-ben", "u-chen"]
    assert told(parts, "SO-3") == {"sales": True, "amy": True}


def test_a_role_that_is_taken_away_stops_it_at_once(parts: Installation) -> None:
    heard(parts, "PATCH", "users/u-ben", roles=[SALES_DIRECTOR])
    assert told(parts, "SO-4") == {"sales": False, "amy": True}
    heard(parts, "PATCH", "users/u-ben", roles=[ACCOUNTANT])
    assert told(parts, "SO-5") == {"sales": True, "amy": True}


def test_one_person_reads_it_while_they_are_cleared_themselves(parts: Installation) -> None:
    heard(parts, "PATCH", "users/u-amy", departments=[SALES_HK])
    assert told(parts, "SO-6") == {"sales": False, "amy": False}
    heard(parts, "PATCH", "users/u-amy", departments=[MANAGEMENT])
    assert told(parts, "SO-7") == {"sales": True, "amy": True}


def test_check_names_a_role_and_a_department_that_are_not_there(parts: Installation) -> None:
    said = run(["check"], parts.settings)
    assert (said.returncode, "no problems" in said.stdout) == (0, True)
    other = parts.folder / "other.yaml"
    text = (parts.folder / "bridge.yaml").read_text()
    text = text.replace(
        "Positions/Accountant, departments: Management", "Accountants, departments: Managment, people: u-x"
    )
    other.write_text(text.replace("until: 2999-01-01", "until: 2020-01-31"))
    said = run(["check", "--config", str(other)], parts.settings)
    assert said.returncode == 1
    assert (
        "clearances.finance.roles: 'Accountants' is no role of the people of company: did you mean 'Accountant'?"
        in said.stdout
    )
    assert "departments: 'Managment' is no department of company: did you mean 'Management'?" in said.stdout
    assert "clearances.finance.people: 'u-x' is nobody of company" in said.stdout
    assert "destinations.sales.attestation.until: ended on 2020-01-31" in said.stdout
