"""Approvals that another system decides: templates, tickets and people's to-dos."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.connectors.dingtalk.sandbox.app import App

CENTRE = "workflow/processCentres"
FIELDS = [
    {"componentType": "TextField", "props": {"label": "Order", "required": True}},
    {"componentType": "MoneyField", "props": {"label": "Amount"}},
]


def _template(app: App, name: str = "Order release", **more: object) -> str:
    told = app.done("POST", f"{CENTRE}/schemas", {"name": name, "formComponents": FIELDS, **more})
    return str(told["result"]["processCode"])


def _body(code: str, **more: object) -> dict[str, Any]:
    return {
        "processCode": code,
        "originatorUserId": "u-ben",
        "url": "https://erp.example/SO-1042",
        "title": "SO-1042",
        "formComponentValueList": [{"name": "Order", "value": "SO-1042"}, {"name": "Amount", "value": "480000"}],
        **more,
    }


def _ticket(app: App, **more: object) -> str:
    told = app.done("POST", f"{CENTRE}/instances", _body(_template(app), **more))
    return str(told["result"]["processInstanceId"])


def _todo_body(ticket: str, *people: str, activity: str = "first", **more: object) -> dict[str, Any]:
    tasks = [{"userId": user, "url": f"https://erp.example/{user}", **more} for user in people]
    return {"processInstanceId": ticket, "activityId": activity, "tasks": tasks}


def _todos(app: App, ticket: str, *people: str, **more: Any) -> list[int]:
    told = app.done("POST", f"{CENTRE}/tasks", _todo_body(ticket, *people, **more))
    assert [row["userId"] for row in told["result"]] == [*people]
    return [row["taskId"] for row in told["result"]]


def _kept(app: App) -> dict[str, Any]:
    told: dict[str, Any] = app.twin.control("tickets")["tickets"][0]
    return told


def _states(app: App) -> dict[str, tuple[str, str]]:
    return {todo["user"]: (todo["status"], todo["result"]) for todo in _kept(app)["todos"]}


def _waiting(app: App, user: str, **more: str) -> dict[str, Any]:
    asked = {"userId": user, "pageSize": "40", "pageNumber": "1", **more}
    told: dict[str, Any] = app.done("GET", f"{CENTRE}/todoTasks", **asked)["taskPage"]
    return told


def test_a_ticket_from_its_beginning_to_its_end(app: App) -> None:
    ticket = _ticket(app)
    amy, dora = _todos(app, ticket, "u-amy", "u-dora")
    assert [row["taskId"] for row in _waiting(app, "u-amy")["list"]] == [amy]
    change = {"taskId": amy, "status": "COMPLETED", "result": "AGREE"}
    assert app.done("PUT", f"{CENTRE}/tasks", {"processInstanceId": ticket, "tasks": [change]})["success"] is True
    assert _waiting(app, "u-amy")["list"] == []
    assert [row["taskId"] for row in _waiting(app, "u-dora")["list"]] == [dora]
    end = {"processInstanceId": ticket, "status": "COMPLETED", "result": "agree"}
    assert app.done("PUT", f"{CENTRE}/instances", end) == {"success": True}
    assert _states(app) == {"u-amy": ("COMPLETED", "AGREE"), "u-dora": ("CANCELED", "")}
    assert (_kept(app)["status"], _kept(app)["result"]) == ("COMPLETED", "agree")
    refused = app.refused("POST", f"{CENTRE}/tasks", _todo_body(ticket, "u-amy"))
    assert refused == "integrated.state.invalid"


def test_a_to_do_stands_in_the_chat_while_it_waits(app: App) -> None:
    ticket = _ticket(app)
    (task,) = _todos(app, ticket, "u-amy")
    (shown,) = app.twin.control("messages?group=todo:u-amy")["messages"]
    assert "SO-1042" in shown["text"]
    assert shown["buttons"] == [{"title": "Open", "url": "https://erp.example/u-amy"}]
    page = app.twin.http.get(f"{app.twin.base}/chat/todo:u-amy?as=u-amy", timeout=10)
    assert page.status_code == 200
    assert "To-dos" in page.text
    app.done("PUT", f"{CENTRE}/tasks", {"tasks": [{"taskId": task, "status": "CANCELED"}]})
    assert app.twin.control("messages?group=todo:u-amy")["messages"][0]["recalled"] is True


def test_a_template_may_show_no_cards(app: App) -> None:
    code = _template(app, templateConfig={"disableSendCard": True})
    ticket = app.done("POST", f"{CENTRE}/instances", _body(code))["result"]["processInstanceId"]
    _todos(app, ticket, "u-amy")
    assert app.twin.control("messages?group=todo:u-amy")["messages"] == []
    assert len(_waiting(app, "u-amy")["list"]) == 1


def test_to_dos_of_a_step_are_cancelled_together(app: App) -> None:
    ticket = _ticket(app)
    _todos(app, ticket, "u-amy", "u-dora")
    _todos(app, ticket, "u-eli", activity="second")
    app.done("POST", f"{CENTRE}/tasks/cancel", {"processInstanceId": ticket, "activityId": "first"})
    assert {user: status for user, (status, _) in _states(app).items()} == {
        "u-amy": "CANCELED",
        "u-dora": "CANCELED",
        "u-eli": "RUNNING",
    }
    refused = app.refused("POST", f"{CENTRE}/tasks/cancel", {"processInstanceId": "none", "activityId": "first"})
    assert refused == "integrated.state.invalid"


def test_creating_twice_at_once_is_refused_and_later_it_is_not(app: App) -> None:
    ticket = _ticket(app)
    app.twin.control("settings", {"centre_busy_s": 60})
    _todos(app, ticket, "u-amy")
    body = _todo_body(ticket, "u-dora")
    assert app.refused("POST", f"{CENTRE}/tasks", body) == "integrated.concurrency.error"
    app.twin.control("clock", {"seconds": 61})
    assert app.done("POST", f"{CENTRE}/tasks", body)["success"] is True


def test_two_tickets_of_a_template_are_not_created_at_once(app: App) -> None:
    body = _body(_template(app))
    app.twin.control("settings", {"centre_busy_s": 60})
    app.done("POST", f"{CENTRE}/instances", body)
    assert app.refused("POST", f"{CENTRE}/instances", body) == "integrated.concurrency.error"
    assert app.done("POST", f"{CENTRE}/instances", _body(_template(app, name="Other")))["result"]
    app.twin.control("clock", {"seconds": 61})
    app.done("POST", f"{CENTRE}/instances", body)
    assert len(app.twin.control("tickets")["tickets"]) == 3


def test_a_day_and_a_ticket_have_their_limits(app: App) -> None:
    ticket = _ticket(app)
    app.twin.control("settings", {"centre_calls_a_day": 1, "centre_todos_of_a_ticket": 2})
    _todos(app, ticket, "u-amy")
    assert app.refused("POST", f"{CENTRE}/tasks", _todo_body(ticket, "u-dora")) == "integrated.qps.exceed"
    two = _todo_body(ticket, "u-dora", "u-eli")
    assert app.refused("POST", f"{CENTRE}/tasks", two) == "integrated.number.exceed"
    app.twin.control("settings", {"centre_blacklist": [_kept(app)["schema"]["code"]]})
    body = _body(_kept(app)["schema"]["code"])
    assert app.refused("POST", f"{CENTRE}/instances", body) == "processCode.in.blackList"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"processCode": "PROC-NONE"}, "process.error"),
        ({"originatorUserId": "u-none"}, "userNotExist"),
        ({"url": ""}, "parameter.invalid"),
        ({"title": "x" * 65}, "parameter.invalid"),
        ({"formComponentValueList": []}, "required.error"),
        ({"formComponentValueList": [{"name": "Order", "value": 1042}]}, "formConverterError"),
        ({"formComponentValueList": [{"name": "Other", "value": "x"}]}, "formConverterError"),
        ({"notifiers": [{"userid": "u-none", "position": "start"}]}, "userNotExist"),
    ],
)
def test_what_makes_no_ticket(app: App, change: dict[str, object], code: str) -> None:
    assert app.refused("POST", f"{CENTRE}/instances", {**_body(_template(app)), **change}) == code
    assert app.twin.control("tickets")["tickets"] == []


@pytest.mark.parametrize(
    ("task", "code"),
    [
        ({"userId": "u-none"}, "internalError"),
        ({"userId": "u-amy", "url": "x" * 1025}, "task.url.error"),
        ({"userId": "u-amy", "dueTimestamp": 1}, "task.dueTime.error"),
        (None, "tasks.is.null"),
    ],
)
def test_what_makes_no_to_do(app: App, task: object, code: str) -> None:
    body = {"processInstanceId": _ticket(app), "activityId": "a", "tasks": [task] if task else []}
    assert app.refused("POST", f"{CENTRE}/tasks", body) == code
    assert _kept(app)["todos"] == []


def test_a_due_time_is_kept(app: App) -> None:
    due = round(time.time() * 1000) + 3_600_000
    _todos(app, _ticket(app), "u-amy", dueTimestamp=due)
    assert _kept(app)["todos"][0]["due"] == due


def test_many_tickets_end_together_or_none(app: App) -> None:
    first = _ticket(app)
    end = {"status": "TERMINATED", "result": "agree"}
    rows = [{"processInstanceId": first, **end}, {"processInstanceId": "none", **end}]
    body = {"updateProcessInstanceRequests": rows}
    assert app.refused("PUT", f"{CENTRE}/instances/batch", body) == "process.inst.notExist"
    assert _kept(app)["status"] == "RUNNING"
    app.done("PUT", f"{CENTRE}/instances/batch", {"updateProcessInstanceRequests": rows[:1]})
    assert (_kept(app)["status"], _kept(app)["result"]) == ("TERMINATED", "")
    assert (
        app.refused("PUT", f"{CENTRE}/instances/batch", {"updateProcessInstanceRequests": rows * 26})
        == "updateOverSize"
    )


def test_an_approval_of_dingtalk_itself_is_not_the_centres(app: App) -> None:
    started = {"processCode": "PROC-SANDBOX-ORDER", "originatorUserId": "u-ben", "deptId": -1}
    values = [{"name": "Order", "value": "SO-1042"}]
    id_ = app.done("POST", "workflow/processInstances", {**started, "formComponentValues": values})["instanceId"]
    task = app.done("GET", "workflow/processInstances", processInstanceId=id_)["result"]["tasks"][0]["taskId"]
    change = {"tasks": [{"taskId": task, "status": "CANCELED"}]}
    assert app.refused("PUT", f"{CENTRE}/tasks", change) == "integrated.permission.error"


def test_templates_are_found_by_name_changed_and_deleted(app: App) -> None:
    code = _template(app)
    assert (
        app.refused("POST", f"{CENTRE}/schemas", {"name": "Order release", "formComponents": FIELDS})
        == "formName.error"
    )
    assert _template(app, "Release of orders", processCode=code) == code
    found = app.done("GET", f"{CENTRE}/schemaNames/processCodes", name="Release of orders")["result"]
    assert found["processCode"] == code
    ticket = app.done("POST", f"{CENTRE}/instances", _body(code))["result"]["processInstanceId"]
    _todos(app, ticket, "u-amy")
    app.done("DELETE", f"{CENTRE}/schemas", processCode=code, cleanRunningTask="true")
    assert _states(app) == {"u-amy": ("CANCELED", "")}
    assert app.refused("POST", f"{CENTRE}/instances", _body(code)) == "process.error"
    assert app.refused("DELETE", f"{CENTRE}/schemas", processCode=code) == "processNotExist"
    assert app.refused("POST", f"{CENTRE}/schemas", {"name": "Empty"}) == "formschema.error"


@pytest.mark.parametrize("told", [False, True])
def test_whether_events_tell_of_tickets_is_a_switch(app: App, told: bool) -> None:
    app.twin.switch(centre_events=told)
    _todos(app, _ticket(app), "u-amy")
    events = [(row["type"], row["data"]["staffId"]) for row in app.twin.control("events")["events"]]
    assert events == ([("bpms_instance_change", "u-ben"), ("bpms_task_change", "u-amy")] if told else [])


def test_pages_of_what_waits(app: App) -> None:
    ticket = _ticket(app)
    tasks = [*_todos(app, ticket, "u-amy"), *_todos(app, ticket, "u-amy", activity="second")]
    first = _waiting(app, "u-amy", pageSize="1")
    second = _waiting(app, "u-amy", pageSize="1", pageNumber="2")
    assert [row["taskId"] for page in (first, second) for row in page["list"]] == tasks
    assert (first["hasMore"], second["hasMore"]) == (True, False)
    wrong = {"userId": "u-amy", "pageSize": "41", "pageNumber": "1"}
    assert app.refused("GET", f"{CENTRE}/todoTasks", **wrong) == "integrated.params.error"
