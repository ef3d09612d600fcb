"""dingtalk-sdk, which knows the older host and its gateway alone. See https://github.com/007gzs/dingtalk-sdk ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.clients.dingtalk.waiting import acknowledged
from tests.clients.python import RaisedError, Scripts
from tests.connectors.dingtalk.sandbox.app import App

pytestmark = [pytest.mark.clients, pytest.mark.timeout(400)]

COMPANY = "dingsandboxcorp"
KEYS = {"token": "123456", "aes_key": "1234567890123456789012345678901234567890123", "owner": COMPANY}


@dataclass(frozen=True, slots=True)
class Sdk:
    scripts: Scripts
    app: App

    def run(self, act: str, **given: Any) -> Any:
        who = {"corp_id": COMPANY, "app_key": self.app.id, "app_secret": self.app.secret, **given}
        return self.scripts.run("older_host.py", act, **who)

    def calls(self) -> dict[str, dict[str, int]]:
        (month,) = self.app.twin.control("calls")["months"].values()
        apis: dict[str, dict[str, int]] = month["apis"]
        return apis


@pytest.fixture
def sdk(named: Scripts, app: App) -> Sdk:
    return Sdk(named, app)


def test_the_token_is_that_of_the_new_host(sdk: Sdk, app: App) -> None:
    assert sdk.run("token") == app.token
    assert sdk.calls()["GET /gettoken"]["done"] == 1


def test_a_wrong_secret_is_raised_with_its_code(sdk: Sdk) -> None:
    with pytest.raises(RaisedError, match="40089"):
        sdk.run("token", app_secret="wrong")
    assert sdk.calls()["GET /gettoken"] == {"calls": 1, "done": 0, "paid": 0}


def test_a_person_and_what_the_application_may_see(sdk: Sdk) -> None:
    told = sdk.run("person", user="u-amy")
    details = told["details"]
    assert (details["name"], details["mobile"], details["position"]) == ("Amy Wong", "13800000001", "Director")
    assert (details["department"], details["isLeaderInDepts"], details["isAdmin"]) == ([20], "{20:true}", True)
    assert details["roles"] == [{"id": 901, "name": "Sales director", "groupName": "Positions"}]
    assert (told["by_union"]["userid"], told["by_union"]["contactType"]) == ("u-amy", 0)
    assert told["scopes"]["auth_org_scopes"]["authed_dept"] == [1]
    assert sdk.calls()["GET /user/get"] == {"calls": 1, "done": 1, "paid": 0}


def test_somebody_unknown_is_raised(sdk: Sdk, app: App) -> None:
    with pytest.raises(RaisedError, match="33012"):
        sdk.run("person", user="u-nobody")
    assert app.twin.control("stats")["calls_refused"] == {"/user/get 33012": 1}


def test_departments_and_their_people(sdk: Sdk) -> None:
    told = sdk.run("departments", department=30)
    assert [(one["id"], one["parentid"]) for one in told["below"]] == [(10, 1), (11, 10), (20, 1), (30, 1)]
    assert told["next"] == [10, 20, 30]
    assert (told["details"]["name"], told["details"]["deptManagerUseridList"]) == ("Operations", "u-eli")
    assert told["members"] == ["u-chen", "u-eli", "u-fang"]
    assert [one["userid"] for one in told["page"]["userlist"]] == ["u-chen", "u-eli"]
    assert told["page"]["hasMore"]
    assert [one["name"] for one in told["with_details"]["userlist"]] == ["方敏"]
    assert not told["with_details"]["hasMore"]


def test_the_members_of_a_group_that_the_application_made(sdk: Sdk, app: App) -> None:
    body = {"name": "Orders", "owner": "u-amy", "useridlist": ["u-amy", "u-dora"]}
    chat = app.done("POST", "im/group/create", body)["chatid"]
    told = sdk.run("group", chat=chat)
    assert (told["name"], told["owner"], told["useridlist"]) == ("Orders", "u-amy", ["u-amy", "u-dora"])
    with pytest.raises(RaisedError, match="40016"):
        sdk.run("group", chat="chat-of-a-page")


def test_a_file_is_uploaded(sdk: Sdk, app: App) -> None:
    told = sdk.run("upload", name="orders.pdf", content="%PDF-1.7")
    kept = app.twin.control("media")["media"]
    assert [(one["id"], one["name"], one["type"]) for one in kept] == [(told["media_id"], "orders.pdf", "file")]


def test_a_work_notice_goes_through_the_gateway(sdk: Sdk, app: App) -> None:
    told = sdk.run("notice", agent=app.facts["agent_id"], user="u-amy", text="SO-1042 released")
    assert told["result"]["unread_user_id_list"] == ["u-amy"]
    row = app.twin.control("messages?reader=u-amy")["messages"][-1]
    assert (row["kind"], row["text"], row["key"]) == ("notice", "SO-1042 released", str(told["task"]))
    received = app.twin.control("received?path=router")["received"]
    assert {one["headers"]["host"] for one in received} == {"eco.taobao.com"}


def test_the_same_notice_again_succeeds_and_does_not_arrive(sdk: Sdk, app: App) -> None:
    first = sdk.run("notice", agent=app.facts["agent_id"], user="u-amy", text="SO-1042 released")
    again = sdk.run("notice", agent=app.facts["agent_id"], user="u-amy", text="SO-1042 released")
    assert again["task"] != first["task"]
    assert again["result"]["forbidden_list"] == [{"code": "143106", "count": 1, "userid": "u-amy"}]
    assert len(app.twin.control("messages?reader=u-amy")["messages"]) == 1


def test_a_refusal_of_the_gateway_is_raised(sdk: Sdk, app: App) -> None:
    with pytest.raises(RaisedError, match="40056"):
        sdk.run("notice", agent=1, user="u-amy", text="x")
    assert app.twin.texts() == []


def test_newer_calls_are_made_by_their_path(sdk: Sdk, app: App) -> None:
    told = sdk.run("post", path="/topapi/v2/user/get", data={"userid": "u-amy"})
    assert told["result"]["name"] == "Amy Wong"
    app.twin.control("settings", {"qps": 0})
    with pytest.raises(RaisedError, match="90018"):
        sdk.run("post", path="/topapi/v2/user/get", data={"userid": "u-amy"})


def test_a_token_that_is_over_is_renewed_by_the_client(sdk: Sdk, app: App) -> None:
    ended = app.token
    app.twin.control("tokens", method="DELETE")
    told = sdk.run("after_the_token_ended", ended=ended)
    assert told["name"] == "Amy Wong"
    assert told["token"] not in {"", ended}
    assert app.twin.control("stats")["calls_refused"] == {"/user/get 42001": 1}


def test_its_encryption_reads_events_and_answers_them(scripts: Scripts, sdk: Sdk, app: App) -> None:
    with scripts.start("receiver.py", **KEYS) as program:
        port = program.wait("listening")[0]["port"]
        app.twin.control(f"apps/{app.id}/callback", {"url": f"http://127.0.0.1:{port}/hook", **KEYS})
        id_ = app.twin.control("events", {"type": "bpms_instance_change", "data": {"title": "方敏提交的订单"}})["id"]
        assert acknowledged(app, id_) == 1
        check, event = (row["event"] for row in program.wait("event", 2))
    assert check["EventType"] == "check_url"
    assert (event["EventType"], event["eventId"], event["title"]) == ("bpms_instance_change", id_, "方敏提交的订单")
    assert [row["trouble"] for row in app.twin.control("pushes")["attempts"]] == ["", ""]
    assert sdk.run("failed_events")["failed_list"] == []
