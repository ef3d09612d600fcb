"""Templates of approvals: their forms, the steps that are foretold, and people chosen at the start."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.dingtalk.sandbox.app import App

FORMS, SCHEMA = "workflow/forms", "workflow/forms/schemas/processCodes"
INSTANCES, FORECAST = "workflow/processInstances", "workflow/processes/forecast"
CHOICE = "PROC-SANDBOX-CHOICE"
FIELDS = [
    {"componentType": "TextField", "props": {"label": "Order", "required": True, "bizAlias": "order"}},
    {"componentType": "DDSelectField", "props": {"label": "Decision", "options": [{"key": "o1", "value": "Release"}]}},
]
ORDER = [{"name": "Order", "value": "SO-1042"}]


def _start(code: str = CHOICE, **more: object) -> dict[str, Any]:
    body = {"processCode": code, "originatorUserId": "u-ben", "deptId": -1, "formComponentValues": ORDER}
    return {**body, **more}


def _chosen(*people: str) -> dict[str, Any]:
    return {"targetSelectActioners": [{"actionerKey": "manual_sandbox", "actionerUserIds": [*people]}]}


def test_a_form_is_made_read_and_started(app: App) -> None:
    code = app.done("POST", FORMS, {"name": "Release", "formComponents": FIELDS})["result"]["processCode"]
    told = app.done("GET", SCHEMA, processCode=code)["result"]
    items = told["schemaContent"]["items"]
    assert [(one["componentName"], one["props"]["label"]) for one in items] == [
        ("TextField", "Order"),
        ("DDSelectField", "Decision"),
    ]
    assert (items[0]["props"]["required"], items[1]["props"]["options"]) == (True, ["Release"])
    steps = [{"actionType": "NONE", "userIds": ["u-amy"]}]
    id_ = app.done("POST", INSTANCES, _start(code, approvers=steps))["instanceId"]
    (value,) = app.done("GET", INSTANCES, processInstanceId=id_)["result"]["formComponentValues"]
    assert (value["id"], value["bizAlias"]) == (items[0]["props"]["id"], "order")
    assert value["componentType"] == "TextField"


def test_what_is_no_form(app: App) -> None:
    assert app.refused("POST", FORMS, {"name": "Order release", "formComponents": FIELDS}) == "formName.error"
    assert app.refused("POST", FORMS, {"name": "Empty", "formComponents": []}) == "formschema.error"
    assert app.refused("POST", FORMS, {"name": "x", "processCode": "PROC-NONE"}) == "processcode.error"
    assert app.refused("GET", SCHEMA, processCode="PROC-NONE") == "aflowProcessCodeIsError"


def test_the_steps_are_foretold_with_whom_one_may_choose(app: App) -> None:
    body = {"processCode": CHOICE, "deptId": -1, "userId": "u-ben", "formComponentValues": ORDER}
    first, second = app.done("POST", FORECAST, body)["result"]["workflowActivityRules"]
    assert (first["isTargetSelect"], first["workflowActor"]["actorKey"]) == (True, "manual_sandbox")
    among = first["workflowActor"]["actorSelectionRange"]["approvals"]
    assert [row["workNo"] for row in among] == ["u-amy", "u-dora"]
    assert [row["userId"] for row in second["activityActioners"]] == ["u-amy"]
    assert app.refused("POST", FORECAST, {**body, "userId": ""}) == "invalidUserId"
    assert app.refused("POST", FORECAST, {**body, "formComponentValues": []}) == "componentIsNull"


def test_the_chosen_person_decides_first(app: App) -> None:
    id_ = app.done("POST", INSTANCES, _start(**_chosen("u-dora")))["instanceId"]
    told = app.twin.control(f"approvals/{id_}", {"user": "u-dora", "result": "agree", "remark": "fine"})
    assert told["waiting_for"] == ["u-amy"]
    record = app.done("GET", INSTANCES, processInstanceId=id_)["result"]["operationRecords"][-1]
    assert (record["userId"], record["remark"], record["activityId"]) == ("u-dora", "fine", "step-0")


@pytest.mark.parametrize(
    ("people", "code"),
    [([], "targetSelectApproverMissing"), (["u-eli"], "targetSelectApproverScopeError")],
)
def test_nobody_or_somebody_else_chosen(app: App, people: list[str], code: str) -> None:
    assert app.refused("POST", INSTANCES, _start(**_chosen(*people))) == code
