from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from connectors.contract import CursorLost, Listing, Misconfigured, Refused
from connectors.dynamics.dataverse.client import Client
from connectors.dynamics.dataverse.poll import Cursor, Mode
from tests.connectors.dynamics.dataverse.parts import CASES, NOW, PIECE, USD, Desk, cases, client, drained, orders, told
from tests.connectors.dynamics.dataverse.tables import BEGIN, Table, gid
from tests.connectors.dynamics.dataverse.vendor import Said, Vendor, error, rows

CELLS = {"ticketnumber": "CAS-1", "title": "Broken seal", "prioritycode": 1, "_modifiedby_value": None}
ORDER: dict[str, Any] = {"ordernumber": "SO-1", "totalamount": 10.5, "statuscode": 1}
NOTES = 'odata.include-annotations="OData.Community.Display.V1.FormattedValue,Microsoft.Dynamics.CRM.lookuplogicalname"'


@pytest.fixture
def table(vendor: Vendor) -> Table:
    return cases(vendor)


def filled(table: Table, count: int, second: float = 0) -> list[str]:
    return [table.put(number, second, **CELLS) for number in range(1, count + 1)]


def just_now(desk: Desk) -> float:
    return (desk.now - BEGIN).total_seconds()


def small(vendor: Vendor, desk: Desk, **changes: object) -> Client:
    return client(vendor, desk, page_size=4, **changes)


def settled(vendor: Vendor, desk: Desk, table: Table) -> tuple[Client, str]:
    """A client whose first scan of ten cases is over, and its cursor; the clock is a minute later."""
    filled(table, 10)
    made = small(vendor, desk)
    cursor = drained(made, "incident")[-1].cursor
    desk.later(minutes=1)
    vendor.forget()
    return made, cursor


def test_the_first_scan_reads_everything_once_and_asks_for_a_delta_link(
    vendor: Vendor, desk: Desk, table: Table
) -> None:
    ids = filled(table, 10)
    pages = drained(small(vendor, desk), "incident")
    assert [len(page.records) for page in pages] == [4, 4, 2, 0]
    assert sorted(record.id for page in pages for record in page.records) == sorted(ids)
    asked = vendor.calls("incidents")[:3]
    assert all(each.wishes == {"odata.track-changes", "odata.maxpagesize=4", NOTES} for each in asked)
    assert set(asked[0].params) == {"$select"}
    assert Cursor.read(pages[-1].cursor).mode is Mode.DELTA


def test_a_page_of_the_first_scan_costs_one_call(vendor: Vendor, desk: Desk, table: Table) -> None:
    filled(table, 10)
    made = small(vendor, desk)
    page = made.pull("incident", None)
    vendor.forget()
    made.pull("incident", page.cursor)
    assert [each.path for each in vendor.asked] == ["/api/data/v9.2/incidents"]


def test_every_call_carries_what_the_vendor_asks_for(vendor: Vendor, desk: Desk, table: Table) -> None:
    filled(table, 5)
    drained(small(vendor, desk), "incident")
    for asked in vendor.calls("incidents"):
        assert asked.headers["odata-version"] == "4.0"
        assert asked.headers["odata-maxversion"] == "4.0"
        assert asked.headers["if-none-match"] == "null"
        assert asked.headers["accept"] == "application/json"
        assert asked.headers["authorization"] == "Bearer token-1"


def test_a_link_goes_out_as_it_came(vendor: Vendor, desk: Desk, table: Table) -> None:
    """Typed from webapi/query-data-web-api: the cookie is encoded three times over."""
    filled(table, 1)
    link = (
        "/api/data/v9.2/incidents?$select=title&$skiptoken=%3Ccookie%20pagenumber=%222%22%20pagingcookie="
        "%22%253ccookie%2520page%253d%25221%2522%253e%253cincidentid%2520last%253d%2522%257b8151925C-CDE2%257d%2522"
        "%2520%252f%253e%253c%252fcookie%253e%22%20istracking=%22True%22%20/%3E&x=%7E%2D"
    )
    vendor.on("incidents", rows(*table.rows.values(), nextLink=vendor.base + link), rows())
    made = small(vendor, desk)
    made.pull("incident", made.pull("incident", None).cursor)
    assert vendor.calls("incidents")[1].raw == link


def test_only_what_changed_is_read_afterwards(vendor: Vendor, desk: Desk, table: Table) -> None:
    made, cursor = settled(vendor, desk, table)
    table.put(3, 70, title="Seal replaced")
    new = table.put(11, 71, **CELLS)
    pages = drained(made, "incident", cursor)
    assert told(pages) == [(gid(3), False), (new, False)]
    assert pages[0].records[0].fields["title"] == "Seal replaced"
    (asked,) = vendor.calls("incidents")
    assert "$deltatoken" in asked.params
    assert set(asked.params) <= {"$select", "$deltatoken"}


def test_a_quiet_table_costs_one_call_and_tells_nothing(vendor: Vendor, desk: Desk, table: Table) -> None:
    made, cursor = settled(vendor, desk, table)
    assert told(drained(made, "incident", cursor)) == []
    assert len(vendor.asked) == 1


def test_many_changes_are_read_a_page_a_call(vendor: Vendor, desk: Desk, table: Table) -> None:
    made, cursor = settled(vendor, desk, table)
    for number in range(1, 11):
        table.put(number, 80, title="All at once")
    pages = drained(made, "incident", cursor)
    assert [len(page.records) for page in pages] == [4, 4, 2, 0]
    assert told(drained(made, "incident", pages[-1].cursor)) == []


@pytest.mark.parametrize("later", [False, True], ids=["first scan", "changes"])
def test_what_changes_while_pages_are_read_is_not_lost_wherever_the_link_begins(
    vendor: Vendor, desk: Desk, table: Table, later: bool
) -> None:
    filled(table, 10)
    made, cursor = small(vendor, desk), None
    if later:
        cursor = drained(made, "incident")[-1].cursor
        desk.later(hours=1)
        for number in range(1, 11):
            table.put(number, just_now(desk), **CELLS)
    page = made.pull("incident", cursor)
    changed = table.put(int(page.records[0].id[-12:]), just_now(desk), title="Changed meanwhile")
    seen = [page.records[0].fields["title"]]
    while page.more:
        page = made.pull("incident", page.cursor)
        seen += [record.fields["title"] for record in page.records if record.id == changed]
    assert seen[-1] == "Changed meanwhile"
    assert Cursor.read(page.cursor).mode is Mode.DELTA


def test_deletions_are_told_also_of_what_was_never_seen(vendor: Vendor, desk: Desk, table: Table) -> None:
    made, cursor = settled(vendor, desk, table)
    table.put(12, 70, **CELLS)
    gone = [table.drop(12), table.drop(3)]
    (page,) = drained(made, "incident", cursor)
    assert told([page]) == [(each, True) for each in gone]
    assert all(record.stamp == desk.now and not record.fields for record in page.records)


def test_a_deletion_is_understood_in_both_forms_of_its_id(vendor: Vendor, desk: Desk, table: Table) -> None:
    made, cursor = settled(vendor, desk, table)
    context = "#incidents/$deletedEntity"
    forms = (gid(1), f"incidents({gid(2).upper()})", "incidents('x')")
    found = [{"@odata.context": context, "id": form, "reason": "deleted"} for form in forms]
    vendor.on("incidents", rows(*found, deltaLink="incidents?$deltatoken=2"))
    page = made.pull("incident", cursor)
    assert told([page]) == [(gid(1), True), (gid(2), True)]
    assert [each.id for each in page.unread] == [""]


def test_the_calls_of_a_turn_are_those_of_the_budget(vendor: Vendor, desk: Desk) -> None:
    salesorders, lines = orders(vendor)
    for number in range(500):
        order = salesorders.put(number, **ORDER, _transactioncurrencyid_value=USD)
        lines.put(1000 + number, lineitemnumber=1, quantity=1, _uomid_value=PIECE, _salesorderid_value=order)
    made = client(vendor, desk)
    first = made.pull("salesorder", None)
    vendor.forget()
    assert len(made.pull("salesorder", None).records) == 500
    assert len(vendor.asked) <= 3 + 2 * 5
    assert len(first.records) == 500


def test_a_page_that_was_not_stored_is_read_again(vendor: Vendor, desk: Desk, table: Table) -> None:
    made, cursor = settled(vendor, desk, table)
    table.put(3, 70, title="Seal replaced")
    again = [made.pull("incident", cursor) for _time in range(2)]
    assert [record.version for record in again[0].records] == [record.version for record in again[1].records]


@pytest.mark.parametrize(
    "refusal",
    [
        error("0x80044352", 400, "Version stamp associated with the client has expired. Please perform a full sync."),
        error("0x80044352", 500, "Version stamp associated with the client has expired. Please perform a full sync."),
        error("", 410, "gone"),
        error("0x80060888", 404, "The delta token is not valid."),
        error("0x80060888", 412, "The delta token is not valid."),
        error(
            "0x80060888", 400, "Could not find a property named 'new_old' on type 'Microsoft.Dynamics.CRM.incident'."
        ),
    ],
    ids=lambda said: f"{said.status}-{said.body['error']['code']}",
)
def test_after_a_lapsed_link_the_gap_is_read_at_once_and_a_new_link_is_had(
    vendor: Vendor, desk: Desk, table: Table, refusal: Said
) -> None:
    made, cursor = settled(vendor, desk, table)
    for number in range(20, 26):
        table.put(number, 86_400, **CELLS)
    table.drop(5)
    table.forget()
    table.lapsed = refusal
    desk.later(days=8)
    first = made.pull("incident", cursor)
    assert told([first]) == [(each, False) for each in sorted(map(gid, range(20, 26)))[:4]]
    pages = [first, *drained(made, "incident", first.cursor)]
    assert {each for each, _ in told(pages)} == set(map(gid, range(20, 26)))
    (part,) = [page.listing for page in pages if page.listing is not None]
    assert (part.first, part.last) == (True, True)
    assert set(part.ids) == set(table.rows)
    listing = [each for each in vendor.calls("incidents") if each.params.get("$select") == "incidentid"]
    assert listing[0].wishes == {"odata.track-changes", "odata.maxpagesize=5000"}
    vendor.forget()
    changed, dropped = table.put(3, 691_300, title="After the gap"), table.drop(7)
    after = drained(made, "incident", pages[-1].cursor)
    assert told(after) == [(changed, False), (dropped, True)]
    assert after[0].records[0].fields["title"] == "After the gap"


def test_a_change_during_the_listing_is_not_lost(vendor: Vendor, desk: Desk, table: Table) -> None:
    made, cursor = settled(vendor, desk, table)
    table.forget()
    desk.later(minutes=10)
    page = made.pull("incident", cursor)
    found: list[str] = []
    seen: list[tuple[str, bool]] = []
    while page.more:
        if Cursor.read(page.cursor).mode is Mode.LISTING:
            found.append(table.put(30, just_now(desk), **CELLS))
        page = made.pull("incident", page.cursor)
        seen += told([page])
    assert [(each, False) for each in found] == seen
    assert Cursor.read(page.cursor).mode is Mode.DELTA


def test_a_large_listing_does_not_keep_changes_waiting(
    vendor: Vendor, desk: Desk, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.dynamics.dataverse.reading.MOST", 2)
    monkeypatch.setattr("connectors.dynamics.dataverse.poll.LISTED_A_ROUND", 2)
    made, cursor = settled(vendor, desk, table)
    table.forget()
    desk.later(minutes=10)
    modes: list[Mode] = []
    parts: list[Listing] = []
    for turn in range(4):
        urgent = table.put(40 + turn, just_now(desk), **CELLS)
        pages = drained(made, "incident", cursor)
        assert urgent in {each for each, _ in told(pages)}
        cursor = pages[-1].cursor
        parts += [page.listing for page in pages if page.listing is not None]
        modes.append(Cursor.read(cursor).mode)
        desk.later(minutes=1)
    assert modes == [Mode.STAMPS, Mode.STAMPS, Mode.STAMPS, Mode.DELTA]
    assert [part.first for part in parts] == [True, *[False] * (len(parts) - 1)]
    assert [part.last for part in parts] == [*[False] * (len(parts) - 1), True]
    assert set(map(gid, range(1, 11))) <= {each for part in parts for each in part.ids}


def test_a_listing_whose_link_is_refused_begins_anew(
    vendor: Vendor, desk: Desk, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.dynamics.dataverse.reading.MOST", 4)
    made, cursor = settled(vendor, desk, table)
    table.forget()
    page = made.pull("incident", cursor)
    while page.listing is None:
        page = made.pull("incident", page.cursor)
    vendor.on("incidents", error("0x80040265", 400, "Malformed XML in the Paging Cookie"), table)
    pages = drained(made, "incident", page.cursor)
    parts = [each.listing for each in pages if each.listing is not None]
    assert [part.first for part in parts] == [True, False, False]
    assert {each for part in parts for each in part.ids} == set(table.rows)
    assert Cursor.read(pages[-1].cursor).mode is Mode.DELTA


def test_a_link_that_is_refused_in_the_first_scan_begins_it_again(vendor: Vendor, desk: Desk, table: Table) -> None:
    filled(table, 10)
    made = small(vendor, desk)
    page = made.pull("incident", None)
    refusal = error("0x80040265", 400, "Malformed XML in the Paging Cookie")
    vendor.on("incidents", refusal, table)
    again = made.pull("incident", page.cursor)
    assert told([again]) == told([page])
    vendor.on("incidents", refusal)
    with pytest.raises(Refused):
        made.pull("incident", again.cursor)


def test_what_is_not_allowed_is_not_taken_for_a_lapsed_link(vendor: Vendor, desk: Desk, table: Table) -> None:
    made, cursor = settled(vendor, desk, table)
    vendor.on("incidents", error("0x80040220", 403, "Principal user is missing prvReadIncident privilege"))
    with pytest.raises(Misconfigured, match="level of the organization"):
        made.pull("incident", cursor)


def test_a_column_that_is_mapped_later_is_read_though_the_link_lacks_it(
    vendor: Vendor, desk: Desk, table: Table
) -> None:
    _made, cursor = settled(vendor, desk, table)
    wider = small(vendor, desk, kinds={"incident": {**CASES, "fields": ["title", "prioritycode", "createdon"]}})
    table.put(3, 70, title="Seal replaced", createdon="2026-03-01T10:00:00Z")
    (page,) = drained(wider, "incident", cursor)
    assert set(page.records[0].fields) == {"title", "prioritycode", "createdon"}


def test_without_change_tracking_a_kind_is_read_by_its_stamps(vendor: Vendor, desk: Desk) -> None:
    table = cases(vendor, tracked=False)
    filled(table, 10)
    made = small(vendor, desk)
    pages = drained(made, "incident")
    assert len(told(pages)) == 10
    first = vendor.calls("incidents")[0]
    assert first.params["$orderby"] == "modifiedon asc,incidentid asc"
    assert "$filter" not in first.params
    assert not any("odata.track-changes" in each.wishes for each in vendor.calls("incidents"))
    desk.later(minutes=10)
    late = table.put(50, 3600 - 300, **CELLS)
    vendor.forget()
    assert told(drained(made, "incident", pages[-1].cursor)) == [(late, False)]
    assert vendor.calls("incidents")[0].params["$filter"] == "modifiedon ge 2026-03-02T08:54:00Z"


@pytest.mark.parametrize("wrong", [timedelta(minutes=20), timedelta(minutes=-20)], ids=["ahead", "behind"])
def test_a_wrong_clock_of_ours_loses_nothing(vendor: Vendor, desk: Desk, wrong: timedelta) -> None:
    table = cases(vendor, tracked=False)
    filled(table, 3)
    vendor.clock = desk.now
    desk.now += wrong
    made = small(vendor, desk)
    cursor = drained(made, "incident")[-1].cursor
    desk.later(minutes=2)
    vendor.clock += timedelta(minutes=2)
    changed = table.put(50, (vendor.clock - BEGIN).total_seconds() - 30, **CELLS)
    assert told(drained(made, "incident", cursor)) == [(changed, False)]


def test_rows_beyond_a_page_within_one_second_are_all_read(vendor: Vendor, desk: Desk) -> None:
    table = cases(vendor, tracked=False)
    ids = filled(table, 13, second=5)
    assert sorted(each for each, _ in told(drained(small(vendor, desk), "incident"))) == sorted(ids)


def test_a_busy_table_does_not_hold_up_a_round(vendor: Vendor, desk: Desk) -> None:
    table = cases(vendor, tracked=False)
    filled(table, 4)
    for number in range(100, 112):
        table.put(number, 3700, **CELLS)
    pages = drained(small(vendor, desk), "incident")
    assert len(told(pages)) == 8
    assert Cursor.read(pages[-1].cursor).mark is not None


def test_a_refused_link_of_a_round_by_stamps_begins_the_round_again(vendor: Vendor, desk: Desk) -> None:
    table = cases(vendor, tracked=False)
    ids = filled(table, 6)
    made = small(vendor, desk)
    page = made.pull("incident", None)
    vendor.on("incidents", error("0x80040265", 400, "Malformed XML in the Paging Cookie"), table)
    assert {each for each, _ in told(drained(made, "incident", page.cursor))} == set(ids)


def test_a_table_that_gives_no_delta_link_after_all_is_read_by_stamps(vendor: Vendor, desk: Desk, table: Table) -> None:
    table.tracked = False
    filled(table, 3)
    made = small(vendor, desk)
    cursor = drained(made, "incident")[-1].cursor
    late = table.put(50, 3600, **CELLS)
    desk.later(minutes=1)
    assert told(drained(made, "incident", cursor)) == [(late, False)]


def test_tracking_that_was_turned_off_leaves_the_link_alone(vendor: Vendor, desk: Desk, table: Table) -> None:
    _, cursor = settled(vendor, desk, table)
    other = small(vendor, desk, kinds={"incident": {**CASES, "tracking": False}})
    late = table.put(50, 3600, **CELLS)
    vendor.forget()
    assert told(drained(other, "incident", cursor)) == [(late, False)]
    assert "$deltatoken" not in unquote(vendor.calls("incidents")[0].raw)


def test_what_is_older_than_the_start_is_not_told(vendor: Vendor, desk: Desk, table: Table) -> None:
    filled(table, 3)
    young = table.put(9, 120, **CELLS)
    made = small(vendor, desk, kinds={"incident": {**CASES, "start": "2026-03-02T08:01:00Z"}})
    assert told(drained(made, "incident")) == [(young, False)]


def test_a_row_that_does_not_fit_is_set_aside_and_the_others_go_on(vendor: Vendor, desk: Desk, table: Table) -> None:
    ids = filled(table, 3)
    table.rows[ids[1]]["title"] = {"odd": "thing"}
    table.rows[ids[2]]["modifiedon"] = "yesterday"
    (page,) = drained(small(vendor, desk), "incident")
    assert [record.id for record in page.records] == [ids[0]]
    assert {each.id for each in page.unread} == set(ids[1:])
    assert "title" in page.unread[0].sentence + page.unread[1].sentence


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"v":99}', '{"v":1,"mode":"delta"}', "null", "12"])
def test_a_cursor_of_another_version_begins_again(vendor: Vendor, desk: Desk, table: Table, text: str) -> None:
    filled(table, 1)
    with pytest.raises(CursorLost):
        small(vendor, desk).pull("incident", text)


def test_a_cursor_survives_its_text() -> None:
    cursor = Cursor(Mode.LISTING, NOW, NOW, "a", NOW, "b", "c", 3, "d", again=True)
    assert Cursor.read(cursor.text()) == cursor
