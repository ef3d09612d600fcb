"""SuiteQL: what may be asked, how it is answered, and how it is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.netsuite.sandbox.served import SELECT, SUITEQL, Served, detail

STAMPED = "TO_CHAR(lastmodifieddate, 'YYYY-MM-DD\"T\"HH24:MI:SS')"
LINES = """
    SELECT t.tranid, l.linesequencenumber AS line, i.itemid, l.quantity, BUILTIN.DF(l.units) AS units
    FROM transaction t
    JOIN transactionline l ON l.transaction = t.id
    LEFT JOIN item i ON i.id = l.item
    WHERE t.type = 'SalesOrd' AND l.mainline = 'F'
    ORDER BY t.id, l.id
"""


def test_a_page_has_the_vendors_envelope(ns: Served) -> None:
    page = ns.query("SELECT id, tranid FROM transaction ORDER BY id", limit=3, offset=3).json()
    assert {k: page[k] for k in ("count", "offset", "hasMore", "totalResults")} == {
        "count": 3,
        "offset": 3,
        "hasMore": True,
        "totalResults": 8,
    }
    assert page["items"][0] == {"links": [], "id": "1004", "tranid": "INV-1041"}
    rels = {link["rel"]: link["href"].partition("?")[2] for link in page["links"]}
    assert rels == {
        "prev": "limit=3&offset=0",
        "first": "limit=3&offset=0",
        "next": "limit=3&offset=6",
        "last": "limit=3&offset=6",
        "self": "limit=3&offset=3",
    }


def test_links_lead_through_all_pages(ns: Served) -> None:
    seen: list[str] = []
    path = f"{SUITEQL}?limit=3"
    while path:
        body = {"q": "SELECT id FROM transaction ORDER BY id"}
        page = ns.call("POST", path, json=body, headers={"Prefer": "transient"}).json()
        seen += [item["id"] for item in page["items"]]
        path = next((link["href"].removeprefix(ns.base) for link in page["links"] if link["rel"] == "next"), "")
    assert seen == [str(n) for n in range(1001, 1009)]


@pytest.mark.parametrize(
    ("paging", "parameter"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 1001}, "limit"),
        ({"limit": 10, "offset": 5}, "offset"),
        ({"limit": 1, "offset": 1000}, "offset"),
        ({"limit": 10, "offset": 10}, "offset"),
    ],
)
def test_a_page_that_cannot_be_is_refused(ns: Served, paging: dict[str, int], parameter: str) -> None:
    answer = ns.query("SELECT id FROM transaction", limit=paging["limit"], offset=paging.get("offset", 0))
    assert detail(answer) == (400, "INVALID_PARAMETER")
    assert answer.json()["o:errorDetails"][0]["o:errorQueryParam"] == parameter


def test_without_prefer_transient_nothing_runs(ns: Served) -> None:
    answer = ns.call("POST", SUITEQL, json={"q": "SELECT id FROM item"})
    assert detail(answer) == (400, "INVALID_HEADER")
    assert answer.json()["o:errorDetails"][0]["o:errorHeader"] == "Prefer"
    assert answer.headers["Content-Type"] == "application/vnd.oracle.resource+json; type=error"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("SELECT id FROM nowhere", "Invalid search type: nowhere."),
        ("SELECT colour FROM item", "Unknown identifier 'colour'. Available identifiers are: {item=item}"),
        ("SELECT c.x FROM customer c", "Unknown identifier 'x'. Available identifiers are: {c=customer}"),
        ("SELECT z.id FROM customer c", "Unknown identifier 'z'."),
        ("SELECT id FROM transaction t JOIN customer c ON c.id = t.entity", "Column 'id' is ambiguous."),
        ("SELECT FROM item", "Invalid or unsupported search."),
        ("SELECT id FROM item WHERE", "Invalid or unsupported search."),
        ("SELECT id FROM item WHERE id = 'abc'", "Invalid number 'abc'."),
        ("SELECT id FROM item WHERE lastmodifieddate > '2026-01-01'", "Invalid date value '2026-01-01'."),
        ("SELECT id FROM item WHERE lastmodifieddate > TO_DATE('1/1', 'YYYY-MM-DD')", "'1/1' is not written as"),
        ("SELECT id FROM transaction WHERE lastmodifieddate = trandate", "Invalid or unsupported search."),
        ("SELECT id FROM item WHERE COUNT(*) > 1", "Invalid or unsupported search."),
        ("SELECT id, COUNT(*) FROM item", "Invalid or unsupported search."),
        ("SELECT type, memo FROM transaction GROUP BY type", "Invalid or unsupported search."),
        ("UPDATE item SET id = 1", "Invalid or unsupported search."),
    ],
)
def test_a_query_that_cannot_run_says_why(ns: Served, text: str, says: str) -> None:
    answer = ns.query(text)
    assert detail(answer) == (400, "INVALID_PARAMETER")
    told = answer.json()["o:errorDetails"][0]
    assert told["o:errorQueryParam"] == "q"
    assert told["detail"].startswith("Invalid search query. Detailed unprocessed description follows. ")
    assert says in told["detail"]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id FROM item UNION SELECT id FROM customer",
        "SELECT id FROM item WHERE ROWNUM < 3",
        "SELECT id FROM item WHERE id IN (SELECT item FROM transactionline)",
        "SELECT foreigntotal * 2 FROM transaction",
        "SELECT REGEXP_SUBSTR(tranid, 'x') FROM transaction",
        "SELECT CASE WHEN id = 1 THEN 1 END FROM item",
        "SELECT x FROM (SELECT id AS x FROM item)",
        "SELECT TO_CHAR(foreigntotal, '999.00') FROM transaction",
        "SELECT id FROM transaction WHERE trandate > TO_DATE(memo, 'YYYY')",
    ],
)
def test_what_the_vendor_knows_and_the_twin_does_not_is_never_answered_wrongly(ns: Served, text: str) -> None:
    assert detail(ns.query(text)) == (501, "SANDBOX_UNSUPPORTED")


def test_lines_are_joined_with_their_units(ns: Served) -> None:
    ns.switch(line_signs="positive")
    assert ns.rows(LINES) == [
        {"tranid": "SO-1041", "line": "1", "itemid": "TS-20", "quantity": "1200", "units": "Box"},
        {"tranid": "SO-1041", "line": "2", "itemid": "GW-4", "quantity": "2", "units": "Each"},
        {"tranid": "SO-1042", "line": "1", "itemid": "CB-100", "quantity": "1250.5", "units": "Metre"},
        {"tranid": "SO-1043", "line": "1", "itemid": "TS-20", "quantity": "432", "units": "Case"},
    ]


def test_a_unit_tells_how_many_base_units_it_is(ns: Served) -> None:
    rows = ns.rows(
        "SELECT u.unitname, u.conversionrate, u.baseunit FROM item i JOIN unitstypeuom u ON u.unitstype = i.unitstype"
        " WHERE i.itemid = 'TS-20' ORDER BY u.conversionrate"
    )
    assert [(r["unitname"], r["conversionrate"], r["baseunit"]) for r in rows] == [
        ("Each", "1", "T"),
        ("Box", "12", "F"),
        ("Case", "144", "F"),
    ]


def test_amounts_have_a_currency_a_rate_and_a_base_amount(ns: Served) -> None:
    rows = ns.rows(
        "SELECT t.foreigntotal, t.exchangerate, c.symbol, BUILTIN.DF(t.currency) AS name, l.netamount"
        " FROM transaction t JOIN currency c ON c.id = t.currency"
        " JOIN transactionline l ON l.transaction = t.id AND l.mainline = 'T' WHERE t.tranid = 'SO-1042'"
    )
    assert rows == [
        {"foreigntotal": "1500.6", "exchangerate": "7.8", "symbol": "USD", "name": "US Dollar", "netamount": "11704.68"}
    ]


@pytest.mark.parametrize(
    ("where", "numbers"),
    [
        ("type = 'PurchOrd' AND approvalstatus = 1", ["PO-1041", "PO-1042"]),
        ("id IN (1001, '1004')", ["SO-1041", "INV-1041"]),
        ("id NOT IN (1001, 1002, 1003, 1005, 1006, 1007, 1008)", ["INV-1041"]),
        ("id BETWEEN 1002 AND 1003", ["SO-1042", "SO-1043"]),
        ("memo IS NOT NULL AND memo LIKE 'Cold%'", ["SO-1041"]),
        ("(id = 1001 OR id = 1002) AND NOT memo IS NULL", ["SO-1041"]),
        ("id = 1001 OR id = 1002 AND memo IS NOT NULL", ["SO-1041"]),
        ("BUILTIN.DF(entity) = 'Alloy Yard' AND BUILTIN.CF(status) = 'PurchOrd:B'", ["PO-1043"]),
        ("UPPER(memo) = 'URGENT'", ["PO-1042"]),
        ("memo = 'urgent' OR memo LIKE 'urg%' OR memo LIKE 'cold%'", []),
        ("id > 99999999999999999999 OR id = 1001 -- a comment", ["SO-1041"]),
        ("custbody_priority = 'High'", ["SO-1042"]),
        ("foreigntotal >= 32810 AND foreigntotal <= 33000", ["SO-1043", "PO-1041"]),
        ("NVL(memo, 'x') = 'x' AND type <> 'SalesOrd' AND tranid != 'INV-1041'", ["PO-1041", "PO-1043", "BILL-1041"]),
    ],
)
def test_conditions(ns: Served, where: str, numbers: list[str]) -> None:
    rows = ns.transactions("tranid", f"WHERE {where}\nORDER BY id;")
    assert [row["tranid"] for row in rows] == numbers


def test_bound_parameters_stand_for_values_and_have_to_be_as_many(ns: Served) -> None:
    text = "SELECT tranid FROM transaction WHERE id BETWEEN ? AND ? AND type = ? ORDER BY id DESC"
    assert [r["tranid"] for r in ns.rows(text, "1001", 1003, "SalesOrd")] == ["SO-1043", "SO-1042", "SO-1041"]
    hostile = ns.rows("SELECT id FROM customer WHERE companyname = ?", "x' OR '1'='1")
    assert hostile == []
    assert detail(ns.query(text, "1001")) == (400, "INVALID_PARAMETER")


def test_groups_counts_and_places(ns: Served) -> None:
    rows = ns.rows(
        "SELECT type, COUNT(*) AS count, MAX(foreigntotal) FROM transaction GROUP BY type ORDER BY 2 DESC, 1"
    )
    assert rows[0] == {"type": "PurchOrd", "count": "3", "expr3": "32810"}
    assert [row["count"] for row in rows] == ["3", "3", "1", "1"]
    assert ns.rows("SELECT COUNT(DISTINCT entity) AS n FROM transaction") == [{"n": "5"}]
    assert len(ns.rows("SELECT DISTINCT entity FROM transaction")) == 5
    assert len(ns.rows("SELECT id FROM transaction ORDER BY id FETCH FIRST 2 ROWS ONLY")) == 2


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("CONCAT(memo, ' !')", "Cold room 4 !"),
        ("CONCAT(otherrefnum, 'none')", "none"),
        ("COALESCE(otherrefnum, memo)", "Cold room 4"),
        ("LOWER(memo)", "cold room 4"),
        ("TRIM(' x ')", "x"),
        ("TO_NUMBER('12.50')", "12.5"),
        ("NVL(foreigntotal, 1)", "105000"),
        ("TO_CHAR(id)", "1001"),
        ("TO_CHAR(trandate)", "11/20/2026"),
        ("TO_CHAR(trandate, 'DD-MON-YYYY')", "20-NOV-2026"),
        ("TO_CHAR(lastmodifieddate, 'HH:MI AM')", "01:30 AM"),
        ("TO_CHAR(TO_DATE('1/31/2026 11:05 pm', 'MM/DD/YYYY HH:MI AM'), 'HH24:MI')", "23:05"),
        ("BUILTIN.DF(approvalstatus)", "Pending Approval"),
        ("BUILTIN.DF(tranid)", "SO-1041"),
        ("BUILTIN.CF(type)", "SalesOrd"),
        ("BUILTIN.CF(status)", "SalesOrd:A"),
        ("'it''s'", "it's"),
        ("-5", "-5"),
    ],
)
def test_functions(ns: Served, expression: str, value: str) -> None:
    body = {"values": {"tranDate": "2026-11-20"}, "stamp": "2026-11-20T17:30:15Z"}
    ns.control("PATCH", "/records/salesOrder/1001", body)
    assert ns.transactions(f"{expression} AS x", "WHERE id = 1001") == [{"x": value}]


def test_flags_are_read_as_words(ns: Served) -> None:
    rows = ns.rows("SELECT BUILTIN.DF(isbasecurrency) AS base FROM currency ORDER BY id")
    assert [row["base"] for row in rows] == ["Yes", "No", "No"]


@pytest.mark.parametrize(
    "expression",
    ["TO_CHAR()", "BUILTIN.DF('x')", "BUILTIN.DF(id, memo)", "TO_CHAR(trandate, memo)", "a.b.c", "COUNT("],
)
def test_functions_that_are_used_wrongly_are_refused(ns: Served, expression: str) -> None:
    assert detail(ns.query(f"{SELECT} {expression} FROM transaction")) == (400, "INVALID_PARAMETER")


def test_empty_values_come_last_and_may_come_first(ns: Served) -> None:
    memos = [row.get("memo") for row in ns.transactions("memo", "ORDER BY memo, id")]
    first = [row.get("memo") for row in ns.transactions("memo", "ORDER BY memo NULLS FIRST, id")]
    down = [row.get("memo") for row in ns.transactions("memo", "ORDER BY memo DESC NULLS LAST, id")]
    assert (memos[:3], first[-2:], down[:2]) == (
        ["Cold room 4", "Urgent", None],
        ["Cold room 4", "Urgent"],
        ["Urgent", "Cold room 4"],
    )


def test_times_are_the_users_and_a_bare_one_loses_its_hours(ns: Served) -> None:
    stamp = "2026-11-20T17:30:15Z"
    ns.control("PATCH", "/records/salesOrder/1001", {"values": {"memo": "x"}, "stamp": stamp})
    ns.settings(company_zone="America/New_York")
    row = ns.transactions(f"lastmodifieddate, {STAMPED} AS at", "WHERE id = 1001")[0]
    assert row == {"lastmodifieddate": "11/20/2026", "at": "2026-11-20T12:30:15"}
    ns.settings(company_zone="Asia/Hong_Kong", date_format="DD.MM.YYYY")
    row = ns.transactions(f"lastmodifieddate, {STAMPED} AS at", "WHERE id = 1001")[0]
    assert row == {"lastmodifieddate": "21.11.2026", "at": "2026-11-21T01:30:15"}


@pytest.mark.parametrize(
    ("condition", "given", "found"),
    [
        ("> TO_TIMESTAMP(?, 'YYYY-MM-DD HH24:MI:SS')", "2026-11-21 01:30:14", True),
        ("> TO_TIMESTAMP(?, 'YYYY-MM-DD HH24:MI:SS')", "2026-11-21 01:30:15", False),
        ("= TO_DATE(?, 'YYYY-MM-DD HH24:MI:SS')", "2026-11-21 01:30:15", True),
        (">= TO_TIMESTAMP_TZ(?, 'YYYY-MM-DD\"T\"HH24:MI:SSTZH:TZM')", "2026-11-20T17:30:15+00:00", True),
        (">= TO_TIMESTAMP_TZ(?, 'YYYY-MM-DD\"T\"HH24:MI:SSTZH:TZM')", "2026-11-20T12:30:16-05:00", False),
        (">= ?", "11/21/2026", True),
        (">= ?", "11/22/2026", False),
        ("<= SYSDATE AND id > ?", "1000", True),
    ],
)
def test_times_are_compared_in_the_users_zone(ns: Served, condition: str, given: str, found: bool) -> None:
    ns.control("PATCH", "/records/salesOrder/1001", {"values": {}, "stamp": "2026-11-20T17:30:15Z"})
    rows = ns.transactions("id", f"WHERE id = 1001 AND lastmodifieddate {condition}", given)
    assert bool(rows) is found


def test_a_day_is_moved_by_no_zone(ns: Served) -> None:
    ns.control("PATCH", "/records/salesOrder/1001", {"values": {"tranDate": "2026-11-20"}})
    ns.settings(company_zone="America/Los_Angeles")
    on_the_day = "trandate = TO_DATE('2026-11-20', 'YYYY-MM-DD')"
    rows = ns.transactions("trandate, TO_CHAR(trandate, 'YYYY-MM-DD') AS day", f"WHERE {on_the_day}")
    assert rows == [{"trandate": "11/20/2026", "day": "2026-11-20"}]
    assert ns.rows("SELECT id FROM transaction WHERE trandate = '11/20/2026'") == [{"id": "1001"}]


def test_a_star_brings_every_column_and_leaves_empty_ones_out(ns: Served) -> None:
    row = ns.rows("SELECT * FROM customer WHERE id = 11")[0]
    assert row["companyname"] == "Lotus Foods"
    assert row["isinactive"] == "F"
    assert "phone" not in row
    both = ns.rows("SELECT t.*, c.symbol FROM transaction t, currency c WHERE c.id = t.currency AND t.id = 1002")[0]
    assert (both["tranid"], both["symbol"]) == ("SO-1042", "USD")


def test_a_body_that_is_no_query_is_refused(ns: Served) -> None:
    bodies: list[Any] = [{}, {"q": ""}, {"q": 1}, [], {"q": "SELECT id FROM item", "params": "x"}]
    wrong: list[Any] = [True, {}, []]
    bodies += [{"q": "SELECT id FROM item WHERE id = ?", "params": [one]} for one in wrong]
    got = [ns.call("POST", SUITEQL, json=b, headers={"Prefer": "transient"}).status_code for b in bodies]
    broken = ns.call("POST", SUITEQL, data=b"{", headers={"Prefer": "transient"})
    assert got == [400] * 8
    assert detail(broken) == (400, "INVALID_CONTENT")


def test_deleted_records_are_a_table(ns: Served) -> None:
    ns.control("DELETE", "/records/invoice/1004", {"user": "Orla Quince", "stamp": "2026-11-20T17:30:15Z"})
    rows = ns.rows(
        "SELECT type, recordid, name, context, BUILTIN.DF(deletedby) AS who,"
        " TO_CHAR(deleteddate, 'YYYY-MM-DD HH24:MI:SS') AS at FROM deletedrecord ORDER BY deleteddate, recordid"
    )
    assert rows == [
        {
            "type": "invoice",
            "recordid": "1004",
            "name": "Invoice #INV-1041",
            "context": "userinterface",
            "who": "Orla Quince",
            "at": "2026-11-21 01:30:15",
        }
    ]
    assert ns.rows("SELECT id FROM transaction WHERE id = 1004") == []
    assert ns.rows("SELECT id FROM transactionline WHERE transaction = 1004") == []
