"""Who may list the members of a group, and how joins and leaves are told."""

from __future__ import annotations

import pytest

from tests.connectors.dingtalk.sandbox.app import App

SCENE = "im/sceneGroups/members/batchQuery"
OUTSIDER = {"id": "x-zoe", "name": "Zoe", "unionid": "union-zoe"}


def _members(app: App, group: str, **more: object) -> dict[str, object]:
    return app.done("POST", SCENE, {"openConversationId": group, "maxResults": 100, **more})


def test_a_group_from_a_template_with_people_from_outside(app: App) -> None:
    app.twin.control("groups/cid-sales-hk/members", {"outsiders": [OUTSIDER]})
    told = _members(app, "cid-sales-hk")
    assert told["memberUserIds"] == ["u-amy", "u-ben", "u-chen"]
    assert told["unionIdList"] == ["union-zoe"]
    assert (told["staffIdNickMap"], told["unionIdNickMap"]) == (
        {"u-amy": "Amy Wong", "u-ben": "Ben Lau", "u-chen": "陈晓"},
        {"union-zoe": "Zoe"},
    )
    assert (told["hasMore"], told["nextToken"]) == (False, "")


def test_a_group_with_the_cool_app_needs_its_code(app: App) -> None:
    asked = {"openConversationId": "cid-operations", "maxResults": 10}
    assert app.refused("POST", SCENE, asked) == "groupPermissionDenied"
    assert app.refused("POST", SCENE, {**asked, "coolAppCode": "NONE"}) == "coolAppUnexist"
    assert _members(app, "cid-operations", coolAppCode="COOLAPP-1-SANDBOX")["memberUserIds"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"openConversationId": "cid-management", "maxResults": 1}, "groupPermissionDenied"),
        ({"openConversationId": "cid-none", "maxResults": 1}, "cidEncryptError"),
        ({"maxResults": 1}, "paramBlank"),
        ({"openConversationId": "cid-sales-hk"}, "paramIllegal"),
    ],
)
def test_what_is_refused(app: App, body: object, code: str) -> None:
    assert app.refused("POST", SCENE, body) == code


def test_a_group_of_another_application_or_with_an_owner_out_of_sight(app: App) -> None:
    asked = {"openConversationId": "cid-sales-hk", "maxResults": 1}
    app.twin.control("settings", {"owners_out_of_scope": ["cid-sales-hk"]})
    assert app.refused("POST", SCENE, asked) == "permession.checkFailed"
    app.twin.control("groups/cid-sales-hk", {"app": "another"}, method="PATCH")
    assert app.refused("POST", SCENE, asked) == "groupTemplatePermissionDenied"


def test_a_cool_app_that_is_elsewhere_or_of_another_application(app: App) -> None:
    asked = {"openConversationId": "cid-operations", "maxResults": 1}
    app.twin.control("groups/cid-sales-hk", {"cool_app": "COOLAPP-2"}, method="PATCH")
    assert app.refused("POST", SCENE, {**asked, "coolAppCode": "COOLAPP-2"}) == "coolAppUninstalled"
    app.twin.control("groups/cid-operations", {"app": "another"}, method="PATCH")
    refused = app.refused("POST", SCENE, {**asked, "coolAppCode": "COOLAPP-1-SANDBOX"})
    assert refused == "coolAppPermissionDenied"


def test_a_large_group_comes_in_pages(app: App) -> None:
    everybody = [f"u-{n}" for n in range(1500)]
    group = {"id": "cid-all", "name": "All", "members": everybody, "kind": "scene", "app": app.id}
    app.twin.control("groups", group)
    first = app.done("POST", SCENE, {"openConversationId": "cid-all", "maxResults": 1000})
    rest = app.done(
        "POST", SCENE, {"openConversationId": "cid-all", "maxResults": 1000, "nextToken": first["nextToken"]}
    )
    assert (len(first["memberUserIds"]), first["hasMore"], rest["hasMore"]) == (1000, True, False)
    assert first["memberUserIds"] + rest["memberUserIds"] == everybody


def test_a_group_that_the_application_made(app: App) -> None:
    people = {"name": "Order SO-1042", "owner": "u-amy", "useridlist": ["u-amy", "u-dora"]}
    made = app.done("POST", "im/group/create", people)
    told = app.old("/chat/get", method="GET", chatid=made["chatid"])["chat_info"]
    assert (told["useridlist"], told["owner"], told["status"]) == (["u-amy", "u-dora"], "u-amy", 1)
    converted = app.done("POST", f"im/chat/{made['chatid']}/convertToOpenConversationId")
    assert converted["openConversationId"] == made["openConversationId"]
    assert app.refused("POST", "im/group/create", {**people, "name": "n" * 21}) == "parameter.invalid"


def test_chat_get_reads_no_other_groups(app: App) -> None:
    groups = {row["id"]: row for row in app.twin.control("groups")["groups"]}
    assert len(groups) == 3
    assert app.old("/chat/get", method="GET")["errcode"] == 49000
    assert app.old("/chat/get", method="GET", chatid="chat-of-a-page")["errcode"] == 40016
    app.twin.control("groups/cid-management", {"app": "another", "chat_id": "chat-m"}, method="PATCH")
    assert app.old("/chat/get", method="GET", chatid="chat-m")["errcode"] == 43007


def test_the_undocumented_calls_are_refused_unless_switched_on(app: App) -> None:
    asked = {"openConversationId": "cid-management", "userId": "u-amy", "maxResults": 10}
    assert app.new("POST", "im/innerGroups/members/query", asked)[0] == 403
    app.twin.switch(inner_groups="allowed")
    assert app.done("POST", "im/innerGroups/members/query", asked)["userIds"] == ["u-amy", "u-dora"]
    assert app.done("POST", "im/innerGroups/members/check", asked) == {"result": True}
    assert [row["userId"] for row in app.done("POST", "im/innerGroups/memberLists/query", asked)["list"]] == [
        "u-amy",
        "u-dora",
    ]
    app.twin.control("groups/cid-management/members", {"outsiders": [OUTSIDER]})
    assert app.refused("POST", "im/innerGroups/members/query", asked) == "conversation.org.notMatch"


def test_robots_of_a_group(app: App) -> None:
    told = app.done("POST", "robot/groups/robots/query", {"openConversationId": "cid-management"})
    robots = told["chatbotInstanceVOList"]
    assert [row["openRobotType"] for row in robots] == [2, 1, 1]
    assert robots[0] == {"robotCode": app.id, "name": "dingbridge", "openRobotType": 2}


def test_joins_and_leaves_are_told(app: App) -> None:
    move = {"join": ["u-fang"], "leave": ["u-ben"], "quit": ["u-chen"], "outsiders": [OUTSIDER], "by": "u-amy"}
    app.twin.control("groups/cid-sales-hk/members", move)
    told = {row["type"]: row["data"] for row in app.twin.control("events")["events"]}
    assert _members(app, "cid-sales-hk")["memberUserIds"] == ["u-amy", "u-fang"]
    added = told["chat_add_member"]
    assert (added["userId"], added["unionId"], added["operator"]) == (
        ["u-fang"],
        ["union-u-fang", "union-zoe"],
        "u-amy",
    )
    assert added["openConversationId"] == "cid-sales-hk"
    assert told["chat_remove_member"]["userId"] == ["u-ben"]
    assert (told["chat_quit"]["userId"], told["chat_quit"]["operator"]) == (["u-chen"], "u-chen")


@pytest.mark.parametrize(("answer", "count"), [("controlled", 0), ("all", 1)])
def test_whether_foreign_groups_tell_is_a_switch(app: App, answer: str, count: int) -> None:
    app.twin.switch(chat_events=answer)
    app.twin.control("groups", {"id": "cid-f", "name": "Foreign", "members": ["u-amy"]})
    app.twin.control("groups/cid-f/members", {"join": ["u-ben"]})
    assert len(app.twin.control("events?type=chat_add_member")["events"]) == count


def test_a_disbanded_group_is_told(app: App) -> None:
    app.twin.control("groups/cid-sales-hk", {"disbanded": True, "name": "Sales", "owner": "u-ben"}, method="PATCH")
    told = {row["type"] for row in app.twin.control("events")["events"]}
    assert told == {"chat_disband", "chat_update_title", "chat_update_owner"}


def test_a_cool_app_that_enters_a_group_tells_its_id(app: App) -> None:
    app.twin.control("groups", {"id": "cid-new", "name": "New", "members": ["u-amy"], "app": app.id})
    entered = {"kind": "cool_app", "cool_app": "COOLAPP-1-NEW", "robots": [app.id]}
    app.twin.control("groups/cid-new", entered, method="PATCH")
    told = app.twin.control("events?type=im_cool_app_install")["events"][0]["data"]
    assert (told["openConversationId"], told["coolAppCode"], told["robotCode"]) == ("cid-new", "COOLAPP-1-NEW", app.id)
    assert _members(app, "cid-new", coolAppCode="COOLAPP-1-NEW")["memberUserIds"] == ["u-amy"]
    app.twin.control("groups/cid-new", {"robots": []}, method="PATCH")
    assert len(app.twin.control("events?type=im_cool_app_uninstall")["events"]) == 1
