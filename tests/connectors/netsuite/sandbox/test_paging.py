"""What goes wrong while somebody reads page after page."""

from __future__ import annotations

import time

import pytest

from tests.connectors.netsuite.sandbox.served import Served, detail

STAMP = "2026-11-18T02:00:00Z"
LOCAL = "2026-11-18 10:00:00"
KEYSET = """
    SELECT id, TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS at FROM transaction
    WHERE lastmodifieddate > TO_TIMESTAMP(?, 'YYYY-MM-DD HH24:MI:SS')
       OR (lastmodifieddate = TO_TIMESTAMP(?, 'YYYY-MM-DD HH24:MI:SS') AND id > ?)
    ORDER BY lastmodifieddate, id
"""


def by_key(ns: Served, limit: int = 1000) -> list[str]:
    seen: list[str] = []
    at, last = "2026-11-17 00:00:00", "0"
    while rows := ns.rows(KEYSET, at, at, last, limit=limit):
        at, last = rows[-1]["at"], rows[-1]["id"]
        seen += [row["id"] for row in rows]
    return seen


def test_thousands_of_rows_with_one_stamp_are_found_by_key_each_once(ns: Served) -> None:
    first = ns.control("POST", "/seed", {"type": "salesOrder", "count": 2500, "stamp": STAMP})["first"]
    assert by_key(ns) == [str(first + n) for n in range(2500)]


def test_offsets_without_a_whole_order_miss_and_repeat_rows(ns: Served) -> None:
    ns.control("POST", "/seed", {"type": "salesOrder", "count": 2500, "stamp": STAMP})
    text = "SELECT id FROM transaction WHERE tranid LIKE 'S-%' ORDER BY lastmodifieddate"
    seen = [r["id"] for offset in (0, 1000, 2000) for r in ns.rows(text, limit=1000, offset=offset)]
    whole = [r["id"] for o in (0, 1000, 2000) for r in ns.rows(text + ", id", limit=1000, offset=o)]
    assert (len(seen), len(whole)) == (2500, 2500)
    assert len(set(seen)) < 2500
    assert len(set(whole)) == 2500
    ns.settings(shuffle_ties=False)
    calm = [r["id"] for offset in (0, 1000, 2000) for r in ns.rows(text, limit=1000, offset=offset)]
    assert len(set(calm)) == 2500


def test_a_change_between_pages_moves_what_an_offset_counts(ns: Served) -> None:
    text = "SELECT tranid FROM transaction ORDER BY lastmodifieddate, id"
    first = [r["tranid"] for r in ns.rows(text, limit=4, offset=0)]
    ns.control("PATCH", "/records/salesOrder/1001", {"values": {"memo": "changed"}})
    second = [r["tranid"] for r in ns.rows(text, limit=4, offset=4)]
    assert first == ["SO-1041", "SO-1042", "SO-1043", "INV-1041"]
    # the row that nobody touched and nobody sees
    assert "PO-1041" not in first + second
    assert second[-1] == "SO-1041"


def test_a_late_commit_shows_a_stamp_that_lies_behind(ns: Served) -> None:
    opened = ns.control("POST", "/transactions")["id"]
    late = {"values": {"memo": "late"}, "transaction": opened, "stamp": "2026-11-18T01:59:58Z"}
    ns.control("PATCH", "/records/salesOrder/1002", late)
    ns.control("PATCH", "/records/salesOrder/1003", {"values": {"memo": "now"}, "stamp": STAMP})
    new = {"values": {"entity": {"id": "11"}}, "transaction": opened, "stamp": "2026-11-18T01:59:59Z"}
    made = ns.control("POST", "/records/salesOrder", new)["ids"][0]
    assert by_key(ns) == ["1003"]
    assert ns.call("GET", f"/salesOrder/{made}").status_code == 404
    assert ns.control("POST", f"/transactions/{opened}/commit")["writes"] == 2
    assert by_key(ns) == ["1002", str(made), "1003"]
    after = ns.rows(KEYSET, LOCAL, LOCAL, "1003")
    assert after == []


@pytest.mark.parametrize(
    ("order", "after"),
    [
        ({"remove": True}, None),
        ({"name": "custbody_urgency"}, "custbody_urgency"),
    ],
)
def test_a_field_that_goes_away_between_pages_refuses_the_next(
    ns: Served, order: dict[str, object], after: str | None
) -> None:
    text = "SELECT id, custbody_priority FROM transaction ORDER BY id"
    assert ns.rows(text, limit=4, offset=0)[1]["custbody_priority"] == "High"
    ns.control("POST", "/schema", {"table": "transaction", "field": "custbody_priority", **order})
    answer = ns.query(text, limit=4, offset=4)
    assert detail(answer) == (400, "INVALID_PARAMETER")
    assert "Unknown identifier 'custbody_priority'" in answer.json()["o:errorDetails"][0]["detail"]
    record = ns.call("GET", "/salesOrder/1002").json()
    assert record.get(after or "custbody_priority") == ("High" if after else None)


def test_a_field_that_is_hidden_between_pages_refuses_the_next(ns: Served) -> None:
    text = "SELECT id, creditlimit FROM customer ORDER BY id"
    assert ns.rows(text, limit=1, offset=0)[0]["creditlimit"] == "250000"
    ns.control("POST", "/hide", {"role": "Bridge", "table": "customer", "field": "creditlimit"})
    assert "Unknown identifier" in ns.query(text, limit=1, offset=1).text
    assert "creditLimit" not in ns.call("GET", "/customer/11").json()
    assert ns.query(text, user="administrator", limit=1, offset=1).status_code == 200
    ns.control("POST", "/hide", {"role": "Bridge", "table": "customer", "field": "creditlimit", "hidden": False})
    assert ns.query(text, limit=1, offset=1).status_code == 200


def test_a_field_that_gets_another_type_changes_its_values(ns: Served) -> None:
    ns.control("POST", "/schema", {"table": "customer", "field": "creditlimit", "type": "text"})
    assert ns.rows("SELECT creditlimit FROM customer WHERE creditlimit = '250000'") == [{"creditlimit": "250000"}]
    assert ns.call("GET", "/customer/11").json()["creditLimit"] == "250000"
    ns.control("POST", "/schema", {"table": "transaction", "field": "custbody_priority", "type": "number"})
    assert "custbody_priority" not in ns.rows("SELECT custbody_priority FROM transaction WHERE id = 1002")[0]


def test_there_is_a_ceiling_and_nobody_says_so(ns: Served) -> None:
    ns.settings(ceiling=6)
    page = ns.query("SELECT id FROM transaction ORDER BY id", limit=3, offset=3).json()
    assert (page["totalResults"], page["hasMore"]) == (6, False)
    assert detail(ns.query("SELECT id FROM transaction", limit=3, offset=6)) == (400, "INVALID_PARAMETER")


def test_a_hundred_thousand_rows_are_made_and_served_quickly(ns: Served) -> None:
    began = time.monotonic()
    order = {"type": "salesOrder", "count": 100_000, "stamp": STAMP, "step": 10}
    first = ns.control("POST", "/seed", order)["first"]
    made = time.monotonic() - began
    began = time.monotonic()
    last = first - 1
    for _ in range(10):
        rows = ns.rows("SELECT id FROM transaction WHERE id > ? ORDER BY id", last)
        last = int(rows[-1]["id"])
    assert last == first + 9_999
    # generous: two processors that others use too
    assert made < 30
    assert time.monotonic() - began < 15
