"""Modules, fields, users, currencies, and fields that change under the reader."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.zoho.sandbox.served import SELLER, Served

START = "2026-03-01T08:00:00+08:00"


def fields(crm: Served, module: str = "Deals", user: str = "") -> dict[str, Any]:
    rows = crm.call("GET", "/settings/fields", user, params={"module": module}).json()["fields"]
    return {row["api_name"]: row for row in rows}


def test_the_modules(crm: Served) -> None:
    rows = crm.call("GET", "/settings/modules").json()["modules"]
    names = {row["api_name"] for row in rows}
    assert names == {"Accounts", "Contacts", "Deals", "Quotes", "Sales_Orders", "Tasks", "Cases"}
    orders = next(
        row
        for row in crm.call("GET", "/settings/modules", SELLER).json()["modules"]
        if row["api_name"] == "Sales_Orders"
    )
    assert (orders["plural_label"], orders["editable"], orders["viewable"]) == ("Sales Orders", False, True)
    for named in ("Deals", orders["id"]):
        assert len(crm.call("GET", f"/settings/modules/{named}").json()["modules"]) == 1
    assert crm.call("GET", "/settings/modules/Leads").json()["code"] == "INVALID_MODULE"


def test_the_fields_with_types_and_choices(crm: Served) -> None:
    known = fields(crm)
    assert (known["Amount"]["data_type"], known["Amount"]["json_type"]) == ("currency", "double")
    assert known["Amount"]["currency"] == {"rounding_option": "round_off", "precision": 2}
    assert known["Account_Name"]["lookup"]["module"]["api_name"] == "Accounts"
    assert (known["Deal_Name"]["system_mandatory"], known["Deal_Number"]["unique"]) == (
        True,
        {"casesensitive": "false"},
    )
    assert (known["Discount"]["custom_field"], known["Discount"]["field_label"]) == (True, "Discount")
    first = known["Stage"]["pick_list_values"][0]
    assert (first["actual_value"], first["display_value"]) == ("Qualification", "First contact")
    one = crm.call("GET", f"/settings/fields/{known['Stage']['id']}", params={"module": "Deals"}).json()["fields"]
    assert one[0]["api_name"] == "Stage"


def test_the_fields_of_a_profile(crm: Served) -> None:
    told = {p["name"]: p["permission_type"] for p in fields(crm)["Discount"]["profiles"]}
    assert told == {"Administrator": "read_write", "Standard": "read_write", "Sales": "hidden"}
    mine = fields(crm, user=SELLER)
    # who may not customise modules is told of every field, and of nobody's permissions
    assert (mine["Discount"]["visible"], mine["Amount"]["visible"], mine["Discount"]["profiles"]) == (False, True, None)
    assert (mine["Probability"]["read_only"], mine["Amount"]["read_only"]) == (True, False)
    assert crm.call("GET", "/settings/fields").json()["code"] == "REQUIRED_PARAM_MISSING"
    assert crm.call("GET", "/settings/fields", params={"module": "x"}).json()["code"] == "INVALID_MODULE"


def test_the_people(crm: Served) -> None:
    rows = crm.call("GET", "/users").json()["users"]
    assert {row["role"]["name"] for row in rows} == {"CEO", "Head of Sales", "Sales Person"}
    me = crm.call("GET", "/users", SELLER, params={"type": "CurrentUser"}).json()["users"]
    assert [(u["email"], u["profile"]["name"]) for u in me] == [(SELLER, "Sales")]
    assert crm.call("GET", f"/users/{me[0]['id']}").json()["users"] == [{**me[0], "Isonline": False}]
    assert crm.call("GET", "/users/1").status_code == 400
    assert crm.call("GET", "/users", params={"type": "DeletedUsers"}).status_code == 204
    roles = {r["name"]: r["reporting_to"] for r in crm.call("GET", "/settings/roles").json()["roles"]}
    assert (roles["CEO"], roles["Sales Person"]["name"]) == (None, "Head of Sales")
    assert len(crm.call("GET", "/settings/profiles").json()["profiles"]) == 3


def test_the_organisation_and_its_currencies(crm: Served) -> None:
    (org,) = crm.call("GET", "/org").json()["org"]
    assert (org["time_zone"], org["iso_code"]) == ("Asia/Hong_Kong", "HKD")
    rows = {row["iso_code"]: row for row in crm.call("GET", "/org/currencies").json()["currencies"]}
    assert (rows["HKD"]["is_base"], rows["USD"]["exchange_rate"]) == (True, "7.800000000")


@pytest.mark.parametrize(("method", "path", "code"), [("GET", "/Deals/1/2/3", "INVALID_URL_PATTERN"),
                                                      ("PATCH", "/Deals", "INVALID_REQUEST_METHOD")])  # fmt: skip
def test_what_the_vendor_does_not_serve(crm: Served, method: str, path: str, code: str) -> None:
    assert crm.call(method, path).json()["code"] == code


def paging(crm: Served) -> str:
    values = {"Subject": "Task {n}", "Priority": "High"}
    crm.control("POST", "/seed/Tasks", {"count": 300, "start": START, "values": values})
    return str(crm.listed("Tasks", "Subject,Priority").json()["info"]["next_page_token"])


@pytest.mark.parametrize(("change", "gone"), [({"remove": True}, "Priority"), ({"rename": "Urgency"}, "Priority")])
def test_a_field_goes_while_somebody_pages(crm: Served, change: dict[str, Any], gone: str) -> None:
    token = paging(crm)
    crm.control("POST", "/fields/Tasks/Priority", change)
    rest = crm.listed("Tasks", "Subject,Priority", page_token=token)
    assert rest.status_code == 200
    assert set(rest.json()["data"][0]) == {"Subject", "id"}
    assert gone not in fields(crm, "Tasks")
    assert crm.coql("select Priority from Tasks where id is not null").json()["details"] == {"column_name": "Priority"}
    if "rename" in change:
        assert crm.listed("Tasks", "Urgency").json()["data"][0]["Urgency"] == "High"


def test_the_field_that_names_records_is_renamed(crm: Served) -> None:
    deal = crm.deal()
    crm.control("POST", "/fields/Accounts/Account_Name", {"rename": "Company"})
    assert crm.shown(deal)["Account_Name"]["name"] == "Harbour Trading"
    crm.control("POST", "/fields/Accounts/Company", {"remove": True})
    assert crm.shown(deal)["Account_Name"]["name"] is None


def test_a_field_is_hidden_while_somebody_pages(crm: Served) -> None:
    token = paging(crm)
    hide = {"profile": "Administrator", "module": "Tasks", "field": "Priority", "access": "hidden"}
    crm.control("POST", "/permissions", hide)
    rest = crm.listed("Tasks", "Subject,Priority", page_token=token).json()
    assert set(rest["data"][0]) == {"Subject", "id"}
    crm.control("POST", "/permissions", {**hide, "access": "read_write"})
    assert "Priority" in crm.listed("Tasks", "Priority").json()["data"][0]


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [("Amount", "text", "480000"), ("Reason", "currency", None), ("Closing_Date", "text", str)],
)
def test_a_field_gets_another_type(crm: Served, name: str, kind: str, value: Any) -> None:
    crm.control("POST", f"/fields/Deals/{name}", {"retype": kind})
    shown = crm.shown(crm.deal())[name]
    assert shown == value or (value is str and isinstance(shown, str))
    assert fields(crm)[name]["data_type"] == kind
