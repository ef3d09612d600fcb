from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.contract import Refused
from tests.connectors.zoho.parts import DEAL, DEALS, NOW, VERSION, Desk, client
from tests.connectors.zoho.table import EARLY, Table, ids
from tests.connectors.zoho.vendor import Said, Vendor, payload, rows


def test_records_come_in_the_order_of_their_ids_each_once(vendor: Vendor, desk: Desk) -> None:
    row = payload("query__deal")["data"][0]
    vendor.on("POST", "coql", rows(row | {"id": "2"}, row | {"id": "1"}))
    assert ids(client(vendor, desk).read("Deals", ["1", "2", "1"])) == ["1", "2"]
    assert vendor.calls("coql")[0].query.endswith("where id in ('1', '2') limit 2")


def test_what_is_gone_is_deleted_and_what_waits_for_approval_is_not(vendor: Vendor, desk: Desk) -> None:
    vendor.on("POST", "coql", Said(204))
    vendor.on("GET", "Deals", Said(200, payload("list__deal")))
    found = client(vendor, desk).read("Deals", [DEAL, "404"])
    assert [(one.id, one.deleted) for one in found] == [(DEAL, False), ("404", True)]
    asked = vendor.calls("Deals")[0].params
    assert asked["ids"] == f"{DEAL},404"
    assert asked["approved"] == "both"


def test_nothing_asked_costs_nothing(vendor: Vendor, desk: Desk) -> None:
    assert client(vendor, desk).read("Deals", []) == []
    assert vendor.asked == []


def test_hundreds_are_asked_for_by_the_hundred(vendor: Vendor, desk: Desk) -> None:
    row = payload("query__deal")["data"][0]
    wanted = [str(number) for number in range(1, 251)]
    parts = [wanted[:100], wanted[100:200], wanted[200:]]
    vendor.on("POST", "coql", *[rows(*(row | {"id": each} for each in part)) for part in parts])
    assert ids(client(vendor, desk).read("Deals", wanted)) == wanted
    assert len(vendor.calls("coql")) == 3


@pytest.mark.parametrize("wrong", ["1' or '1'='1", "", "abc", "1" * 21, "-1"])
def test_what_is_no_id_never_enters_a_query(vendor: Vendor, desk: Desk, wrong: str) -> None:
    with pytest.raises(Refused):
        client(vendor, desk).read("Deals", [wrong])
    assert vendor.asked == []


def test_a_module_read_by_list_is_read_by_list(vendor: Vendor, desk: Desk) -> None:
    vendor.on("GET", "Deals", Said(200, payload("list__deal")))
    made = client(vendor, desk, kinds={"Deals": {**DEALS, "reading": "list"}})
    assert made.read("Deals", [DEAL])[0].version == VERSION
    assert vendor.calls("coql") == []


def test_versions_of_a_stretch_of_time_are_listed_in_pages(vendor: Vendor, desk: Desk) -> None:
    table = Table([(number // 5, number, {}) for number in range(1, 50)])
    vendor.on("POST", "coql", table)
    made = client(vendor, desk, page_size=10)
    since, until = EARLY + timedelta(seconds=2), EARLY + timedelta(seconds=8)
    found = list(made.versions("Deals", since, until))
    assert [each for each, _ in found] == [str(number) for number in range(10, 40)]
    assert found[0][1] == "2026-03-01T08:00:02+00:00"
    assert len(table.asked) == 4
    assert "select id, Modified_Time from Deals" in table.asked[0]
    assert list(made.versions("Deals", NOW, NOW)) == []
    assert list(made.versions("Deals", datetime(2030, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC))) == []


def test_the_listed_version_is_the_records(vendor: Vendor, desk: Desk) -> None:
    row = payload("query__deal")["data"][0]
    vendor.on("POST", "coql", rows(row))
    made = client(vendor, desk)
    assert list(made.versions("Deals", EARLY, NOW)) == [(DEAL, made.read("Deals", [DEAL])[0].version)]
