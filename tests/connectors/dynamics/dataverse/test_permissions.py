from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.contract import Malformed, Misconfigured, Throttled, Verb
from connectors.dynamics.dataverse.people import People
from connectors.dynamics.dataverse.permissions import Permissions
from connectors.dynamics.dataverse.schema import Schema
from connectors.dynamics.dataverse.wire import Environment
from tests.connectors.dynamics.dataverse.deciding import (
    COLUMNS,
    LINE_COLUMNS,
    MEI,
    ORDER,
    ORDERS,
    OTHER,
    Office,
    action,
    attribute,
    lacking,
    offices,
    rights,
    user,
)
from tests.connectors.dynamics.dataverse.scripted import no
from tests.connectors.dynamics.dataverse.vendor import Asked, Said, rows

ACCESS = f"systemusers({MEI})/Microsoft.Dynamics.CRM.RetrievePrincipalAccess(Target=@t)"
PRIVILEGES = f"systemusers({MEI})/Microsoft.Dynamics.CRM.RetrievePrincipalAttributePrivileges()"
SECURED = "EntityDefinitions(LogicalName='{}')/Attributes"
MARGIN_ID, COST_ID = "0134fc5f-cb61-f011-bec2-00224823101f", "0134fc5f-cb61-f011-bec2-002248231020"
ALL = "ReadAccess, WriteAccess, AppendAccess, AppendToAccess, ShareAccess, AssignAccess"
FIELDS = [
    "name",
    "totalamount",
    "new_margin",
    "new_margin_base",
    "salesorderdetail.quantity",
    "salesorderdetail.new_cost",
]


@pytest.fixture
def office() -> Iterator[Office]:
    with offices() as office:
        office.vendor.on("GET", ACCESS, rights(ALL))
        grant(office)
        yield office


def grant(office: Office, *, margin: int = 0, cost: int = 0, update: int = 0) -> None:
    """Say what the user may do with each secured column.

    https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/attributeprivilege
    """
    for table, name, column in (("salesorder", "new_margin", MARGIN_ID), ("salesorderdetail", "new_cost", COST_ID)):
        office.vendor.on("GET", SECURED.format(table), rows({"LogicalName": name, "MetadataId": column}))
    privileges = [
        {"AttributeId": MARGIN_ID.upper(), "CanCreate": 0, "CanRead": margin, "CanUpdate": update},
        {"AttributeId": COST_ID, "CanCreate": 0, "CanRead": cost, "CanUpdate": 0},
    ]
    office.vendor.on("GET", PRIVILEGES, Said(200, {"AttributePrivileges": privileges}))


def permissions(office: Office, **changes: Any) -> Permissions:
    settings = office.settings(**changes)
    environment = Environment(settings, office.services(), sleep=lambda _seconds: None)
    schema = Schema(environment, settings.describe_age, lambda: office.now)
    people = People(environment, settings.act_as, lambda: office.now)
    return Permissions(environment, schema, people, lambda: office.now)


def may(office: Office, given: Any = None, **changes: Any) -> Any:
    settings = office.settings(**changes)
    return permissions(office, **changes).may(MEI, given or action(), settings.kinds["salesorder"])


def sees(office: Office, *ids: str, asked: Permissions | None = None) -> Any:
    kinds = {"salesorder": {**ORDERS, "fields": FIELDS}}
    chosen = office.settings(kinds=kinds).kinds["salesorder"]
    return (asked or permissions(office)).sees(MEI, "salesorder", ids, chosen)


def test_who_may_write_the_record_may_decide(office: Office) -> None:
    assert may(office).allowed
    (asked,) = office.vendor.calls("GET", ACCESS)
    assert asked.params == {"@t": f"{{'@odata.id':'salesorders({ORDER})'}}"}
    assert asked.headers["consistency"] == "Strong", "rights that were taken away a moment ago do not count"
    assert "callerobjectid" not in asked.headers


@pytest.mark.parametrize(
    ("said", "word"),
    [
        (rights("ReadAccess"), "change"),
        (rights("None"), "show"),
        (rights("WriteAccess"), "show"),
        (lacking(), "show"),
        (no(403, "0x80042F09"), "show"),
        (no(404, "0x80040217"), "show"),
    ],
)
def test_who_may_not_is_told_why(office: Office, said: Said, word: str) -> None:
    office.vendor.on("GET", ACCESS, said)
    answer = may(office)
    assert not answer.allowed
    assert word in answer.reason


def test_a_new_owner_needs_the_right_to_assign(office: Office) -> None:
    given = action(Verb.SET, fields={"ownerid": None})
    assert may(office, given).allowed
    office.vendor.on("GET", ACCESS, rights("ReadAccess, WriteAccess"))
    assert not may(office, given).allowed
    assert may(office).allowed


def test_a_secured_column_needs_its_own_right(office: Office) -> None:
    given = action(Verb.SET, fields={"new_margin": None})
    answer = may(office, given)
    assert not answer.allowed
    assert "new_margin" in answer.reason
    grant(office, margin=4, update=4)
    assert may(office, given).allowed
    by_settings = {"kinds": {"salesorder": {**ORDERS, "approve": {"new_margin": 1}}}}
    assert may(office, **by_settings).allowed
    grant(office, margin=4)
    assert not may(office, **by_settings).allowed


@pytest.mark.parametrize("nobody", [user(disabled=True), user(object_id=None), no(404, "0x80040217")])
def test_who_is_no_enabled_user_may_nothing(office: Office, nobody: Said) -> None:
    office.vendor.on("GET", f"systemusers({MEI})", nobody)
    assert not may(office).allowed


def test_a_fault_of_the_question_is_no_answer(office: Office) -> None:
    office.vendor.on("GET", ACCESS, no(403, "0x8004A110"))
    with pytest.raises(Misconfigured):
        may(office)


def test_each_record_is_asked_for_and_all_in_one_request(office: Office) -> None:
    shown = {ORDER: rights(ALL), OTHER: lacking()}
    office.vendor.on(
        "GET", ACCESS, lambda asked: next(said for each, said in shown.items() if each in asked.params["@t"])
    )
    found = sees(office, ORDER, OTHER, ORDER)
    assert set(found) == {ORDER}
    assert len(office.vendor.calls("POST", "$batch")) == 1


def test_a_hundred_and_fifty_records_are_two_requests(office: Office) -> None:
    ids = [f"6d81597f-0f9f-e711-8122-{number:012d}" for number in range(150)]
    assert set(sees(office, *ids)) == set(ids)
    assert len(office.vendor.calls("POST", "$batch")) == 2


def test_a_secured_column_is_seen_by_whom_it_is_granted_to(office: Office) -> None:
    hidden = sees(office, ORDER)[ORDER]
    assert hidden == {"name", "totalamount", "salesorderdetail", "salesorderdetail.quantity"}
    grant(office, margin=4)
    assert sees(office, ORDER)[ORDER] - hidden == {"new_margin", "new_margin_base"}
    grant(office, cost=4)
    assert sees(office, ORDER)[ORDER] - hidden == {"salesorderdetail.new_cost"}


def test_columns_are_not_asked_for_where_none_is_secured(office: Office) -> None:
    plain = [attribute(each["LogicalName"], each["AttributeType"]) for each in (*COLUMNS, *LINE_COLUMNS)]
    for table in ("salesorder", "salesorderdetail"):
        path = f"EntityDefinitions(LogicalName='{table}')"
        body = {"LogicalName": table, "EntitySetName": f"{table}s", "PrimaryIdAttribute": f"{table}id"}
        office.vendor.on("GET", path, Said(200, body | {"Attributes": plain}))
    assert "new_margin" in sees(office, ORDER)[ORDER]
    assert office.vendor.calls("GET", PRIVILEGES) == []


def test_what_was_granted_is_asked_for_again_after_a_minute(office: Office) -> None:
    asked = permissions(office)
    for minutes, calls in ((0, 1), (0.5, 1), (0.6, 2)):
        office.later(minutes=minutes)
        assert "new_margin" not in sees(office, ORDER, asked=asked)[ORDER]
        assert len(office.vendor.calls("GET", PRIVILEGES)) == calls


def test_who_is_nobody_sees_nothing_and_nothing_is_asked_for_nothing(office: Office) -> None:
    assert sees(office) == {}
    assert office.vendor.asked == []
    office.vendor.on("GET", f"systemusers({MEI})", user(disabled=True))
    assert sees(office, ORDER) == {}


def test_who_needs_no_object_id_to_see(office: Office) -> None:
    office.vendor.on("GET", f"systemusers({MEI})", user(object_id=None))
    assert set(sees(office, ORDER)) == {ORDER}


def test_a_limit_inside_the_answer_is_a_limit(office: Office) -> None:
    office.vendor.on("GET", ACCESS, rights(ALL), no(429, "0x80072322"))
    with pytest.raises(Throttled):
        sees(office, ORDER, OTHER)


@pytest.mark.parametrize(
    "said",
    [
        Said(200, {"value": []}),
        Said(200, b"--b\r\n", {"Content-Type": "multipart/mixed; boundary=b"}),
        Said(200, b"--b--\r\n", {"Content-Type": "multipart/mixed; boundary=b"}),
        Said(
            200, b"--b\r\nx: y\r\n\r\nno answer\r\n\r\n{}\r\n--b--\r\n", {"Content-Type": "multipart/mixed; boundary=b"}
        ),
    ],
)
def test_an_answer_that_is_not_as_documented_shows_nothing(office: Office, said: Said) -> None:
    office.vendor.on("POST", "$batch", said)
    with pytest.raises(Malformed):
        sees(office, ORDER, OTHER)


@pytest.mark.parametrize("said", [Said(200, {"Rights": ALL}), Said(200, {"AccessRights": 7}), Said(200, b"<html>")])
def test_rights_that_are_not_as_documented_are_none(office: Office, said: Said) -> None:
    office.vendor.on("GET", ACCESS, said)
    with pytest.raises(Malformed):
        may(office)


def test_privileges_that_are_not_as_documented_show_nothing(office: Office) -> None:
    office.vendor.on("GET", PRIVILEGES, Said(200, {"value": []}))
    with pytest.raises(Malformed):
        sees(office, ORDER)


def test_one_question_that_the_vendor_refuses_does_not_end_the_others(office: Office) -> None:
    def said(asked: Asked) -> Said:
        return lacking() if ORDER in asked.params["@t"] else rights(ALL)

    office.vendor.on("GET", ACCESS, said)
    assert set(sees(office, ORDER, OTHER)) == {OTHER}
