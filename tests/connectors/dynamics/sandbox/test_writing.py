"""Dataverse: changes under conditions, upserts, states, look-ups."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.connectors.dynamics.sandbox.served import Served, error

GHOST = "00000000-0000-4000-8000-00000000dead"
RETURN = {"Prefer": "return=representation"}


@pytest.fixture
def lotus(d365: Served) -> str:
    return f"/accounts({d365.row('account', 'Lotus Foods')})"


def test_a_change_under_the_right_version_passes_and_under_an_old_one_does_not(d365: Served, lotus: str) -> None:
    etag = d365.dv("GET", lotus).headers["ETag"]
    first = d365.dv("PATCH", lotus, json={"telephone1": "1"}, headers={"If-Match": etag})
    second = d365.dv("PATCH", lotus, json={"telephone1": "2"}, headers={"If-Match": etag})
    deleted = d365.dv("DELETE", lotus, headers={"If-Match": etag})
    assert first.status_code == 204
    assert first.headers["OData-EntityId"].endswith(lotus)
    assert error(second) == error(deleted) == (412, "0x80060882")
    assert second.json()["error"]["message"] == (
        "The version of the existing record doesn't match the RowVersion property provided."
    )
    assert d365.dv("GET", f"{lotus}?$select=telephone1").json()["telephone1"] == "1"


def test_the_code_of_a_mismatch_may_be_empty(d365: Served, lotus: str) -> None:
    d365.switch(mismatch_code="")
    assert error(d365.dv("PATCH", lotus, json={"telephone1": "1"}, headers={"If-Match": 'W/"1"'})) == (412, "")


def test_a_patch_without_a_condition_makes_what_is_not_there(d365: Served) -> None:
    path = f"/accounts({GHOST})"
    assert error(d365.dv("PATCH", path, json={"name": "Ghost"}, headers={"If-Match": "*"})) == (404, "0x80040217")
    assert d365.dv("PATCH", path, json={"name": "Ghost"}).status_code == 204
    assert d365.dv("GET", path).json()["name"] == "Ghost"
    assert d365.dv("PATCH", path, json={"name": "x"}, headers={"If-None-Match": "*"}).status_code == 412


def test_an_upsert_by_alternate_key(d365: Served) -> None:
    made = d365.dv("PATCH", "/accounts(accountnumber='C-9')", json={"name": "Nine"}, headers=RETURN)
    again = d365.dv("PATCH", "/accounts(accountnumber='C-9')", json={"name": "Nine!"}, headers=RETURN)
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json()["accountid"] == again.json()["accountid"]
    assert again.json()["name"] == "Nine!"


def test_a_row_is_made_with_look_ups_by_navigation(d365: Served, lotus: str) -> None:
    body = {
        "name": "Bound",
        "customerid_account@odata.bind": lotus,
        "ownerid@odata.bind": f"/systemusers({d365.user('wilmot')['systemuserid']})",
        "totalamount": 12.34,
    }
    made = d365.dv("POST", "/salesorders", json=body, headers=RETURN)
    row = made.json(parse_float=Decimal)
    assert made.status_code == 201
    assert row["_customerid_value"] == d365.row("account", "Lotus Foods")
    assert row["_ownerid_value"] == d365.user("wilmot")["systemuserid"]
    assert row["totalamount"] == row["totalamount_base"] == Decimal("12.3400")
    assert row["_createdby_value"] == d365.user("integration")["systemuserid"]


def test_a_look_up_can_be_emptied(d365: Served) -> None:
    order = f"/salesorders({d365.row('salesorder', 'ORD-1042')})"
    d365.dv("PATCH", order, json={"customerid_account@odata.bind": None}, headers={"If-Match": "*"})
    assert d365.dv("GET", order).json()["_customerid_value"] is None


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"colour": 1}, (400, "0x80048d19")),
        ({"_ownerid_value": GHOST}, (400, "0x80048d19")),
        ({"colour@odata.bind": "/accounts(x)"}, (400, "0x80048d19")),
        ({"primarycontactid@odata.bind": f"/accounts({GHOST})"}, (400, "0x80048d19")),
        ({"name": "x" * 161}, (400, "0x80044331")),
        ({"industrycode": 99}, (400, "0x80048408")),
        ({"revenue": "a lot"}, (400, "0x80048d19")),
        ({"creditonhold": "no"}, (400, "0x80048d19")),
        ({"modifiedon": "2026-01-01T00:00:00Z"}, (400, "0x80040203")),
    ],
)
def test_what_cannot_be_written(d365: Served, lotus: str, body: dict[str, Any], refusal: tuple[int, str]) -> None:
    assert error(d365.dv("PATCH", lotus, json=body, headers={"If-Match": "*"})) == refusal


def test_what_is_no_json_and_what_lacks_a_name(d365: Served) -> None:
    assert error(d365.dv("POST", "/accounts", data=b"{")) == (400, "0x80048d19")
    assert error(d365.dv("POST", "/accounts", json={})) == (400, "0x80040203")


def test_a_reason_brings_its_state_and_a_state_its_reason(d365: Served) -> None:
    account = f"/accounts({d365.row('account', 'Lotus Foods')})"
    any_version = {"If-Match": "*", **RETURN}
    inactive = d365.dv("PATCH", account, json={"statuscode": 2}, headers=any_version).json()
    active = d365.dv("PATCH", account, json={"statecode": 0}, headers=any_version).json()
    assert (inactive["statecode"], active["statuscode"]) == (1, 1)
    wrong = d365.dv("PATCH", account, json={"statecode": 0, "statuscode": 2}, headers=any_version)
    assert error(wrong) == (400, "0x80048408")


def test_lines_go_with_their_order(d365: Served) -> None:
    order = d365.row("salesorder", "ORD-1042")
    assert d365.dv("DELETE", f"/salesorders({order})").status_code == 204
    assert d365.dv("GET", "/salesorderdetails").json()["value"] == []
    assert error(d365.dv("DELETE", f"/salesorders({order})")) == (404, "0x80040217")


def test_a_row_of_an_open_transaction_is_locked(d365: Served, lotus: str) -> None:
    transaction = d365.control("POST", "/dataverse/transactions")["id"]
    path = f"/dataverse/records/account/{d365.row('account', 'Lotus Foods')}"
    d365.control("PATCH", path, {"values": {"name": "x"}, "transaction": transaction})
    assert error(d365.dv("PATCH", lotus, json={"name": "y"}, headers={"If-Match": "*"})) == (400, "0x80044150")
    assert d365.dv("GET", lotus).json()["name"] == "Lotus Foods"


def test_amounts_have_the_digits_that_the_switch_says(d365: Served) -> None:
    d365.switch(money_digits="scale")
    row = d365.dv("GET", "/opportunities?$select=estimatedvalue&$filter=closeprobability eq 60").json(
        parse_float=Decimal
    )
    assert str(row["value"][0]["estimatedvalue"]) == "480000.00"


def test_a_wrong_method_names_the_right_ones(d365: Served) -> None:
    refused = d365.dv("PUT", "/accounts")
    assert refused.status_code == 405
    assert refused.headers["Allow"] == "GET, POST"


def test_the_environment_numbers_documents_and_puts_names_together(d365: Served) -> None:
    order = d365.dv("POST", "/salesorders", json={"name": "x"}, headers=RETURN).json()
    person = d365.dv("POST", "/contacts", json={"firstname": "Odo", "lastname": "Bramble"}, headers=RETURN).json()
    assert order["ordernumber"].startswith("ORD-")
    assert person["fullname"] == "Odo Bramble"


def test_an_id_is_given_once(d365: Served) -> None:
    given = {"accountid": d365.row("account", "Lotus Foods"), "name": "Twice"}
    assert error(d365.dv("POST", "/accounts", json=given)) == (412, "0x80040237")


@pytest.mark.parametrize(
    ("table", "body"),
    [
        ("accounts", {"name": 5}),
        ("accounts", {"name": "x", "numberofemployees": 1.5}),
        ("accounts", {"name": "x", "revenue": True}),
        ("accounts", {"name": "x", "revenue": "NaN"}),
        ("accounts", {"name": "x", "accountid": "x"}),
        ("opportunities", {"name": "x", "estimatedclosedate": "soon"}),
        ("opportunities", {"name": "x", "scheduleproposalmeeting": "2026-01-01T00:00:00"}),
    ],
)
def test_values_have_to_be_of_the_columns_type(d365: Served, table: str, body: dict[str, Any]) -> None:
    assert error(d365.dv("POST", f"/{table}", json=body)) == (400, "0x80048d19")


def test_numbers_keep_their_digits(d365: Served) -> None:
    body = b'{"name": "x", "address1_latitude": 47.639580, "revenue": 12345678901234567.89}'
    row = d365.dv("POST", "/accounts", data=body, headers=RETURN).json(parse_float=Decimal)
    assert str(row["address1_latitude"]) == "47.63958"
    assert str(row["revenue"]) == "12345678901234567.8900"


@pytest.mark.parametrize("change", [{"remove": True}, {"name": "new_name"}, {"type": "String"}, {"type": "Integer"}])
@pytest.mark.parametrize("column", ["revenue", "transactioncurrencyid", "statuscode", "accountnumber", "name"])
def test_rows_live_on_after_an_administrator_changed_a_column(
    d365: Served, lotus: str, column: str, change: dict[str, Any]
) -> None:
    d365.control("POST", "/dataverse/schema", {"table": "account", "column": column, **change})
    changed = d365.dv("PATCH", lotus, json={"creditlimit": 5, "statecode": 1}, headers={"If-Match": "*"})
    shown = d365.dv("GET", "/accounts", headers={"Prefer": 'odata.include-annotations="*"'})
    described = d365.dv("GET", "/EntityDefinitions(LogicalName='account')?$expand=Attributes")
    assert (changed.status_code, shown.status_code, described.status_code) == (204, 200, 200)
