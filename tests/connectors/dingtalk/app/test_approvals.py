"""OA approvals: one that got no answer is looked up and never started a second time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.contract import Malformed, Misconfigured, Refused, Retryable, Unknown
from connectors.dingtalk.app.approvals import CREATE, LIST, TERMINATE, Approvals, Request, Task
from tests.connectors.dingtalk.app.vendor import CUT, NOW, Said, Vendor, refusal

REQUEST = Request("PROC-1", "amy", "Number", {"Number": "PO-7", "Amount": "100"}, approvers=("ben", "cho"))
LATER = NOW + timedelta(minutes=3)


def instance(number: str, status: str = "RUNNING", result: str = "agree") -> Said:
    found = {
        "title": "amy's purchase",
        "status": status,
        "result": result,
        "businessId": "202608310001",
        "originatorUserId": "amy",
        "tasks": [{"taskId": 111, "userId": "ben", "status": "RUNNING", "result": "NONE"}],
        "formComponentValues": [{"name": "Number", "value": number}, {"name": "Amount", "value": "100"}],
    }
    return Said(200, {"result": found, "success": "true"})


def listed(*ids: str, following: str | None = None) -> Said:
    result: dict[str, Any] = {"list": list(ids)}
    if following is not None:
        result["nextToken"] = following
    return Said(200, {"result": result, "success": True})


def test_an_approval_is_started(vendor: Vendor) -> None:
    vendor.on(CREATE, Said(200, {"instanceId": "i-1"}))
    assert Approvals(vendor.calls()).create(REQUEST) == "i-1"
    body = vendor.to(CREATE)[0].body
    assert body["approvers"] == [{"actionType": "OR", "userIds": ["ben", "cho"]}]
    assert {"name": "Amount", "value": "100"} in body["formComponentValues"]
    assert (body["processCode"], body["originatorUserId"], body["deptId"]) == ("PROC-1", "amy", -1)


@pytest.mark.parametrize(
    ("request_", "action"),
    [(replace(REQUEST, approvers=("ben",)), "NONE"), (replace(REQUEST, every=True), "AND")],
)
def test_how_approvers_decide(vendor: Vendor, request_: Request, action: str) -> None:
    vendor.on(CREATE, Said(200, {"instanceId": "i-1"}))
    Approvals(vendor.calls()).create(request_)
    assert vendor.to(CREATE)[0].body["approvers"][0]["actionType"] == action


def test_one_that_could_not_be_found_again_is_not_started(vendor: Vendor) -> None:
    with pytest.raises(Refused, match="marker"):
        Approvals(vendor.calls()).create(replace(REQUEST, form={"Amount": "100"}))
    with pytest.raises(Refused, match="20 approvers"):
        Approvals(vendor.calls()).create(replace(REQUEST, approvers=tuple(f"u{n}" for n in range(21))))
    assert vendor.asked == []


@pytest.mark.parametrize("said", [CUT, Said(502, b""), Said(200, {"success": True}), refusal("systemError", 500)])
def test_a_start_without_an_answer_is_in_doubt(vendor: Vendor, said: Said) -> None:
    vendor.on(CREATE, said)
    with pytest.raises(Unknown):
        Approvals(vendor.calls()).create(REQUEST)
    assert len(vendor.to(CREATE)) == 1


def test_a_start_without_an_answer_is_found_by_its_number(vendor: Vendor) -> None:
    vendor.on(LIST, listed("i-1", "i-2", following="20"), listed("i-3"))
    vendor.on(CREATE, instance("PO-5"), instance("PO-6"), instance("PO-7"))
    assert Approvals(vendor.calls()).find(REQUEST, NOW, LATER) == "i-3"
    first, second = (one.body for one in vendor.to(LIST))
    assert (first["processCode"], first["userIds"], first["nextToken"], second["nextToken"]) == (
        "PROC-1",
        ["amy"],
        0,
        20,
    )
    assert first["maxResults"] <= 20
    assert first["startTime"] < NOW.timestamp() * 1000 < LATER.timestamp() * 1000 < first["endTime"]


def test_what_is_not_listed_may_still_come_and_then_was_not_started(vendor: Vendor) -> None:
    vendor.on(LIST, listed())
    approvals = Approvals(vendor.calls())
    with pytest.raises(Retryable) as caught:
        approvals.find(REQUEST, NOW, NOW + timedelta(seconds=30))
    assert caught.value.after == timedelta(seconds=90)
    assert approvals.find(REQUEST, NOW, LATER) is None


def test_an_approval_is_read(vendor: Vendor) -> None:
    vendor.on(CREATE, instance("PO-7"), instance("PO-7", "COMPLETED", "refuse"))
    approvals = Approvals(vendor.calls())
    running, ended = approvals.read("i-1"), approvals.read("i-1")
    # the page's own sample names a result for an approval that is still running
    assert (running.status, running.result) == ("RUNNING", "")
    assert (ended.status, ended.result) == ("COMPLETED", "refuse")
    assert running.tasks == (Task("111", "ben", "RUNNING", "NONE"),)
    assert vendor.to(CREATE)[0].query == {"processInstanceId": "i-1"}


def test_what_is_no_approval(vendor: Vendor) -> None:
    vendor.on(CREATE, Said(200, {"result": [], "success": True}))
    with pytest.raises(Malformed):
        Approvals(vendor.calls()).read("i-1")


def test_a_withdrawal(vendor: Vendor) -> None:
    vendor.on(TERMINATE, Said(200, {"result": True, "success": True}))
    Approvals(vendor.calls()).terminate("i-1", NOW, LATER, "The order was cancelled.")
    body = vendor.to(TERMINATE)[0].body
    assert body == {"processInstanceId": "i-1", "isSystem": True, "remark": "The order was cancelled."}


def test_a_young_approval_is_withdrawn_later(vendor: Vendor) -> None:
    with pytest.raises(Retryable) as caught:
        Approvals(vendor.calls()).terminate("i-1", NOW, NOW + timedelta(seconds=5))
    assert caught.value.after == timedelta(seconds=10)
    assert vendor.asked == []


def test_withdrawing_what_has_ended_changes_nothing(vendor: Vendor) -> None:
    vendor.on(TERMINATE, refusal("aflowProcessInstStatusException"))
    vendor.on(CREATE, instance("PO-7", "TERMINATED"), instance("PO-7", "RUNNING"))
    approvals = Approvals(vendor.calls())
    approvals.terminate("i-1", NOW, LATER)
    with pytest.raises(Refused):
        approvals.terminate("i-1", NOW, LATER)
    assert len(vendor.to(TERMINATE)) == 2


def test_a_withdrawal_that_dingtalk_did_not_make_is_told(vendor: Vendor) -> None:
    vendor.on(TERMINATE, Said(200, {"result": False, "success": True}))
    vendor.on(CREATE, instance("PO-7"))
    with pytest.raises(Refused, match="did not withdraw"):
        Approvals(vendor.calls()).terminate("i-1", NOW, LATER)


@pytest.mark.parametrize(
    ("code", "kind"),
    [("needAuth", Misconfigured), ("formConverterError", Refused), ("processCodeError", Misconfigured)],
)
def test_what_dingtalk_does_not_start(vendor: Vendor, code: str, kind: type[Exception]) -> None:
    vendor.on(CREATE, refusal(code))
    with pytest.raises(kind):
        Approvals(vendor.calls()).create(REQUEST)
