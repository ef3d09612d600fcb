"""What was last done with a customer, beside a record that is new."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.contract import Record, Throttled
from connectors.salesforce.client import Client
from connectors.salesforce.errors import ObjectUnknown
from connectors.salesforce.records import id18
from connectors.salesforce.wire import Said
from tests.connectors.salesforce.parts import NOW, Desk, settings
from worker.ledger.arrivals import digest

LINKS = {
    "OwnerId": ("Owner", "User"),
    "AccountId": ("Account", "Account"),
    "LastModifiedById": ("LastModifiedBy", "User"),
}
TYPES = {"SystemModstamp": "datetime", "CreatedDate": "datetime", "StartDateTime": "datetime", "ActivityDate": "date"}
OWNED = ("OwnerId", "AccountId")
OBJECTS: Mapping[str, Sequence[str]] = {
    "Opportunity": ("Name", "StageName", "CloseDate", "CreatedDate", *OWNED),
    "Case": ("Subject", "Status", "Priority", *OWNED),
    "Task": ("Subject", "ActivityDate", "TaskSubtype", *OWNED),
    "Event": ("Subject", "StartDateTime", *OWNED),
    "Account": ("Name", "CreatedDate"),
    "User": ("Name",),
}
KIND = {"fields": ["StageName", "history"], "number": "Name", "history": 2}
LATER = timedelta(minutes=1)


def shown(at: Any) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.000+0000"


def account(number: int) -> str:
    return id18(f"001Dn0000{number:06d}")


def described(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "fields": [
            {"name": each, "type": "reference", "relationshipName": LINKS[each][0], "referenceTo": [LINKS[each][1]]}
            if each in LINKS
            else {"name": each, "type": TYPES.get(each, "string")}
            for each in ("Id", "SystemModstamp", *OBJECTS[name])
        ],
    }


def row(number: int, of: str = account(1), *, prefix: str = "00T", **fields: Any) -> dict[str, Any]:
    names = {name for each in OBJECTS.values() for name in each}
    own = {"Id": id18(f"{prefix}Dn0000{number:06d}"), "SystemModstamp": shown(NOW), "AccountId": of}
    return {**dict.fromkeys(names), "Owner": {"Name": "Amy Wong"}, **own, **fields}


def deal(number: int = 1, of: str | None = account(1), *, age: timedelta = LATER, **fields: Any) -> dict[str, Any]:
    given = {"Name": f"Deal {number}", "StageName": "Open", "CreatedDate": shown(NOW - age), "AccountId": of}
    return row(number, prefix="006", **given | fields)


class Org:
    """Answers queries with `deals`, and the parts of composite calls with rows by object, as many as were asked for."""

    def __init__(self, *deals: dict[str, Any], **around: Any) -> None:
        self.deals, self.around = deals, around
        self.said = Said()
        self.hidden: set[str] = set()
        self.composites: list[dict[str, str]] = []

    def call(self, path: str, **request: Any) -> Any:
        if path.endswith("/describe"):
            name = path.split("/")[1]
            if name in self.hidden:
                raise ObjectUnknown("hidden")
            return described(name)
        if path != "composite":
            return {"records": list(self.deals), "done": True}
        assert (request["method"], request["safe"]) == ("POST", True)
        parts = json.loads(request["data"])["compositeRequest"]
        self.composites.append({each["referenceId"]: parse_qs(urlsplit(each["url"]).query)["q"][0] for each in parts})
        return {"compositeResponse": [self._part(name, query) for name, query in self.composites[-1].items()]}

    def _part(self, name: str, query: str) -> dict[str, Any]:
        answer = self.around.get(name, [])
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, tuple):
            return {"referenceId": name, "httpStatusCode": answer[0], "body": [{"errorCode": answer[1]}]}
        asked, limit = set(re.findall(r"'(001\w+)'", query)), int(query.rsplit(" ", 1)[1])
        rows = [each for each in answer if each["AccountId"] in asked][:limit]
        return {"referenceId": name, "httpStatusCode": 200, "body": {"records": rows, "done": True}}


class Round:
    """One round after the first."""

    def __init__(self, org: Org, **changes: Any) -> None:
        self.client = Client("crm", settings(kinds={"Opportunity": KIND}, **changes), Desk().services(), org)
        self.page = self.client.pull("Opportunity", None)
        if not self.page.more:
            self.first, self.page = self.page, self.client.pull("Opportunity", self.page.cursor)


def told(org: Org) -> list[Any]:
    return [each.context.get("history") for each in Round(org).page.records]


def test_a_new_deal_comes_with_what_was_done_and_what_is_open() -> None:
    org = Org(
        deal(),
        Task=[
            row(1, Subject="Price  talk", TaskSubtype="Call", ActivityDate="2026-02-20"),
            row(2, Subject="Letter", ActivityDate="2026-02-10"),
        ],
        Event=[row(3, Subject="Visit", StartDateTime=shown(NOW - timedelta(days=12)), Owner=None)],
        Opportunity=[deal(), row(5, Name="Pump station 7", StageName="Proposal", CloseDate="2026-12-31")],
        Case=[row(6, Subject="Too warm", Status="New", Priority="High")],
    )
    assert told(org) == [
        (
            "2026-02-20 Call: Price talk (Amy Wong)",
            "2026-02-18 09:00 UTC Event: Visit",
            "Opportunity: Pump station 7 (Proposal; 2026-12-31; Amy Wong)",
            "Case: Too warm (New; High; Amy Wong)",
        )
    ]
    (asked,) = org.composites
    task = f"WHERE AccountId IN ('{account(1)}') AND IsClosed = true ORDER BY ActivityDate DESC NULLS LAST LIMIT 3"
    assert asked["Task"].endswith(task)
    assert "StartDateTime <= 2026-03-02T09:00:00Z" in asked["Event"]


def test_the_history_makes_no_other_state() -> None:
    quiet, busy = (Round(Org(deal(), Task=rows)).page.records for rows in ([], [row(1, Subject="Call")]))
    assert [each.context for each in quiet] != [each.context for each in busy]
    assert [digest(each) for each in quiet] == [digest(each) for each in busy]


@pytest.mark.parametrize(
    "old",
    [deal(age=timedelta(minutes=16)), deal(of=None), deal(IsDeleted=True)],
    ids=["created earlier", "without a customer", "deleted"],
)
def test_what_is_not_new_or_has_no_customer_costs_no_call(old: dict[str, Any]) -> None:
    org = Org(old)
    assert told(org) == [None]
    assert org.composites == []


def test_what_the_first_round_finds_and_an_earlier_page_cost_no_call() -> None:
    org = Org(deal())
    assert Round(org).first.records[0].context == {}
    assert len(org.composites) == 1
    org = Org(*(deal(number) for number in range(2)))
    assert Round(org, page_size=2).page.more
    assert org.composites == []


def test_what_is_read_by_its_id_comes_with_its_history_too() -> None:
    org = Org(deal(), Task=[row(1, Subject="Call")])
    (found,) = Client("crm", settings(kinds={"Opportunity": KIND}), Desk().services(), org).read(
        "Opportunity", [deal()["Id"]]
    )
    assert isinstance(found, Record)
    assert found.context == {"history": ("Task: Call (Amy Wong)",)}


def test_a_kind_without_history_asks_nothing_more() -> None:
    org = Org(deal())
    plain = {"Opportunity": {"fields": ["StageName"], "number": "Name"}}
    client = Client("crm", settings(kinds=plain), Desk().services(), org)
    (found,) = client.read("Opportunity", [deal()["Id"]])
    assert isinstance(found, Record)
    assert (set(found.fields), found.context, org.composites) == ({"StageName"}, {}, [])


def test_many_customers_share_a_call_and_four_calls_are_the_most() -> None:
    org = Org(*(deal(number, account(number)) for number in range(130)))
    assert told(org) == [()] * 100 + [None] * 30
    assert [len(re.findall("'001", each["Task"])) for each in org.composites] == [25] * 4


def test_a_customer_with_very_many_rows_does_not_make_others_seem_idle() -> None:
    busy = [row(number, Subject="Mail", ActivityDate="2026-03-01") for number in range(600)]
    idle = row(700, account(2), Subject="Call", ActivityDate="2026-01-05")
    org = Org(deal(1), deal(2, account(2)), Task=[*busy, idle])
    assert told(org) == [("2026-03-01 Task: Mail (Amy Wong)",) * 2, ("2026-01-05 Task: Call (Amy Wong)",)]
    assert [re.findall(r"'(001\w+)'", each["Task"]) for each in org.composites] == [
        [account(1), account(2)],
        [account(2)],
    ]


def test_an_object_that_our_user_may_not_see_is_left_out() -> None:
    org = Org(deal(), Case=(400, "INVALID_TYPE"), Event=(400, "INVALID_FIELD"), Opportunity=[row(4, Name="Pump")])
    org.hidden.add("Task")
    assert told(org) == [("Opportunity: Pump (Amy Wong)",)]


@pytest.mark.parametrize(
    "fault", [(503, "SERVER_UNAVAILABLE"), Throttled("used up", after=LATER, scope="org")], ids=["a part", "the call"]
)
def test_a_fact_does_not_wait_for_what_lies_around_it(fault: Any) -> None:
    assert told(Org(deal(), Task=fault)) == [None]


def test_a_row_that_cannot_be_read_is_left_out() -> None:
    org = Org(deal(), Task=[row(2, Subject="Call"), row(3, Subject="Odd", ActivityDate=5)])
    assert told(org) == [("Task: Call (Amy Wong)",)]


def test_a_customer_is_found_by_another_path_if_it_is_an_id() -> None:
    for path, wanted in (("Name", [None]), ("AccountId", [()])):
        org = Org(deal(Name="') OR (Name != 'x"))
        kinds = {"Opportunity": KIND | {"account": path}}
        client = Client("crm", settings(kinds=kinds), Desk().services(), org)
        found = client.read("Opportunity", [deal()["Id"]])
        assert [each.context.get("history") for each in found if isinstance(each, Record)] == wanted
