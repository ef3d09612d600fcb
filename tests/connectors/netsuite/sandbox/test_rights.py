"""What a role may read and write, on each way in."""

from __future__ import annotations

import pytest

from tests.connectors.netsuite.sandbox.served import SUITEQL, Served, detail


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
