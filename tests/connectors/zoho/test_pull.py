from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import CursorLost, Malformed, Misconfigured, Money, Ref
from connectors.zoho.client import Client
from connectors.zoho.poll import Cursor
from tests.connectors.zoho.parts import DEAL, DEALS, NOW, Desk, client, described, drained
from tests.connectors.zoho.table import EARLY, Table, at, ids
from tests.connectors.zoho.vendor import Said, Vendor, error, payload, rows

MISSING = error("INVALID_MODULE")
SELECT = "select id, Modified_Time, Modified_By, Deal_Name, Stage, Account_Name.Industry"


@pytest.fixture
def table(vendor: Vendor) -> Table:
    table = Table()
    vendor.on("POST", "coql", table)
    vendor.on("GET", "Deals/deleted", rows())
    return table


def cells(**changes: Any) -> dict[str, Any]:
    row = {"Deal_Name": "D", "Amount": 10, "Currency": "HKD", "Stage": "Negotiation", "Closing_Date": None}
    return row | {"Account_Name": None, "Owner": None, "Modified_By": None} | changes


def small(vendor: Vendor, desk: Desk, **changes: Any) -> Client:
    return client(vendor, desk, page_size=4, **changes)


def settled(vendor: Vendor, desk: Desk, table: Table, **changes: Any) -> tuple[Client, str]:
    """A client whose first round is over, and its cursor; the clock is a minute later."""
    made = small(vendor, desk, **changes)
    cursor = drained(made, "Deals")[-1].cursor
    desk.later(minutes=1)
    vendor.forget()
    table.asked.clear()
    return made, cursor


def test_only_mapped_fields_are_selected(vendor: Vendor, desk: Desk, table: Table) -> None:
    small(vendor, desk, kinds={"Deals": {"fields": ["Stage", "Account_Name.Industry"], "number": "Deal_Name"}}).pull(
        "Deals", None
    )
    assert table.asked == [
        f"{SELECT} from Deals where id is not null order by Modified_Time asc, id asc limit 4",
    ]


def test_a_first_round_reads_everything_each_once_in_order(vendor: Vendor, desk: Desk, table: Table) -> None:
    for number in range(1, 12):
        table.put(number // 3, number, **cells())
    pages = drained(small(vendor, desk), "Deals")
    assert [ids(page.records) for page in pages] == [["1", "2", "3", "4"], ["5", "6", "7", "8"], ["9", "10", "11"]]
    assert len(table.asked) == 3


def test_an_empty_poll_costs_one_call_and_one_credit(vendor: Vendor, desk: Desk, table: Table) -> None:
    made, cursor = settled(vendor, desk, table)
    page = made.pull("Deals", cursor)
    assert page.records == ()
    assert not page.more
    assert len(vendor.asked) == 1
    assert "limit 4" in table.asked[0]


def test_a_round_begins_with_the_cheapest_query_and_goes_on_with_the_largest(vendor: Vendor, desk: Desk) -> None:
    """Up to 200 rows cost one credit, up to 2,000 three."""
    table = Table()
    vendor.on("POST", "coql", table)
    made = client(vendor, desk)
    cursor = drained(made, "Deals")[-1].cursor
    for number in range(250):
        table.put(int((NOW - EARLY).total_seconds()), number + 1, **cells())
    drained(made, "Deals", cursor)
    assert [query.rpartition(" ")[2] for query in table.asked] == ["2000", "200", "2000"]


def test_thousands_with_one_stamp_over_page_borders_are_read_each_once(vendor: Vendor, desk: Desk) -> None:
    table = Table([(5, number, cells()) for number in range(10**17, 10**17 + 5000)])
    vendor.on("POST", "coql", table)
    pages = drained(client(vendor, desk, page_size=2000), "Deals")
    found = [record.id for page in pages for record in page.records]
    assert len(found) == len(set(found)) == 5000
    assert len(table.asked) == 3


def test_a_row_that_appears_late_with_an_older_stamp_is_found(vendor: Vendor, desk: Desk, table: Table) -> None:
    now_s = int((NOW - EARLY).total_seconds())
    table.put(now_s - 30, 1, **cells())
    made, cursor = settled(vendor, desk, table)
    table.put(now_s - 240, 2, **cells())
    assert "2" in ids(drained(made, "Deals", cursor)[0].records)


def test_the_cursor_stays_behind_by_the_settle_window(vendor: Vendor, desk: Desk, table: Table) -> None:
    made, cursor = settled(vendor, desk, table)
    assert Cursor.read(cursor).mark == NOW - timedelta(seconds=60)
    made.pull("Deals", cursor)
    begins = (NOW - timedelta(minutes=6)).isoformat()
    assert f"Modified_Time >= '{begins}'" in table.asked[0]


def test_two_changes_in_one_second_differ_and_an_unchanged_reread_does_not(
    vendor: Vendor, desk: Desk, table: Table
) -> None:
    now_s = int((NOW - EARLY).total_seconds())
    table.put(now_s - 10, 1, **cells(Amount=10))
    made, cursor = settled(vendor, desk, table)
    first = drained(made, "Deals", cursor)[0].records[0]
    again = drained(made, "Deals", cursor)[0].records[0]
    table.put(now_s - 10, 1, **cells(Amount=11))
    changed = drained(made, "Deals", cursor)[0].records[0]
    assert first == again
    assert changed.version == first.version
    assert changed.fields != first.fields


def test_the_version_is_one_for_all_users_offsets(vendor: Vendor, desk: Desk) -> None:
    hong_kong, berlin = ("2026-03-02T16:40:00+08:00", "2026-03-02T09:40:00+01:00")
    row = payload("query__deal")["data"][0]
    vendor.on("POST", "coql", rows(row | {"Modified_Time": hong_kong}), rows(row | {"Modified_Time": berlin}))
    made = client(vendor, desk)
    records = [made.pull("Deals", None).records[0] for _ in range(2)]
    assert records[0] == records[1]
    assert records[0].version == "2026-03-02T08:40:00+00:00"


def test_a_busy_module_cannot_hold_a_round_up(vendor: Vendor, desk: Desk, table: Table) -> None:
    ahead = int((NOW - EARLY).total_seconds()) + 60
    for number in range(1, 20):
        table.put(ahead, number, **cells())
    pages = drained(small(vendor, desk), "Deals")
    assert len(pages) == 1


def test_a_round_goes_on_after_an_interruption_between_any_two_pages(vendor: Vendor, table: Table) -> None:
    for number in range(1, 12):
        table.put(number // 3, number, **cells())
    found: list[str] = []
    cursor, more = None, True
    while more:
        page = small(vendor, Desk()).pull("Deals", cursor)
        assert page == small(vendor, Desk()).pull("Deals", cursor), "the same page again after a crash"
        found += ids(page.records)
        cursor, more = page.cursor, page.more
    assert found == [str(number) for number in range(1, 12)]


def test_start_bounds_what_is_read(vendor: Vendor, desk: Desk, table: Table) -> None:
    for number in range(1, 5):
        table.put(number * 60, number, **cells())
    start = (EARLY + timedelta(seconds=120)).isoformat()
    made = small(vendor, desk, kinds={"Deals": {**DEALS, "start": start}})
    assert ids(drained(made, "Deals")[0].records) == ["2", "3", "4"]
    assert dict(made.versions("Deals", EARLY, NOW)).keys() == {"2", "3", "4"}


@pytest.mark.parametrize("cursor", ["", "{}", '{"v":9}', '{"v":1,"mark":"x"}', '{"v":1,"mark":"2026-01-01T00:00:00"}'])
def test_a_cursor_that_cannot_be_read_is_lost(vendor: Vendor, desk: Desk, cursor: str) -> None:
    with pytest.raises(CursorLost):
        client(vendor, desk).pull("Deals", cursor)


def test_an_unknown_kind_is_named(vendor: Vendor, desk: Desk) -> None:
    with pytest.raises(Misconfigured, match="Leads"):
        client(vendor, desk).pull("Leads", None)


def test_a_field_hidden_since_is_marked_and_the_page_goes_on(vendor: Vendor, desk: Desk, table: Table) -> None:
    table.put(1, 1, **cells())
    made, _ = settled(vendor, desk, table)
    fields = payload("fields__deals")
    fields["fields"] = [each for each in fields["fields"] if each["api_name"] != "Amount"]
    vendor.on("GET", "settings/fields", Said(200, fields))
    answer = {True: error("INVALID_QUERY", column_name="Amount")}
    vendor.on("POST", "coql", lambda asked: answer.get("Amount" in asked.query) or table(asked))
    record = made.pull("Deals", None).records[0]
    assert repr(record.fields["Amount"]) == "Hidden()"
    assert record.fields["Stage"]


def test_a_field_that_queries_do_not_take_is_hidden_and_the_others_are_read(vendor: Vendor, desk: Desk) -> None:
    table = Table([(1, 1, cells())])
    refused = error("INVALID_QUERY", column_name="Stage")
    vendor.on("POST", "coql", lambda asked: refused if "Stage" in asked.query else table(asked))
    made = client(vendor, desk)
    record = made.pull("Deals", None).records[0]
    assert repr(record.fields["Stage"]) == "Hidden()"
    assert record.fields["Amount"]
    made.pull("Deals", None)
    assert len(vendor.calls("coql")) == 3, "it is remembered"


@pytest.mark.parametrize("column", ["Modified_Time", "Something_Else"])
def test_a_query_that_cannot_be_mended_stops_the_kind_and_names_the_field(
    vendor: Vendor, desk: Desk, column: str
) -> None:
    vendor.on("POST", "coql", error("INVALID_QUERY", column_name=column))
    with pytest.raises(Misconfigured, match=column):
        client(vendor, desk).pull("Deals", None)
    assert len(vendor.calls("coql")) == 1


def test_people_are_named_once_in_an_hour(vendor: Vendor, desk: Desk, table: Table) -> None:
    vendor.on("GET", "users", Said(200, payload("users__mei")))
    mei = {"id": "554023000000235011"}
    table.put(1, 1, **cells(Owner=mei, Modified_By=mei))
    table.put(1, 2, **cells(Owner={"id": "17"}))
    made = small(vendor, desk)
    first, second = made.pull("Deals", None).records
    assert first.fields["Owner"] == first.changed_by == Ref("users", "554023000000235011", "Mei Chan")
    assert second.fields["Owner"] == Ref("users", "17", "")
    made.pull("Deals", None)
    assert len(vendor.calls("users")) == 1
    desk.later(hours=1)
    made.pull("Deals", None)
    assert len(vendor.calls("users")) == 2


def test_without_the_scope_for_users_people_stay_ids(vendor: Vendor, desk: Desk, table: Table) -> None:
    vendor.on("GET", "users", error("OAUTH_SCOPE_MISMATCH", 401))
    table.put(1, 1, **cells(Owner={"id": "17"}))
    assert small(vendor, desk).pull("Deals", None).records[0].fields["Owner"] == Ref("users", "17", "")


def test_a_subform_that_our_user_may_not_see_is_hidden(vendor: Vendor, desk: Desk) -> None:
    found = {"Quotes": payload("fields__quotes")}
    vendor.on(
        "GET",
        "settings/fields",
        lambda asked: Said(200, found[asked.params["module"]]) if asked.params["module"] in found else MISSING,
    )
    quote = {"id": DEAL, "Modified_Time": at(1), "Quote_Number": "Q-7", "Grand_Total": 30, "Currency": "USD"}
    vendor.on("POST", "coql", rows(quote))
    kind = {"fields": ["Grand_Total", "Quoted_Items.Quantity"], "number": "Quote_Number"}
    record = client(vendor, desk, kinds={"Quotes": kind}).pull("Quotes", None).records[0]
    assert repr(record.fields["Quoted_Items.Quantity"]) == "Hidden()"
    assert record.fields["Grand_Total"] == Money(Decimal("30.00"), "USD")


def test_a_bad_row_does_not_stop_its_page(vendor: Vendor, desk: Desk) -> None:
    good = payload("query__deal")["data"][0]
    broken = [
        good | {"id": "11", "Amount": {"what": 1}, "Closing_Date": "soon"},
        good | {"id": "12", "Modified_Time": None},
        {"Deal_Name": "no id"},
        "not a row",
        good | {"id": "13"},
    ]
    vendor.on("POST", "coql", rows(*broken))
    page = client(vendor, desk).pull("Deals", None)
    assert ids(page.records) == ["11", "13"]
    assert "Amount" not in page.records[0].fields
    assert "Closing_Date" not in page.records[0].fields
    assert page.records[0].fields["Stage"] == page.records[1].fields["Stage"]


def test_a_type_that_changed_is_read_by_the_new_description(vendor: Vendor, desk: Desk, table: Table) -> None:
    table.put(1, 1, **cells())
    made, _ = settled(vendor, desk, table)
    fields = payload("fields__deals")
    next(each for each in fields["fields"] if each["api_name"] == "Stage")["data_type"] = "multiselectpicklist"
    vendor.on("GET", "settings/fields", Said(200, fields))
    table.put(2, 1, **cells(Stage=["Negotiation", "Approved"]))
    assert made.pull("Deals", None).records[0].fields["Stage"] == ("Negotiation", "Approved")


def test_a_value_that_never_fits_costs_no_description_in_each_page(vendor: Vendor, desk: Desk, table: Table) -> None:
    table.put(1, 1, **cells(Stage=17.5))
    made, _ = settled(vendor, desk, table)
    table.put(1, 1, **cells(Stage=[1]))
    for _ in range(5):
        made.pull("Deals", None)
    assert len(vendor.calls("settings/fields")) == 1


def test_a_page_without_any_place_is_kept_for_us(vendor: Vendor, desk: Desk) -> None:
    vendor.on("POST", "coql", rows({"id": "1"}, {"id": "2"}, more=True))
    with pytest.raises(Malformed):
        client(vendor, desk).pull("Deals", None)


def test_rows_that_the_query_excludes_do_not_make_an_endless_round(vendor: Vendor, desk: Desk) -> None:
    row = {"id": "7", "Modified_Time": at(1), **cells()}
    vendor.on("POST", "coql", rows(row, more=True))
    made = small(vendor, desk)
    with pytest.raises(Malformed):
        made.pull("Deals", made.pull("Deals", None).cursor)


def test_deleted_records_are_told_within_ten_minutes(vendor: Vendor, desk: Desk, table: Table) -> None:
    made, cursor = settled(vendor, desk, table)
    vendor.on("GET", "Deals/deleted", Said(200, payload("deleted__deals")))
    assert len(drained(made, "Deals", cursor)) == 1, "not yet due"
    desk.later(minutes=10)
    pages = drained(made, "Deals", cursor)
    gone = pages[-1].records
    assert [(one.id, one.deleted, one.version) for one in gone] == [
        ("554023000000527044", True, "2026-03-02T08:41:10+00:00"),
        ("554023000000527045", True, "2026-03-02T08:41:12+00:00"),
    ]
    asked = vendor.calls("Deals/deleted")[0]
    assert asked.params == {"type": "all", "page": "1", "per_page": "200"}
    assert asked.headers["if-modified-since"] == (NOW - timedelta(minutes=6)).isoformat()
    assert drained(made, "Deals", pages[-1].cursor)[-1].records == (), "read, and not due again"


def test_many_deleted_records_come_page_by_page(vendor: Vendor, desk: Desk, table: Table) -> None:
    made, cursor = settled(vendor, desk, table)
    desk.later(minutes=10)
    body = payload("deleted__deals")
    more = body | {"info": body["info"] | {"more_records": True}}
    vendor.on("GET", "Deals/deleted", Said(200, more), Said(200, more), Said(304))
    pages = drained(made, "Deals", cursor)
    assert [page.more for page in pages] == [True, True, True, False]
    assert [one.params["page"] for one in vendor.calls("Deals/deleted")] == ["1", "2", "3"]


def test_deletions_that_nobody_wants_are_not_asked_for(vendor: Vendor, desk: Desk, table: Table) -> None:
    made, cursor = settled(vendor, desk, table, kinds={"Deals": {**DEALS, "deletions": False}})
    desk.later(hours=1)
    drained(made, "Deals", cursor)
    assert vendor.calls("Deals/deleted") == []


def test_rows_of_subforms_come_with_their_record(vendor: Vendor, desk: Desk) -> None:
    described(vendor, Quotes="fields__quotes", Quoted_Items="fields__quoted_items")
    quote = {"id": DEAL, "Modified_Time": at(1), "Quote_Number": "Q-7", "Grand_Total": 30, "Currency": "USD"}
    other = quote | {"id": "9", "Quote_Number": "Q-8"}
    lines = [
        {"id": "21", "Parent_Id": {"id": DEAL}, "Quantity": 2, "List_Price": 10.5},
        {"id": "22", "Parent_Id": {"id": DEAL}, "Quantity": 1.5, "List_Price": None},
    ]
    vendor.on("POST", "coql", rows(quote, other), rows(lines[0], more=True), rows(lines[1]))
    kind = {"fields": ["Grand_Total", "Quoted_Items.Quantity", "Quoted_Items.List_Price"], "number": "Quote_Number"}
    found = client(vendor, desk, kinds={"Quotes": kind}).pull("Quotes", None).records
    assert [dict(row) for row in found[0].fields["Quoted_Items"]] == [  # type: ignore[union-attr, arg-type]  # rows, as asked
        {"Quantity": Decimal("2.00"), "List_Price": Money(Decimal("10.50"), "USD")},
        {"Quantity": Decimal("1.50"), "List_Price": None},
    ]
    assert found[1].fields["Quoted_Items"] == ()
    queries = [one.query for one in vendor.calls("coql")]
    assert queries[1].endswith(f"where Parent_Id in ('{DEAL}', '9') order by id asc limit 2000")
    assert "id > '21'" in queries[2]
