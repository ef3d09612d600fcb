"""A hundred thousand records are made and read in seconds."""

from __future__ import annotations

import time

from tests.connectors.zoho.sandbox.served import Served, query

START = "2026-03-01T08:00:00+08:00"
MANY = 100_000
PATIENCE_S = 20.0


def test_a_hundred_thousand_records_are_walked_both_ways(crm: Served) -> None:
    began = time.monotonic()
    values = {"Subject": "Task {n}", "Status": "Not Started"}
    crm.control("POST", "/seed/Tasks", {"count": MANY, "start": START, "per_second": 50, "values": values})
    assert time.monotonic() - began < PATIENCE_S
    began, after, last, count = time.monotonic(), START, "0", 0
    for _ in range(10):
        where = f"((Modified_Time = '{after}' and id > '{last}') or Modified_Time > '{after}')"
        rows = crm.coql(query("Modified_Time", f"Tasks where {where} order by Modified_Time, id limit 2000")).json()
        count += len(rows["data"])
        after, last = rows["data"][-1]["Modified_Time"], rows["data"][-1]["id"]
    token: dict[str, str] = {}
    for _ in range(20):
        page = crm.listed("Tasks", sort_by="Modified_Time", sort_order="asc", **token).json()
        token = {"page_token": page["info"]["next_page_token"]}
        count += page["info"]["count"]
    assert count == 24_000
    assert time.monotonic() - began < PATIENCE_S
