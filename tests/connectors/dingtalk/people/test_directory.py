from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.contract import Leaving, Malformed, Misconfigured, Role, Throttled
from tests.connectors.dingtalk.people.office import NOW, Office

GET, LIST, SUB = "topapi/v2/user/get", "topapi/v2/user/list", "topapi/v2/department/listsub"

# https://open.dingtalk.com/document/development/query-user-details
ADA: dict[str, Any] = {
    "userid": "ada",
    "unionid": "z21HjQliSzpw0YWxxxxx",
    "name": "Ada",
    "mobile": "18500000001",
    "state_code": "86",
    "email": "Ada@example.com",
    "org_email": "ada@corp.example.com",
    "job_number": "4",
    "title": "Director",
    "manager_userid": "manager240",
    "dept_id_list": [2, 3],
    "leader_in_dept": [{"dept_id": 2, "leader": True}, {"dept_id": 3, "leader": False}],
    "role_list": [{"id": 100, "name": "Director", "group_name": "Posts"}],
    "active": True,
}
AS_PRINTED = ADA | {
    "dept_id_list": "[2,3]",
    "leader_in_dept": {"dept_id": "2", "leader": "true"},
    "role_list": {"id": "100", "name": "Director", "group_name": "Posts"},
    "active": "true",
}


@pytest.mark.parametrize("row", [ADA, AS_PRINTED])
def test_a_person_is_read_as_sent_and_as_the_page_prints_it(office: Office, row: dict[str, Any]) -> None:
    office.says(GET, {"result": row})
    person = office.directory.person("ada")
    assert person is not None
    assert (person.id, person.union, person.name, person.at) == ("ada", "z21HjQliSzpw0YWxxxxx", "Ada", NOW)
    assert (person.mobile, person.email, person.work_email) == (
        "18500000001",
        "Ada@example.com",
        "ada@corp.example.com",
    )
    assert (person.departments, person.leads) == (("2", "3"), {"2"})
    assert person.roles == (Role("100", "Director", "Posts"),)
    assert (person.manager, person.number, person.active) == ("manager240", "4", True)
    assert (office.asked[0].method, office.asked[0].body, office.asked[0].token) == ("POST", {"userid": "ada"}, "t0k3n")


def test_what_we_may_not_see_is_not_the_same_as_empty(office: Office) -> None:
    office.says(GET, {"result": {"userid": "ada", "name": "Ada"}})
    person = office.directory.person("ada")
    assert person is not None
    assert (person.mobile, person.email, person.work_email) == (None, None, None)
    assert not person.has_address("")


@pytest.mark.parametrize("answer", [{"errcode": 60121}, {"errcode": 33012}, {"errcode": 88, "sub_code": "60121"}])
def test_somebody_who_left_is_nobody(office: Office, answer: dict[str, Any]) -> None:
    office.refuses(GET, errmsg="找不到该用户", **answer)
    assert office.directory.person("ada") is None


@pytest.mark.parametrize("code", [60121, 40104])
def test_a_number_that_nobody_has_any_more(office: Office, code: int) -> None:
    office.refuses("topapi/v2/user/getbymobile", errcode=code, errmsg="x")
    assert office.directory.id_by_mobile("18500000001") is None
    assert office.asked[0].body == {"mobile": "18500000001"}


def test_a_number_that_was_given_to_another_names_the_other(office: Office) -> None:
    office.says("topapi/v2/user/getbymobile", {"result": {"userid": "ada"}}, {"result": {"userid": "bob"}})
    directory = office.directory
    assert (directory.id_by_mobile("18500000001"), directory.id_by_mobile("18500000001")) == ("ada", "bob")


@pytest.mark.parametrize(
    ("result", "user"),
    [
        ({"contact_type": 0, "userid": "ada"}, "ada"),
        ({"contact_type": "0", "userid": "ada"}, "ada"),
        ({"contact_type": 1, "userid": "ext"}, None),
    ],
)
def test_a_union_id_may_be_an_outsiders(office: Office, result: dict[str, Any], user: str | None) -> None:
    office.says("topapi/user/getbyunionid", {"result": result})
    assert office.directory.id_by_union("z21") == user


def two_departments(office: Office) -> None:
    office.says(
        SUB,
        {"result": [{"dept_id": 2, "name": "Sales", "parent_id": 1}]},
        {"result": [{"dept_id": 3, "name": "East", "parent_id": 2}]},
        {"result": []},
    )


def test_departments_come_after_their_parents(office: Office) -> None:
    two_departments(office)
    found = [(each.id, each.name, each.parent) for each in office.directory.departments()]
    assert found == [("1", "", ""), ("2", "Sales", "1"), ("3", "East", "2")]
    assert [asked.body for asked in office.asked] == [{"dept_id": 1}, {"dept_id": 2}, {"dept_id": 3}]


def test_everybody_is_read_page_by_page_and_once(office: Office) -> None:
    two_departments(office)
    bob = {"userid": "bob", "name": "Ada", "email": "", "dept_id_list": [3], "active": "false", "leader": False}
    office.says(
        LIST,
        {"result": {"has_more": True, "next_cursor": 10, "list": [ADA | {"leader": True}]}},
        {"result": {"has_more": False, "list": []}},
        {"result": {"has_more": "false", "list": [ADA | {"leader": False}]}},
        {"result": {"has_more": False, "list": [ADA | {"leader": True}, bob]}},
    )
    everybody = office.directory.everybody()
    assert list(everybody) == ["ada", "bob"]
    assert everybody["ada"].leads == {"1", "3"}
    assert everybody["ada"].roles is None
    assert not everybody["bob"].active
    cursors = [(asked.body["dept_id"], asked.body["cursor"]) for asked in office.asked if asked.path == LIST]
    assert cursors == [(1, 0), (1, 10), (2, 0), (3, 0)]


@pytest.mark.parametrize(
    ("address", "ids"),
    [("ada@EXAMPLE.com", ["ada", "bob"]), (" ada@corp.example.com ", ["ada"]), ("gone@example.com", []), ("", [])],
)
def test_an_address_may_be_nobodys_or_shared(office: Office, address: str, ids: list[str]) -> None:
    office.says(SUB, {"result": []})
    bob = {"userid": "bob", "name": "Bob", "email": "ada@example.com"}
    office.says(LIST, {"result": {"has_more": False, "list": [ADA, bob]}})
    assert [person.id for person in office.directory.by_address(address)] == ids


def test_a_department_that_went_away_meanwhile_is_passed_over(office: Office) -> None:
    office.says(SUB, {"result": [{"dept_id": 2, "name": "Sales", "parent_id": 1}]}, {"errcode": 60003, "errmsg": "x"})
    assert [each.id for each in office.directory.departments()] == ["1", "2"]


def test_a_walk_into_the_limit_a_second_goes_on_after_a_second(office: Office) -> None:
    limit = {"errcode": 88, "sub_code": "90018", "errmsg": "ding talk error[subcode=90018,submsg=x]"}
    office.answers[SUB] = [(200, limit), (200, limit), (200, {"errcode": 0, "result": []})]
    assert [each.id for each in office.directory.departments()] == ["1"]
    assert office.slept == [1.0, 1.0]


def test_a_limit_that_does_not_pass_is_raised(office: Office) -> None:
    office.refuses(SUB, errcode=88, sub_code="90018", errmsg="x")
    with pytest.raises(Throttled):
        list(office.directory.departments())
    assert len(office.slept) == 5


def test_a_missing_permission_is_no_empty_company(office: Office) -> None:
    office.refuses(SUB, errcode=88, sub_code="60011", errmsg="[subcode=60011,submsg=[qyapi_get_department_list]]")
    with pytest.raises(Misconfigured):
        list(office.directory.departments())


@pytest.mark.parametrize(
    "page",
    [
        {"result": {"has_more": True, "next_cursor": 0, "list": []}},
        {"result": {"has_more": True, "list": []}},
        {"result": {"has_more": False, "list": [{"name": "no id"}]}},
        {"result": {"has_more": False, "list": ["x"]}},
        {"result": {"has_more": False, "list": "x"}},
        {"result": "x"},
    ],
)
def test_a_list_that_is_none_is_malformed_and_never_short(office: Office, page: dict[str, Any]) -> None:
    office.says(LIST, page)
    with pytest.raises(Malformed):
        list(office.directory.people_of("1"))


def test_parents_lead_to_the_root(office: Office) -> None:
    office.says("topapi/v2/department/listparentbydept", {"result": {"parent_id_list": [789, 456, 1]}})
    assert office.directory.parents_of("789") == ("789", "456", "1")
    office.refuses("topapi/v2/department/listparentbydept", errcode=60003, errmsg="x")
    assert office.directory.parents_of("789") is None


def test_roles_and_their_people_are_read_page_by_page(office: Office) -> None:
    office.says(
        "topapi/role/list",
        {
            "result": {
                "hasMore": True,
                "list": [{"groupId": 1, "name": "Default", "roles": [{"id": 10, "name": "Owner"}]}],
            }
        },
        {"result": {"hasMore": False, "list": [{"groupId": 2, "name": "Posts", "roles": [{"id": 11, "name": "CFO"}]}]}},
    )
    office.says("topapi/role/simplelist", {"result": {"hasMore": False, "list": [{"userid": "ada", "name": "Ada"}]}})
    assert list(office.directory.roles()) == [Role("10", "Owner", "Default"), Role("11", "CFO", "Posts")]
    assert list(office.directory.people_with("11")) == ["ada"]
    assert [asked.body["offset"] for asked in office.asked] == [0, 200, 0]


def test_those_who_left_say_when_and_how(office: Office) -> None:
    record = {"userId": "ada", "name": "Ada", "mobile": "18500000001", "leaveTime": "2026-02-28T18:00:00+08:00"}
    office.says(
        "v1.0/contact/empLeaveRecords",
        {"nextToken": "50", "records": [record | {"leaveReason": "delete"}]},
        {"records": [record | {"userId": "bob", "leaveReason": "new", "leaveTime": "soon"}]},
    )
    ada, bob = office.directory.leavers(datetime(2026, 2, 1, tzinfo=UTC), NOW)
    assert (ada.id, ada.how, ada.left_at) == ("ada", Leaving.BY_ADMINISTRATOR, datetime(2026, 2, 28, 10, tzinfo=UTC))
    assert (bob.how, bob.left_at) == (Leaving.UNKNOWN, None)
    assert office.asked[0].query == {
        "startTime": "2026-02-01T00:00:00Z",
        "endTime": "2026-03-02T08:00:00Z",
        "nextToken": "0",
        "maxResults": "50",
    }
