"""OA approvals, by the API and by people in DingTalk."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.connectors.dingtalk.sandbox.app import App

INSTANCES = "workflow/processInstances"
QUERY = "workflow/processes/instanceIds/query"
FORM = [{"name": "Order", "value": "SO-1042"}, {"name": "Amount", "value": "480000"}]


def _start(app: App, *approvers: dict[str, object], **more: object) -> str:
    body: dict[str, object] = {
        "processCode": "PROC-SANDBOX-ORDER",
        "originatorUserId": "u-ben",
        "formComponentValues": FORM,
    }
    body |= {"approvers": [*approvers]} if approvers else {"deptId": -1}
    return str(app.done("POST", INSTANCES, {**body, **more})["instanceId"])


def _get(app: App, id_: str) -> dict[str, Any]:
    told: dict[str, Any] = app.done("GET", INSTANCES, processInstanceId=id_)["result"]
    return told


def _values(told: dict[str, Any]) -> list[dict[str, str]]:
    return [{"name": row["name"], "value": row["value"]} for row in told["formComponentValues"]]


def _execute(app: App, id_: str, user: str, result: str = "agree", **more: object) -> tuple[int, dict[str, Any]]:
    tasks = [task["taskId"] for task in _get(app, id_)["tasks"] if task["userId"] == user]
    body = {
        "processInstanceId": id_,
        "taskId": tasks[-1] if tasks else 1,
        "actionerUserId": user,
        "result": result,
        **more,
    }
    return app.new("POST", f"{INSTANCES}/execute", body)


def _events(app: App) -> list[tuple[str, str, str | None]]:
    rows = app.twin.control("events")["events"]
    return [(row["type"], row["data"]["type"], row["data"].get("result")) for row in rows]


def test_an_approval_with_the_templates_own_flow(app: App) -> None:
    id_ = _start(app)
    told = _get(app, id_)
    assert (told["status"], told["originatorUserId"], told["approverUserIds"]) == ("RUNNING", "u-ben", ["u-amy"])
    assert [(task["userId"], task["status"]) for task in told["tasks"]] == [("u-amy", "RUNNING")]
    assert _values(told) == FORM
    assert _execute(app, id_, "u-amy", remark="fine") == (200, {"result": True, "success": True})
    done = _get(app, id_)
    assert (done["status"], done["result"], done["tasks"][0]["result"]) == ("COMPLETED", "agree", "AGREE")
    assert done["operationRecords"][-1]["remark"] == "fine"
    assert _events(app) == [
        ("bpms_instance_change", "start", None),
        ("bpms_task_change", "start", None),
        ("bpms_task_change", "finish", "agree"),
        ("bpms_instance_change", "finish", "agree"),
    ]


def test_one_refusal_ends_it(app: App) -> None:
    id_ = _start(
        app, {"actionType": "AND", "userIds": ["u-amy", "u-dora"]}, {"actionType": "NONE", "userIds": ["u-eli"]}
    )
    assert _execute(app, id_, "u-dora", "refuse")[0] == 200
    told = _get(app, id_)
    assert (told["status"], told["result"]) == ("COMPLETED", "refuse")
    assert {task["userId"]: task["status"] for task in told["tasks"]} == {"u-amy": "CANCELED", "u-dora": "COMPLETED"}


def test_all_of_a_step_and_then_the_next(app: App) -> None:
    id_ = _start(
        app, {"actionType": "AND", "userIds": ["u-amy", "u-dora"]}, {"actionType": "NONE", "userIds": ["u-eli"]}
    )
    _execute(app, id_, "u-amy")
    assert [task["userId"] for task in _get(app, id_)["tasks"]] == ["u-amy", "u-dora"]
    _execute(app, id_, "u-dora")
    assert _execute(app, id_, "u-eli")[0] == 200
    assert _get(app, id_)["result"] == "agree"


def test_the_first_of_a_step_is_enough(app: App) -> None:
    id_ = _start(app, {"actionType": "OR", "userIds": ["u-amy", "u-dora"]})
    _execute(app, id_, "u-dora")
    assert _get(app, id_)["status"] == "COMPLETED"
    assert ("bpms_task_change", "cancel", None) in _events(app)
    status, told = _execute(app, id_, "u-amy")
    assert (status, told["code"]) == (400, "aflowProcessInstStatusException")


def test_what_cannot_be_executed(app: App) -> None:
    id_ = _start(app)
    assert _execute(app, id_, "u-ben")[1]["code"] == "aflowProcessInstCanNotBeExecuted"
    assert _execute(app, id_, "u-amy", "maybe")[1]["code"] == "invalidInstanceExecuteResult"
    assert _execute(app, id_, "u-amy", actionerUserId="u-none")[1]["code"] == "userNotExist"
    assert _execute(app, id_, "u-amy", processInstanceId="none")[1]["code"] == "processInstanceNotExist"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"processCode": "PROC-NONE"}, "processCodeError"),
        ({"originatorUserId": "u-none"}, "invalidParameter"),
        ({"processCode": "PROC-SANDBOX-OPEN"}, "processInstanceInvalidParameter"),
        ({"deptId": None}, "processInstanceInvalidParameter"),
        ({"deptId": 9999}, "processInstanceInvalidParameter"),
        ({"approvers": [{"actionType": "ALL", "userIds": ["u-amy"]}], "deptId": 1}, "processInstanceInvalidParameter"),
        ({"approvers": [{"actionType": "AND", "userIds": ["u-none"]}], "deptId": 1}, "processInstanceInvalidParameter"),
        ({"formComponentValues": [{"name": "Other", "value": "x"}]}, "formConverterError"),
        ({"formComponentValues": [{"name": "Order", "value": 1042}]}, "formConverterError"),
        ({"formComponentValues": [*FORM, {"name": "Decision", "value": "Maybe"}]}, "formConverterError"),
        ({"formComponentValues": []}, "formConverterError"),
    ],
)
def test_what_cannot_be_started(app: App, change: dict[str, object], code: str) -> None:
    body = {"processCode": "PROC-SANDBOX-ORDER", "originatorUserId": "u-ben", "deptId": -1, "formComponentValues": FORM}
    assert app.refused("POST", INSTANCES, {**body, **change}) == code
    assert app.twin.control("approvals")["approvals"] == []


def test_a_creation_without_an_answer_is_found_again(app: App) -> None:
    begun = round(time.time() * 1000) - 1000
    app.twin.control("faults", {"path": "/v1.0/workflow/processInstances$", "method": "POST", "after": True})
    with pytest.raises(OSError, match="onnection"):
        _start(app)
    asked = {
        "processCode": "PROC-SANDBOX-ORDER",
        "startTime": begun,
        "nextToken": 0,
        "maxResults": 20,
        "userIds": ["u-ben"],
    }
    found = app.done("POST", QUERY, asked)["result"]["list"]
    assert [_values(_get(app, id_)) for id_ in found] == [FORM]


def test_listing_in_pages_by_time_status_and_person(app: App) -> None:
    ids = [_start(app) for _ in range(3)]
    _execute(app, ids[1], "u-amy")
    asked = {
        "processCode": "PROC-SANDBOX-ORDER",
        "startTime": 1000 * (round(time.time()) - 60),
        "nextToken": 0,
        "maxResults": 2,
    }
    first = app.done("POST", QUERY, asked)["result"]
    rest = app.done("POST", QUERY, {**asked, "nextToken": first["nextToken"]})["result"]
    assert first["list"] + rest["list"] == ids
    assert "nextToken" not in rest
    assert app.done("POST", QUERY, {**asked, "statuses": ["COMPLETED"]})["result"]["list"] == [ids[1]]
    assert app.done("POST", QUERY, {**asked, "userIds": ["u-amy"]})["result"]["list"] == []
    app.twin.control("settings", {"approval_listed_after_s": 60})
    assert app.done("POST", QUERY, asked)["result"]["list"] == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"processCode": ""}, "invalidProcessCode"),
        ({"startTime": None}, "invalidInstanceListIdsStartTime"),
        ({"nextToken": None}, "invalidNextToken"),
        ({"maxResults": 21}, "invalidMaxResults"),
        ({"startTime": 1}, "invalidEndTime"),
        ({"userIds": ["u"] * 11}, "invalidUserIds"),
    ],
)
def test_a_wrong_listing(app: App, change: dict[str, object], code: str) -> None:
    good = {"processCode": "PROC-X", "startTime": round(time.time() * 1000) - 1, "nextToken": 0, "maxResults": 20}
    assert app.refused("POST", QUERY, {**good, **change}) == code


def test_withdrawing_after_a_while(app: App) -> None:
    id_ = _start(app)
    body = {"processInstanceId": id_, "isSystem": False, "operatingUserId": "u-ben", "remark": "wrong order"}
    assert app.refused("POST", f"{INSTANCES}/terminate", body) == "aflowProcessInstStatusException"
    app.twin.control("settings", {"terminate_after_s": 0})
    app.done("POST", f"{INSTANCES}/terminate", body)
    assert _get(app, id_)["status"] == "TERMINATED"
    assert _events(app)[-2:] == [("bpms_task_change", "cancel", None), ("bpms_instance_change", "terminate", None)]
    assert app.refused("POST", f"{INSTANCES}/terminate", body) == "aflowProcessInstStatusException"


def test_a_template_may_forbid_to_withdraw(app: App) -> None:
    step = {"way": "NONE", "users": ["u-amy"]}
    process = {"code": "PROC-FIRM", "name": "Firm", "components": [], "flow": [step], "may_withdraw": False}
    app.twin.control("processes", process)
    app.twin.control("settings", {"terminate_after_s": 0})
    id_ = _start(app, processCode="PROC-FIRM", formComponentValues=[])
    body = {"processInstanceId": id_, "isSystem": True}
    assert app.refused("POST", f"{INSTANCES}/terminate", body) == "internalError"


def test_a_comment(app: App) -> None:
    id_ = _start(app)
    body = {"processInstanceId": id_, "text": "Credit checked", "commentUserId": "u-dora"}
    assert app.done("POST", f"{INSTANCES}/comments", body)["result"] is True
    assert app.twin.control("approvals")["approvals"][0]["comments"] == ["Credit checked"]
    assert app.refused("POST", f"{INSTANCES}/comments", {**body, "text": ""}) == "invalidInstanceCommentText"
    assert app.refused("POST", f"{INSTANCES}/comments", {**body, "text": "x" * 1025}) == "invalidParameter"


def test_handing_a_task_on(app: App) -> None:
    id_ = _start(app)
    task = _get(app, id_)["tasks"][0]["taskId"]
    body = {"taskId": task, "toUserId": "u-dora", "operateUserId": "u-ben"}
    assert app.refused("POST", "workflow/tasks/redirect", body) == "param.illegal.operator"
    app.done("POST", "workflow/tasks/redirect", {**body, "operateUserId": "u-amy"})
    told = _get(app, id_)["tasks"]
    assert [(one["userId"], one["status"]) for one in told] == [("u-amy", "COMPLETED"), ("u-dora", "RUNNING")]
    assert ("bpms_task_change", "finish", "redirect") in _events(app)
    assert app.refused("POST", "workflow/tasks/redirect", {**body, "operateUserId": "u-amy"}) == "task.status.error"


def test_a_person_decides_in_dingtalk(app: App) -> None:
    id_ = _start(app)
    app.twin.control(f"approvals/{id_}", {"user": "u-ben", "result": "agree"}, status=409)
    told = app.twin.control(f"approvals/{id_}", {"user": "u-amy", "result": "refuse", "remark": "too much"})
    assert (told["status"], told["result"]) == ("COMPLETED", "refuse")


def test_success_is_a_text_or_true(app: App) -> None:
    id_ = _start(app)
    assert app.done("GET", INSTANCES, processInstanceId=id_)["success"] == "true"
    app.twin.switch(approval_success="truth")
    assert app.done("GET", INSTANCES, processInstanceId=id_)["success"] is True
