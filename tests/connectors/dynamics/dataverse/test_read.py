from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.contract import Misconfigured, Refused
from tests.connectors.dynamics.dataverse.parts import CASES, NOW, Desk, cases, client
from tests.connectors.dynamics.dataverse.tables import BEGIN, gid
from tests.connectors.dynamics.dataverse.vendor import Vendor

LONG_AGO, NEVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
CELLS: dict[str, Any] = {"ticketnumber": "CAS-1", "title": "Broken seal", "prioritycode": 1}


def test_many_records_are_read_in_few_calls_and_in_their_order(vendor: Vendor, desk: Desk) -> None:
    table = cases(vendor)
    ids = [table.put(number, **CELLS) for number in range(250)]
    found = client(vendor, desk).read("incident", [*reversed(ids), ids[0]])
    assert [each.id for each in found] == list(reversed(ids))
    assert len(vendor.calls("incidents")) == 3
    assert all(len(each.raw) < 16_384 for each in vendor.asked)


def test_an_id_in_another_form_is_the_same_record(vendor: Vendor, desk: Desk) -> None:
    table = cases(vendor)
    row_id = table.put(11, **CELLS)
    (found,) = client(vendor, desk).read("incident", ["{" + row_id.upper() + "}"])
    assert (found.id, getattr(found, "deleted", None)) == (row_id, False)


def test_what_is_gone_comes_back_as_deleted(vendor: Vendor, desk: Desk) -> None:
    table = cases(vendor)
    table.put(1, **CELLS)
    gone = table.drop(1)
    (found,) = client(vendor, desk).read("incident", [gone])
    assert (found.id, getattr(found, "deleted", None), getattr(found, "stamp", None)) == (gone, True, NOW)


def test_a_deletion_is_not_older_than_a_change_of_the_same_second(vendor: Vendor, desk: Desk) -> None:
    cases(vendor)
    vendor.clock = NOW + timedelta(minutes=3)
    (found,) = client(vendor, desk).read("incident", [gid(1)])
    assert getattr(found, "stamp", None) == NOW + timedelta(minutes=3, seconds=1)


@pytest.mark.parametrize("text", ["", "1", "0' or true", "accounts(1)", gid(1) + " "])
def test_what_is_no_id_is_never_sent(vendor: Vendor, desk: Desk, text: str) -> None:
    cases(vendor)
    with pytest.raises(Refused):
        client(vendor, desk).read("incident", [text])
    assert vendor.calls("incidents") == []


def test_reading_nothing_asks_for_no_row(vendor: Vendor, desk: Desk) -> None:
    cases(vendor)
    assert list(client(vendor, desk).read("incident", [])) == []
    assert vendor.calls("incidents") == []


def test_versions_are_those_of_records_and_borders_belong_to_the_later_stretch(vendor: Vendor, desk: Desk) -> None:
    table = cases(vendor)
    ids = [table.put(number, number, **CELLS) for number in range(5)]
    made = client(vendor, desk)
    border = BEGIN + timedelta(seconds=2)
    early, late = list(made.versions("incident", LONG_AGO, border)), list(made.versions("incident", border, NEVER))
    assert [row_id for row_id, _ in [*early, *late]] == ids
    assert len(early) == 2
    assert dict([*early, *late]) == {each.id: getattr(each, "version", None) for each in made.read("incident", ids)}
    assert vendor.calls("incidents")[0].params["$orderby"] == "modifiedon asc,incidentid asc"
    assert list(made.versions("incident", NEVER, NEVER)) == []


def test_versions_are_listed_along_the_links(vendor: Vendor, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.dynamics.dataverse.reading.MOST", 3)
    table = cases(vendor)
    ids = {table.put(number, 5, **CELLS) for number in range(10)}
    found = list(client(vendor, desk).versions("incident", LONG_AGO, NEVER))
    assert {row_id for row_id, _ in found} == ids
    assert len(found) == 10


def test_what_is_older_than_the_start_is_not_listed(vendor: Vendor, desk: Desk) -> None:
    table = cases(vendor)
    table.put(1, 0, **CELLS)
    young = table.put(2, 120, **CELLS)
    made = client(vendor, desk, kinds={"incident": {**CASES, "start": "2026-03-02T08:01:00Z"}})
    assert [row_id for row_id, _ in made.versions("incident", LONG_AGO, NEVER)] == [young]


def test_a_kind_that_is_not_configured_is_told(vendor: Vendor, desk: Desk) -> None:
    with pytest.raises(Misconfigured, match="not among the kinds"):
        client(vendor, desk).read("contact", [])
