"""Approvals as a destination: each fact starts one, however often its message is sent."""

from __future__ import annotations

import re
from typing import Any

import pytest

from connectors.contract import Draft, Fact, Level, Line, Outcome, Purpose
from connectors.dingtalk.app.approval import MOST_VALUE
from connectors.dingtalk.app.approvals import CREATE, LIST, TERMINATE
from tests.connectors.dingtalk.app.vendor import CUT, Said, Vendor, refusal

FACT = Fact(
    "Order to release",
    "SO-7",
    "https://crm.example.com/7",
    "10:32",
    (Line("Amount", "HKD 2"),),
    ("One field withheld.",),
)
OTHER = Fact("Order to release", "SO-8")
SETTINGS: dict[str, Any] = {
    "process": "PROC-1",
    "originator": "ben",
    "marker": "Number",
    "form": {
        "Number": "number",
        "Subject": "title",
        "Amount": {"line": "Amount"},
        "Details": "text",
        "Address": "link",
    },
}
STARTED = Said(200, {"instanceId": "i-1"})


def approval(vendor: Vendor, **changes: Any) -> Any:
    return vendor.sender("approval", **{**SETTINGS, **changes})


def frozen(vendor: Vendor, fact: Fact = FACT, key: str = "key-1", **changes: Any) -> Any:
    return approval(vendor, **changes).freeze(Draft("Orders", (fact,)), key)


def form(vendor: Vendor) -> dict[str, str]:
    body = next(one.body for one in vendor.to(CREATE) if one.method == "POST")
    return {row["name"]: row["value"] for row in body["formComponentValues"]}


def starts(vendor: Vendor) -> int:
    return sum(one.method == "POST" for one in vendor.to(CREATE))


def listed(vendor: Vendor, *ids: str) -> None:
    vendor.on(LIST, Said(200, {"result": {"list": list(ids)}, "success": True}))


def there(sent: dict[str, str]) -> Said:
    values = [{"name": name, "value": value} for name, value in sent.items()]
    return Said(200, {"result": {"status": "RUNNING", "formComponentValues": values}, "success": "true"})


def test_a_fact_fills_the_form(vendor: Vendor) -> None:
    vendor.on(CREATE, STARTED)
    delivery = approval(vendor).send(frozen(vendor))
    assert (delivery.outcome, delivery.handle) == (Outcome.DELIVERED, "i-1")
    sent = form(vendor)
    assert re.fullmatch(r"SO-7 ‹[0-9a-f]{12}›", sent["Number"])
    assert (sent["Subject"], sent["Amount"], sent["Address"]) == (
        "Order to release",
        "HKD 2",
        "https://crm.example.com/7",
    )
    assert "Amount: HKD 2" in sent["Details"]
    assert "One field withheld." in sent["Details"]
    body = vendor.to(CREATE)[0].body
    assert (body["processCode"], body["originatorUserId"], body["deptId"]) == ("PROC-1", "ben", -1)
    assert "approvers" not in body


def test_people_and_department_of_the_settings_decide(vendor: Vendor) -> None:
    vendor.on(CREATE, STARTED)
    people: dict[str, Any] = {"approvers": ["amy", "cho"], "every": True, "department": "11"}
    approval(vendor).send(frozen(vendor, **people))
    body = vendor.to(CREATE)[0].body
    assert body["approvers"] == [{"actionType": "AND", "userIds": ["amy", "cho"]}]
    assert body["deptId"] == 11


def test_a_mark_may_stand_alone_and_what_is_empty_is_left_out(vendor: Vendor) -> None:
    vendor.on(CREATE, STARTED)
    approval(vendor).send(frozen(vendor, OTHER, marker="Mark"))
    sent = form(vendor)
    assert set(sent) == {"Number", "Subject", "Details", "Mark"}
    assert re.fullmatch(r"‹[0-9a-f]{12}›", sent["Mark"])


def test_each_fact_is_an_approval_of_its_own(vendor: Vendor) -> None:
    parts = approval(vendor).pack(Draft("Two orders", (FACT, OTHER), mentions=("amy",)))
    assert [([fact.number for fact in part.facts], indexes) for part, indexes in parts] == [
        (["SO-7"], (0,)),
        (["SO-8"], (1,)),
    ]


def test_a_value_is_as_long_as_dingtalk_takes_it(vendor: Vendor) -> None:
    vendor.on(CREATE, STARTED)
    long = Fact("Order", "SO-9", lines=(Line("Amount", "9" * 70_000),))
    approval(vendor).send(frozen(vendor, long, marker="Details"))
    sent = form(vendor)
    assert max(map(len, sent.values())) <= MOST_VALUE
    assert re.search(r"… ‹[0-9a-f]{12}›$", sent["Details"])


def test_an_approval_that_was_answered_is_not_looked_up(vendor: Vendor) -> None:
    vendor.on(CREATE, STARTED)
    approval(vendor).send(frozen(vendor))
    assert vendor.to(LIST) == []
    assert [purpose for _, purpose in vendor.spent] == [Purpose.APPROVAL]


@pytest.mark.parametrize("lost", [CUT, Said(502, b""), refusal("systemError", 500)])
def test_one_without_an_answer_is_found_by_another_process_and_started_once(vendor: Vendor, lost: Said) -> None:
    bytes_ = frozen(vendor)
    vendor.on(CREATE, lost)
    assert approval(vendor).send(bytes_).outcome is Outcome.UNKNOWN
    listed(vendor, "i-1")
    vendor.on(CREATE, there(form(vendor)))
    vendor.later(seconds=5)
    again = approval(vendor).send(bytes_)
    assert (again.outcome, again.handle, starts(vendor)) == (Outcome.DELIVERED, "i-1", 1)


def test_one_that_began_nothing_is_started_when_it_would_be_listed(vendor: Vendor) -> None:
    bytes_ = frozen(vendor)
    vendor.on(CREATE, CUT)
    approval(vendor).send(bytes_)
    listed(vendor)
    vendor.on(CREATE, STARTED)
    vendor.later(seconds=30)
    early = approval(vendor).send(bytes_)
    assert (early.outcome, starts(vendor)) == (Outcome.RETRY, 1)
    assert early.after is not None
    vendor.later(seconds=early.after.total_seconds())
    assert approval(vendor).send(bytes_).handle == "i-1"
    assert starts(vendor) == 2


def test_the_same_fact_in_another_message_is_another_approval(vendor: Vendor) -> None:
    vendor.on(CREATE, CUT)
    approval(vendor).send(frozen(vendor))
    vendor.on(CREATE, STARTED)
    assert approval(vendor).send(frozen(vendor, key="key-2")).outcome is Outcome.DELIVERED
    assert vendor.to(LIST) == []


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (refusal("processCodeError"), Outcome.MISCONFIGURED),
        (refusal("formConverterError"), Outcome.REFUSED),
        (refusal("Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", 403), Outcome.THROTTLED),
    ],
)
def test_what_dingtalk_did_not_start_is_started_later_without_a_look_up(
    vendor: Vendor, said: Said, outcome: Outcome
) -> None:
    vendor.on(CREATE, said, STARTED)
    bytes_ = frozen(vendor)
    assert approval(vendor).send(bytes_).outcome is outcome
    assert approval(vendor).send(bytes_).outcome is Outcome.DELIVERED
    assert vendor.to(LIST) == []


def test_the_probe_tells_of_template_and_permissions(vendor: Vendor) -> None:
    listed(vendor)
    vendor.on(TERMINATE, refusal("processInstanceNotExist"))
    assert {each.level for each in approval(vendor).probe()} == {Level.FINE}
    vendor.on(TERMINATE, refusal("Forbidden.AccessDenied.AccessTokenPermissionDenied", 403))
    assert Level.WRONG in {each.level for each in approval(vendor).probe()}
    vendor.on(LIST, refusal("processCodeError"))
    [wrong] = [each for each in approval(vendor).probe() if each.level is Level.WRONG]
    assert "processCode" in wrong.sentence
