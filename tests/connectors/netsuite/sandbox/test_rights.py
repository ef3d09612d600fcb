"""What a role may read and write, on each way in."""

from __future__ import annotations

import pytest

from tests.connectors.netsuite.sandbox.served import SELECT, SUITEQL, Served, detail


def test_suiteql_refuses_a_table_that_the_role_may_not_read(ns: Served) -> None:
    answer = ns.query("SELECT id FROM vendor", user="clerk")
    assert detail(answer) == (400, "INVALID_PARAMETER")
    assert "Record 'vendor' was not found." in answer.text
    assert ns.query("SELECT id FROM deletedrecord", user="clerk").status_code == 400


def test_suiteql_shows_the_transactions_of_the_roles_types_and_subsidiaries(ns: Served) -> None:
    seen = [r["tranid"] for r in ns.rows("SELECT tranid FROM transaction ORDER BY id", user="clerk")]
    lines = {r["transaction"] for r in ns.rows("SELECT transaction FROM transactionline", user="clerk")}
    customers = [r["id"] for r in ns.rows("SELECT id FROM customer ORDER BY id", user="clerk")]
    entities = {r["type"] for r in ns.rows("SELECT type FROM entity", user="clerk")}
    # SO-1043 belongs to the other subsidiary, purchases to nobody's business
    assert seen == ["SO-1041", "SO-1042", "INV-1041"]
    assert lines == {"1001", "1002", "1004"}
    assert customers == ["11", "12"]
    assert entities == {"CustJob", "Employee"}


def test_records_refuse_what_the_role_may_not_do(ns: Served) -> None:
    assert detail(ns.call("GET", "/vendor/21", user="clerk")) == (403, "INSUFFICIENT_PERMISSION")
    assert detail(ns.call("GET", "/vendor", user="clerk")) == (403, "INSUFFICIENT_PERMISSION")
    assert detail(ns.call("PATCH", "/invoice/1004", user="clerk", json={"memo": "x"})) == (
        403,
        "INSUFFICIENT_PERMISSION",
    )
    assert detail(ns.call("DELETE", "/salesOrder/1001")) == (403, "INSUFFICIENT_PERMISSION")
    assert detail(ns.call("PUT", "/vendor/eid:x", json={"companyName": "x"})) == (403, "INSUFFICIENT_PERMISSION")


def test_records_of_another_subsidiary_are_not_there(ns: Served) -> None:
    assert detail(ns.call("GET", "/salesOrder/1003", user="clerk")) == (404, "NONEXISTENT_ID")
    listed = ns.call("GET", "/salesOrder", user="clerk").json()["items"]
    assert [row["id"] for row in listed] == ["1001", "1002"]
    assert ns.call("GET", "/salesOrder/1003").status_code == 200


def test_a_hidden_field_is_not_there(ns: Served) -> None:
    assert "creditLimit" not in ns.call("GET", "/customer/11", user="clerk").json()
    assert ns.call("GET", "/customer/11").json()["creditLimit"] == 250000
    assert detail(ns.query("SELECT creditlimit FROM customer", user="clerk")) == (400, "INVALID_PARAMETER")
    strict = {"X-NetSuite-PropertyNameValidation": "error"}
    written = ns.call("PATCH", "/customer/11", user="clerk", json={"creditLimit": 1}, headers=strict)
    assert detail(written) == (400, "INVALID_CONTENT")


def test_permissions_of_a_role_are_rows_in_the_vendors_form(ns: Served) -> None:
    rows = ns.rows("SELECT * FROM rolepermissions WHERE role = 1002 AND permkey LIKE 'TRAN_%' ORDER BY permkey")
    assert rows == [
        {"name": "Invoice", "permkey": "TRAN_CUSTINVC", "permlevel": "1", "restriction": "-1", "role": "1002"},
        {"name": "Sales Order", "permkey": "TRAN_SALESORD", "permlevel": "4", "restriction": "-1", "role": "1002"},
    ]
    level = "SELECT BUILTIN.DF(permlevel) AS level FROM rolepermissions WHERE role = ? AND permkey = ?"
    assert ns.rows(level, 1000, "TRAN_PURCHORD") == [{"level": "Edit"}]
    ns.control("POST", "/roles", {"role": "Bridge", "levels": {"purchaseOrder": "view"}})
    assert ns.rows(level, 1000, "TRAN_PURCHORD") == [{"level": "View"}]


def test_a_role_tells_its_subsidiaries(ns: Served) -> None:
    text = "SELECT name, isinactive, subsidiaryoption, subsidiaryrestriction FROM role WHERE id IN (1000, 1002) ORDER BY id"
    assert ns.rows(text) == [
        {"name": "Bridge", "isinactive": "F", "subsidiaryoption": "ALL"},
        {"name": "Sales Clerk", "isinactive": "F", "subsidiaryoption": "SELECTED", "subsidiaryrestriction": "1"},
    ]


def test_an_employee_tells_its_roles(ns: Served) -> None:
    text = "SELECT rolesforsearch, giveaccess FROM employee WHERE id = 2"
    held = "SELECT role, BUILTIN.DF(role) AS name FROM employeerolesforsearch WHERE entity = 2 ORDER BY role"
    assert ns.rows(text) == [{"rolesforsearch": "1001", "giveaccess": "T"}]
    ns.control("POST", "/assign", {"employee": "Ivo Larch", "roles": ["Sales Clerk", "1001"]})
    assert ns.rows(text) == [{"rolesforsearch": "1002, 1001", "giveaccess": "T"}]
    assert ns.rows(held) == [
        {"role": "1001", "name": "Purchasing Approver"},
        {"role": "1002", "name": "Sales Clerk"},
    ]
    ns.control("POST", "/assign", {"employee": "2", "roles": []})
    assert (ns.rows(text), ns.rows(held)) == ([{"giveaccess": "F"}], [])
    ns.control("DELETE", "/records/employee/3", {})
    assert ns.rows("SELECT role FROM employeerolesforsearch WHERE entity = 3") == []


def test_roles_are_told_to_whoever_has_the_permission(ns: Served) -> None:
    answers = [ns.query(f"{SELECT} role FROM {table}") for table in ("rolepermissions", "employeerolesforsearch")]
    assert [answer.status_code for answer in answers] == [200, 200]
    others = ["REST Web Services", "SuiteAnalytics Workbook", "Log in using OAuth 2.0 Access Tokens"]
    ns.control("POST", "/roles", {"role": "Bridge", "features": others})
    for table in ("role", "rolepermissions", "employeerolesforsearch"):
        assert f"Record '{table}' was not found." in ns.query(f"{SELECT} COUNT(*) FROM {table}").text


def test_an_administrator_may_have_no_rows(ns: Served) -> None:
    text = "SELECT COUNT(*) AS n FROM rolepermissions WHERE role = 3 AND permlevel = 4"
    assert int(ns.rows(text)[0]["n"]) > 20
    ns.switch(administrator_permissions="absent")
    assert ns.rows(text) == [{"n": "0"}]


@pytest.mark.parametrize(
    ("feature", "path"),
    [("REST Web Services", "/services/rest/system/v1/serverTime"), ("SuiteAnalytics Workbook", SUITEQL)],
)
def test_each_way_in_needs_its_permission(ns: Served, feature: str, path: str) -> None:
    others = ["Log in using Access Tokens", "REST Web Services", "SuiteAnalytics Workbook"]
    ns.control("POST", "/roles", {"role": "Bridge", "features": [one for one in others if one != feature]})
    method = "POST" if path == SUITEQL else "GET"
    assert detail(ns.call(method, path, user="integration")) == (403, "INSUFFICIENT_PERMISSION")


def test_a_role_without_access_tokens_cannot_log_in(ns: Served) -> None:
    ns.control("POST", "/roles", {"role": "Bridge", "features": ["REST Web Services"]})
    assert ns.call("GET", "/customer/11", user="integration").status_code == 401


def test_rights_change_while_somebody_works(ns: Served) -> None:
    assert ns.call("GET", "/vendor/21").status_code == 200
    ns.control("POST", "/roles", {"role": "Bridge", "levels": {"vendor": "none"}, "subsidiaries": [2]})
    assert ns.call("GET", "/vendor/21").status_code == 403
    assert [r["tranid"] for r in ns.rows("SELECT tranid FROM transaction")] == ["SO-1043"]
    ns.control("POST", "/roles", {"role": "Bridge", "admin": True})
    assert ns.call("GET", "/vendor/21").status_code == 200
