"""A module that queries do not take is read by the list of records."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.contract import Misconfigured, Ref
from tests.connectors.zoho.parts import DEALS, NOW, Desk, client, drained
from tests.connectors.zoho.table import at, ids
from tests.connectors.zoho.vendor import Said, Vendor, error, payload, rows

KINDS = {"Deals": {**DEALS, "reading": "list", "deletions": False}}


def row(number: int, stamp: int = 1) -> dict[str, Any]:
    found: dict[str, Any] = payload("list__deal")["data"][0]
    return found | {"id": str(number), "Modified_Time": at(stamp)}


def test_a_round_goes_on_at_the_page_token(vendor: Vendor, desk: Desk) -> None:
    vendor.on(
        "GET",
        "Deals",
        rows(row(1), more=True, next_page_token="t1"),
        rows(row(2), more=True, next_page_token="t2"),
        rows(row(3), next_page_token=None),
    )
    pages = drained(client(vendor, desk, kinds=KINDS), "Deals")
    assert [ids(page.records) for page in pages] == [["1"], ["2"], ["3"]]
    first, second, third = (one.params for one in vendor.calls("Deals"))
    assert first["page"] == "1"
    assert (second["page_token"], third["page_token"]) == ("t1", "t2")
    assert "page" not in second
    assert (first["sort_by"], first["sort_order"]) == ("Modified_Time", "asc")
    assert first["per_page"] == "200"
    assert first["approved"] == first["converted"] == "both"
    assert set(first["fields"].split(",")) == {
        *("id", "Modified_Time", "Modified_By", "Deal_Name", "Currency"),
        *DEALS["fields"],
    }
    assert pages[0].records[0].fields["Account_Name"] == Ref("Accounts", "554023000000512009", "Peak Logistics")


def test_a_later_round_asks_for_what_changed_since(vendor: Vendor, desk: Desk) -> None:
    vendor.on("GET", "Deals", rows(row(1)), Said(304))
    made = client(vendor, desk, kinds=KINDS)
    cursor = drained(made, "Deals")[-1].cursor
    assert "if-modified-since" not in vendor.calls("Deals")[0].headers
    desk.later(minutes=1)
    page = made.pull("Deals", cursor)
    assert page.records == ()
    assert not page.more
    since = NOW - timedelta(minutes=6, seconds=1)
    assert vendor.calls("Deals")[-1].headers["if-modified-since"] == since.isoformat()
    assert len(vendor.calls("Deals")) == 2


@pytest.mark.parametrize("code", ["EXPIRED_VALUE", "TOKEN_BOUND_DATA_MISMATCH"])
def test_a_page_token_that_has_ended_is_no_loss(vendor: Vendor, desk: Desk, code: str) -> None:
    vendor.on(
        "GET",
        "Deals",
        rows(row(1, 1), row(2, 5), more=True, next_page_token="t1"),
        error(code, api_name="page_token"),
        rows(row(2, 5), row(3, 5)),
    )
    made = client(vendor, desk, kinds=KINDS)
    cursor = made.pull("Deals", None).cursor
    desk.later(hours=30)
    page = made.pull("Deals", cursor)
    assert ids(page.records) == ["2", "3"]
    assert not page.more
    assert vendor.calls("Deals")[-1].headers["if-modified-since"] == "2026-03-01T08:00:04+00:00"


def test_without_token_pages_go_on_to_the_end_of_the_list_and_then_from_the_last_row(
    vendor: Vendor, desk: Desk
) -> None:
    answers = [rows(row(number, number), more=True) for number in range(1, 11)]
    vendor.on("GET", "Deals", *answers, rows(row(10, 10), row(11, 11)))
    pages = drained(client(vendor, desk, kinds=KINDS), "Deals")
    assert [one.params["page"] for one in vendor.calls("Deals")] == [*map(str, range(1, 11)), "1"]
    assert ids(pages[-1].records) == ["10", "11"]
    assert vendor.calls("Deals")[-1].headers["if-modified-since"] == "2026-03-01T08:00:09+00:00"


def test_more_rows_of_one_second_than_the_list_shows_is_said(vendor: Vendor, desk: Desk) -> None:
    vendor.on("GET", "Deals", rows(row(1, 5), more=True))
    with pytest.raises(Misconfigured, match="reading: query"):
        drained(client(vendor, desk, kinds=KINDS), "Deals")
    assert len(vendor.calls("Deals")) <= 21


def test_what_only_queries_reach_cannot_be_listed(vendor: Vendor, desk: Desk) -> None:
    kinds = {"Deals": {"fields": ["Account_Name.Industry"], "number": "Deal_Name", "reading": "list"}}
    with pytest.raises(Misconfigured, match=r"Account_Name\.Industry"):
        client(vendor, desk, kinds=kinds).pull("Deals", None)
    fields = {"fields": [{"api_name": f"F{n}", "data_type": "text"} for n in range(60)]}
    fields["fields"] += payload("fields__deals")["fields"]
    vendor.on("GET", "settings/fields", Said(200, fields))
    kinds = {"Deals": {"fields": [f"F{n}" for n in range(50)], "number": "Deal_Name", "reading": "list"}}
    with pytest.raises(Misconfigured, match="50"):
        client(vendor, desk, kinds=kinds).pull("Deals", None)
