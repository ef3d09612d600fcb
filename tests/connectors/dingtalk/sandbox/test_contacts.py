"""The address book."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.dingtalk.sandbox.app import App


def test_a_person_by_userid(app: App) -> None:
    told = app.old("/topapi/v2/user/get", {"userid": "u-chen", "language": "zh_CN"})["result"]
    assert (told["unionid"], told["name"], told["mobile"]) == ("union-u-chen", "陈晓", "13800000003")
    assert (told["dept_id_list"], told["manager_userid"], told["admin"]) == ([11, 30], "u-ben", False)
    director = app.old("/topapi/v2/user/get", {"userid": "u-amy"})["result"]
    assert director["role_list"] == [{"id": 901, "name": "Sales director", "group_name": "Positions"}]
    assert director["leader_in_dept"] == [{"dept_id": 20, "leader": True}]


def test_a_form_is_read_as_well(app: App) -> None:
    address = f"{app.twin.base}/topapi/v2/user/get?access_token={app.token}"
    told = app.twin.http.post(address, data={"userid": "u-amy"}, timeout=10).json()
    assert told["result"]["userid"] == "u-amy"


def test_who_is_not_known(app: App) -> None:
    assert app.old("/topapi/v2/user/get", {"userid": "u-none"})["errcode"] == 33012
    assert app.old("/topapi/v2/user/get", {})["errcode"] == 400002
    assert app.old("/topapi/v2/user/getbymobile", {"mobile": "13900000000"})["errcode"] == 60121
    assert app.old("/topapi/v2/user/getbymobile", {"mobile": "x"})["errcode"] == 40104
    app.twin.switch(unknown_user=60121)
    assert app.old("/topapi/v2/user/get", {"userid": "u-none"})["errcode"] == 60121


def test_a_person_by_mobile_and_unionid(app: App) -> None:
    assert app.old("/topapi/v2/user/getbymobile", {"mobile": "13800000004"})["result"] == {"userid": "u-dora"}
    assert app.old("/topapi/user/getbyunionid", {"unionid": "union-u-eli"})["result"]["userid"] == "u-eli"


def test_samples_with_texts(app: App) -> None:
    app.twin.switch(contacts_as_texts=True)
    told = app.old("/topapi/v2/user/get", {"userid": "u-amy"})["result"]
    assert (told["admin"], told["active"]) == ("true", "true")


def test_departments_one_level_down_and_all_levels_up(app: App) -> None:
    below = app.old("/topapi/v2/department/listsub", {"dept_id": 1})["result"]
    assert [(row["dept_id"], row["parent_id"]) for row in below] == [(10, 1), (20, 1), (30, 1)]
    assert app.old("/topapi/v2/department/listsubid", {"dept_id": 10})["result"] == {"dept_id_list": [11]}
    above = app.old("/topapi/v2/department/listparentbydept", {"dept_id": 11})["result"]
    assert above == {"parent_id_list": [11, 10, 1]}
    both = app.old("/topapi/v2/department/listparentbyuser", {"userid": "u-chen"})["result"]["parent_list"]
    assert [row["parent_dept_id_list"] for row in both] == [[11, 10, 1], [30, 1]]
    assert app.old("/topapi/v2/department/get", {"dept_id": 30})["result"]["dept_manager_userid_list"] == ["u-eli"]
    assert app.old("/topapi/v2/department/get", {"dept_id": 99})["errcode"] == 60003


def test_people_of_a_department_in_pages(app: App) -> None:
    assert app.old("/topapi/user/listid", {"dept_id": 30})["result"]["userid_list"] == ["u-chen", "u-eli", "u-fang"]
    first = app.old("/topapi/v2/user/list", {"dept_id": 30, "cursor": 0, "size": 2})["result"]
    assert (first["has_more"], first["next_cursor"], len(first["list"])) == (True, 2, 2)
    rest = app.old("/topapi/v2/user/list", {"dept_id": 30, "cursor": 2, "size": 2})["result"]
    assert ([one["userid"] for one in rest["list"]], rest["has_more"]) == (["u-fang"], False)
    assert "next_cursor" not in rest


def test_roles_and_who_has_them(app: App) -> None:
    groups = app.old("/topapi/role/list", {"size": 20, "offset": 0})["result"]["list"]
    assert [role["name"] for role in groups[0]["roles"]] == ["Sales director", "Accountant", "Warehouse"]
    people = app.old("/topapi/role/simplelist", {"role_id": 903, "size": 1, "offset": 0})["result"]
    assert (people["hasMore"], people["list"][0]["userid"]) == (True, "u-eli")
    assert app.old("/topapi/role/getrole", {"roleId": 902})["role"]["name"] == "Accountant"
    assert app.old("/topapi/role/getrolegroup", {"group_id": 900})["role_group"]["group_name"] == "Positions"
    assert app.old("/topapi/role/getrole", {"roleId": 1})["errcode"] == 33011


def test_what_the_application_may_see(app: App) -> None:
    assert app.old("/auth/scopes", method="GET")["auth_org_scopes"]["authed_dept"] == [1]


@pytest.mark.parametrize(
    ("path", "body", "method", "event"),
    [
        ("users", {"id": "u-gil", "name": "Gil Ho"}, "POST", "user_add_org"),
        ("users/u-ben", {"title": "Manager"}, "PATCH", "user_modify_org"),
        ("users/u-ben", {"roles": [902]}, "PATCH", "label_user_change"),
        ("users/u-ben", None, "DELETE", "user_leave_org"),
        ("departments", {"id": 40, "name": "New"}, "POST", "org_dept_create"),
        ("roles", {"id": 904, "name": "New"}, "POST", "label_conf_add"),
    ],
)
def test_a_change_is_told_by_an_event(app: App, path: str, body: object, method: str, event: str) -> None:
    app.twin.control(path, body, method=method)
    assert event in [row["type"] for row in app.twin.control("events")["events"]]


def test_who_leaves_the_company_leaves_its_groups(app: App) -> None:
    app.twin.control("users/u-ben", method="DELETE")
    groups = {row["id"]: row["members"] for row in app.twin.control("groups")["groups"]}
    assert groups["cid-sales-hk"] == ["u-amy", "u-chen"]


def test_a_form_may_hold_the_token_as_in_the_vendors_samples(app: App) -> None:
    given = {"access_token": app.token, "userid": "u-amy"}
    told = app.twin.http.post(f"{app.twin.base}/topapi/v2/user/get", data=given, timeout=10).json()
    assert told["result"]["name"] == "Amy Wong"


def test_the_first_version_of_the_address_book(app: App) -> None:
    def get(path: str, **query: str) -> dict[str, Any]:
        return app.old(path, method="GET", **query)

    person = get("/user/get", userid="u-chen")
    assert (person["name"], person["department"], person["managerUserid"]) == ("陈晓", [11, 30], "u-ben")
    assert (person["isLeaderInDepts"], person["orderInDepts"]) == ("{11:false,30:false}", "{11:1,30:1}")
    assert "email" not in person
    assert get("/user/get", userid="u-none")["errcode"] == 33012
    assert get("/user/getUseridByUnionid", unionid="union-u-eli")["userid"] == "u-eli"
    assert get("/user/getUseridByUnionid", unionid="none")["errcode"] == 60121
    assert get("/user/getDeptMember", deptId="30")["userIds"] == ["u-chen", "u-eli", "u-fang"]
    assert get("/user/getDeptMember", deptId="99")["errcode"] == 60003
    whole = get("/user/simplelist", department_id="30")
    assert ([row["userid"] for row in whole["userlist"]], "hasMore" in whole) == (["u-chen", "u-eli", "u-fang"], False)
    page = get("/user/list", department_id="30", offset="1", size="1")
    assert ([row["mobile"] for row in page["userlist"]], page["hasMore"]) == (["13800000005"], True)
    assert get("/user/list", department_id="30", offset="0", size="101")["errcode"] == 400002
    assert get("/department/get", id="11")["parentid"] == 10
    assert [row["id"] for row in get("/department/list")["department"]] == [10, 20, 30]
    assert [row["id"] for row in get("/department/list", fetch_child="True")["department"]] == [10, 11, 20, 30]
    assert get("/department/list_ids", id="10")["sub_dept_id_list"] == [11]
    assert get("/department/list_ids")["errcode"] == 400002


def test_the_gateway_wraps_what_the_older_host_answers(app: App) -> None:
    def call(method: str, **fields: str) -> dict[str, Any]:
        query = {"method": method, "session": app.token, "format": "json", "v": "2.0"}
        reply = app.twin.http.post(f"{app.twin.base}/router/rest", params=query, data=fields, timeout=10)
        told: dict[str, Any] = reply.json()
        return told

    told = call("dingtalk.oapi.v2.user.get", userid="u-amy")
    assert told["dingtalk_oapi_v2_user_get_response"]["result"]["name"] == "Amy Wong"
    refused = call("dingtalk.oapi.v2.user.get", userid="u-none")
    assert refused["dingtalk_oapi_v2_user_get_response"]["errcode"] == 33012
    assert call("taobao.trades.get")["error_response"]["msg"] == "Invalid Method"
    app.twin.control("tokens", method="DELETE")
    ended = call("dingtalk.corp.role.list")["dingtalk_corp_role_list_response"]
    assert ended["errcode"] == 42001
