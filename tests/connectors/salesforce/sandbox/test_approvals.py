"""Approvals: who may decide, what is locked meanwhile, and what remains as data."""

from __future__ import annotations

from typing import Any

import pytest
from simple_salesforce.format import format_soql

from tests.connectors.salesforce.sandbox.served import Served

MANAGER, SALES = "wilmot@harbour.example", "tessa@harbour.example"


def ask(sf: Served, *requests: dict[str, Any], by: str = "") -> tuple[int, Any]:
    answer = sf.call(
        "POST", "/process/approvals/", token=sf.token_of(by) if by else "", json={"requests": list(requests)}
    )
    return answer.status_code, answer.json()


def submit(record_id: str, **more: Any) -> dict[str, Any]:
    return {"actionType": "Submit", "contextId": record_id, **more}


def decide(action: str, item: str) -> dict[str, Any]:
    return {"actionType": action, "contextId": item, "comments": f"{action} it"}


def submitted(sf: Served, record_id: str) -> str:
    status, (result,) = ask(sf, submit(record_id))
    assert (status, result["success"], result["entityId"]) == (200, True, record_id)
    return str(result["newWorkitemIds"][0])


def code(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], answer[1][0]["errorCode"]


def test_the_processes_are_listed_by_object(sf: Served) -> None:
    listed = sf.call("GET", "/process/approvals").json()["approvals"]
    assert set(listed) == {"Opportunity", "Quote"}
    assert (listed["Quote"][0]["name"], listed["Quote"][0]["sortOrder"]) == ("Quote approval", 2)


def test_a_decision_unlocks_and_leaves_steps(sf: Served) -> None:
    quote = sf.first("Quote")
    item = submitted(sf, quote)
    locked = sf.call("PATCH", f"/sobjects/Quote/{quote}", json={"Discount": 1})
    during = sf.call("GET", f"/sobjects/Quote/{quote}").json()["Status"]
    status, (result,) = ask(sf, decide("Approve", item), by=MANAGER)
    told = sf.query("SELECT Status, TargetObjectId, (SELECT StepStatus, Comments FROM Steps) FROM ProcessInstance")
    assert locked.json() == [
        {"message": "the entity is locked for editing", "errorCode": "ENTITY_IS_LOCKED", "fields": []}
    ]
    assert (during, status, result["instanceStatus"]) == ("In Review", 200, "Approved")
    assert (result["actorIds"], result["newWorkitemIds"], result["errors"]) == (None, [], None)
    assert [(s["StepStatus"], s["Comments"]) for s in told["records"][0]["Steps"]["records"]] == [
        ("Started", None),
        ("Approved", "Approve it"),
    ]
    assert sf.query("SELECT Id FROM ProcessInstanceWorkitem")["totalSize"] == 0
    assert sf.call("GET", f"/sobjects/Quote/{quote}").json()["Status"] == "Approved"
    assert sf.call("PATCH", f"/sobjects/Quote/{quote}", json={"Discount": 1}).status_code == 204


def test_steps_follow_one_another_and_a_rejection_ends_them(sf: Served) -> None:
    sf.control("POST", "/processes", {"object": "Account", "name": "Two", "approvers": [MANAGER, SALES]})
    item = submitted(sf, sf.first("Account"))
    _, (first,) = ask(sf, decide("Approve", item), by=MANAGER)
    _, (second,) = ask(sf, decide("Reject", first["newWorkitemIds"][0]), by=SALES)
    assert (first["instanceStatus"], first["actorIds"]) == ("Pending", [sf.first("User", 2)])
    assert second["instanceStatus"] == "Rejected"
    assert submitted(sf, sf.first("Account"))


def test_only_who_is_asked_may_decide_unless_they_may_modify_all(sf: Served) -> None:
    item = submitted(sf, sf.deal(1041))
    refused = ask(sf, decide("Approve", item), by=SALES)
    waiting = sf.query("SELECT ActorId FROM ProcessInstanceWorkitem")["totalSize"]
    sf.control("POST", "/admins", {"user": SALES})
    allowed = ask(sf, decide("Approve", item), by=SALES)
    assert code(refused) == (400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY")
    assert waiting == 1
    assert allowed[0] == 200


@pytest.mark.parametrize("answer", ["INVALID_CROSS_REFERENCE_KEY", "ALREADY_IN_PROCESS", "NO_APPLICABLE_PROCESS"])
def test_what_was_decided_stays_so(sf: Served, answer: str) -> None:
    sf.control("POST", "/switches", {"decided_error": answer})
    item = submitted(sf, sf.deal(1041))
    ask(sf, decide("Approve", item), by=MANAGER)
    assert code(ask(sf, decide("Reject", item), by=MANAGER)) == (400, answer)
    assert sf.query("SELECT Status FROM ProcessInstance")["records"][0]["Status"] == "Approved"


@pytest.mark.parametrize("answer", ["INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "INVALID_CROSS_REFERENCE_KEY"])
def test_the_code_for_a_foreign_approver(sf: Served, answer: str) -> None:
    sf.control("POST", "/switches", {"foreign_approver_error": answer})
    assert code(ask(sf, decide("Approve", submitted(sf, sf.deal(1041))), by=SALES)) == (400, answer)


def test_a_record_is_submitted_once_and_needs_a_process(sf: Served) -> None:
    submitted(sf, sf.deal(1041))
    assert code(ask(sf, submit(sf.deal(1041)))) == (400, "ALREADY_IN_PROCESS")
    assert code(ask(sf, submit(sf.first("Contact")))) == (400, "NO_APPLICABLE_PROCESS")
    assert code(ask(sf, submit(sf.deal(1042), processDefinitionNameOrId="Other"))) == (400, "NO_APPLICABLE_PROCESS")
    assert code(ask(sf, decide("Approve", sf.deal(1042)))) == (400, "INVALID_CROSS_REFERENCE_KEY")
    assert code(ask(sf, submit("xyz"))) == (400, "MALFORMED_ID")
    named = ask(sf, submit(sf.deal(1042), processDefinitionNameOrId="Deal_Approval", skipEntryCriteria="true"))
    assert named[1][0]["success"] is True


def test_of_several_requests_the_good_ones_stay(sf: Served) -> None:
    status, (good, bad) = ask(sf, submit(sf.deal(1041)), submit(sf.first("Contact")))
    assert (status, good["success"], bad["success"]) == (200, True, False)
    assert bad["errors"][0]["statusCode"] == "NO_APPLICABLE_PROCESS"
    assert sf.query("SELECT Id FROM ProcessInstance")["totalSize"] == 1


def test_a_single_failure_can_be_a_result(sf: Served) -> None:
    sf.control("POST", "/switches", {"approval_failure": "results"})
    status, (result,) = ask(sf, submit(sf.first("Contact")))
    assert (status, result["success"], result["errors"][0]["statusCode"]) == (200, False, "NO_APPLICABLE_PROCESS")


def test_a_work_item_leads_to_the_record_and_the_approver(sf: Served) -> None:
    submitted(sf, sf.deal(1041))
    soql = format_soql(
        "SELECT Id, ActorId, Actor.Name, ProcessInstance.Status, ProcessInstance.TargetObject.Type, "
        "ProcessInstance.TargetObject.Name FROM ProcessInstanceWorkitem WHERE ProcessInstance.TargetObjectId = {}",
        sf.deal(1041),
    )
    (row,) = sf.query(soql)["records"]
    assert row["ActorId"] == sf.first("User", 1)
    assert row["Actor"]["Name"] == "Wilmot Kestrel"
    target = row["ProcessInstance"]["TargetObject"]
    assert (target["Type"], target["Name"]) == ("Opportunity", "Harbour cold chain")
    assert target["attributes"]["type"] == "Opportunity"
