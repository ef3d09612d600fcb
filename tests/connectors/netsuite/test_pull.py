"""Pulling: every change once or more, none lost, whatever the clock does."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.contract import (
    HIDDEN,
    Choice,
    CursorLost,
    Malformed,
    Misconfigured,
    Money,
    Page,
    Quantity,
    Record,
    Ref,
    Row,
)
from connectors.netsuite.client import Client
from connectors.netsuite.poll import Cursor
from tests.connectors.netsuite.books import Books, ids
from tests.connectors.netsuite.parts import NOW, ORDERS, Desk, client, drained
from tests.connectors.netsuite.vendor import SUITEQL, Vendor, rows

# 09:00 UTC is 01:00 in the account's zone
STAMP = "2026-03-02 00:40:00"


@pytest.fixture
def books(vendor: Vendor) -> Books:
    books = Books()
    vendor.on(SUITEQL, books)
    return books


def settled(vendor: Vendor, desk: Desk, books: Books, **changes: Any) -> tuple[Client, str]:
    """A client whose first round is over, and its cursor; the clock is a minute later."""
    made = client(vendor, desk, **changes)
    cursor = drained(made, "salesOrder")[-1].cursor
    desk.later(minutes=1)
    books.asked.clear()
    return made, cursor


def lines_of(record: Record) -> list[Row]:
    lines = record.fields["item"]
    assert isinstance(lines, tuple)
    return [line for line in lines if not isinstance(line, str)]


def test_an_order_comes_typed_with_its_lines_as_people_see_it(vendor: Vendor, desk: Desk, books: Books) -> None:
    books.order(42, STAMP)
    # a sale's lines are negative in the tables, and quantities are in the base unit
    books.line(42, 1, item=9, quantity="-1200", units=2, foreignamount="-1250.50", memo="bolts")
    books.line(42, 2, item=10, quantity="-3.5", units=3, foreignamount="50.00")
    books.line(42, 3, taxline="T", foreignamount="-10")
    books.line(42, 4, item=9, iscogs="T", foreignamount="-900")
    (page,) = drained(client(vendor, desk), "salesOrder")
    (record,) = page.records
    assert record.fields == {
        "total": Money(Decimal("1200.50"), "HKD"),
        "entity": Ref("entity", "61", "Harbour Trading"),
        "status": Choice("B", "Sales Order : Pending Fulfillment"),
        "tranDate": date(2026, 3, 2),
        "item": (
            {
                "item": Ref("item", "9", "Bolt M8"),
                "quantity": Quantity(Decimal(100), "Case", Quantity(Decimal(1200), "Each")),
                "amount": Money(Decimal("1250.50"), "HKD"),
            },
            {
                "item": Ref("item", "10", "Nut M8"),
                "quantity": Quantity(Decimal("3.5"), "Kilogram"),
                "amount": Money(Decimal("-50.00"), "HKD"),
            },
        ),
    }
    assert (record.id, record.number, record.version) == ("42", "SO-42", STAMP)
    assert record.stamp == datetime(2026, 3, 2, 8, 40, tzinfo=UTC)
    assert record.changed_by == Ref("employee", "12", "Mei Chan")
    assert record.url == f"{vendor.base}/app/accounting/transactions/transaction.nl?id=42"


def test_a_bill_whose_total_is_negative_in_the_tables_is_shown_as_people_see_it(
    vendor: Vendor, desk: Desk, books: Books
) -> None:
    books.order(7, STAMP, type="VendBill", foreigntotal="-88.10")
    books.line(7, 1, expenseaccount=55, foreignamount="90.10")
    books.line(7, 2, expenseaccount=55, foreignamount="-2.00")
    kinds = {"vendorBill": {"fields": ["total", "expense.amount", "item.amount"]}}
    ((record,),) = (page.records for page in drained(client(vendor, desk, kinds=kinds), "vendorBill"))
    assert record.fields["total"] == Money(Decimal("88.10"), "HKD")
    amounts = [Money(Decimal("90.10"), "HKD"), Money(Decimal("-2.00"), "HKD")]
    assert record.fields["expense"] == tuple({"amount": amount} for amount in amounts)
    assert record.fields["item"] == ()


def test_the_signs_of_a_journal_stay(vendor: Vendor, desk: Desk, books: Books) -> None:
    books.order(7, STAMP, type="Journal", foreigntotal=None)
    books.line(7, 1, expenseaccount=55, foreignamount="-90")
    kinds = {"journalEntry": {"fields": ["expense.amount"]}}
    ((record,),) = (page.records for page in drained(client(vendor, desk, kinds=kinds), "journalEntry"))
    assert record.fields["expense"] == ({"amount": Money(Decimal(-90), "HKD")},)


@pytest.mark.parametrize(
    ("units", "quantity"),
    [
        ("base", Quantity(Decimal(2), "Case", Quantity(Decimal(24), "Each"))),
        ("own", Quantity(Decimal(24), "Case", Quantity(Decimal(288), "Each"))),
        ("none", Decimal(24)),
    ],
)
def test_a_quantity_is_never_without_its_unit(
    vendor: Vendor, desk: Desk, books: Books, units: str, quantity: Quantity | Decimal
) -> None:
    books.order(1, STAMP)
    books.line(1, 1, item=9, quantity="24", units=2)
    kinds = {"salesOrder": {"fields": ["item.quantity"]}}
    ((record,),) = (page.records for page in drained(client(vendor, desk, kinds=kinds, units=units), "salesOrder"))
    assert record.fields["item"] == ({"quantity": quantity},)
    assert ("unitstypeuom" in books.asked[-1]) == (units != "none")


def test_a_discounts_percentage_is_not_turned(vendor: Vendor, desk: Desk, books: Books) -> None:
    books.order(1, STAMP)
    books.line(1, 1, item=9, ratepercent="-10")
    kinds = {"salesOrder": {"fields": ["item.ratePercent"]}}
    ((record,),) = (page.records for page in drained(client(vendor, desk, kinds=kinds), "salesOrder"))
    assert record.fields["item"] == ({"ratePercent": Decimal(-10)},)


def test_a_first_round_reads_everything_each_once_in_order(vendor: Vendor, desk: Desk, books: Books) -> None:
    for number in range(1, 24):
        books.order(number, f"2026-03-01 10:00:0{number // 10}")
    pages = drained(client(vendor, desk, page_size=5), "salesOrder")
    found = [each for page in pages for each in ids(page.records)]
    assert found == [str(number) for number in range(1, 24)]
    assert not any("offset" in query.lower() for query in books.asked)


def test_ids_are_compared_as_numbers(vendor: Vendor, desk: Desk, books: Books) -> None:
    for number in (9, 10, 100, 11):
        books.order(number, STAMP)
    pages = drained(client(vendor, desk, page_size=1), "salesOrder")
    assert [each for page in pages for each in ids(page.records)] == ["9", "10", "11", "100"]


def test_lines_of_many_orders_come_in_pages_of_a_thousand(vendor: Vendor, desk: Desk, books: Books) -> None:
    for number in range(1, 13):
        books.order(number, STAMP)
        for line in range(1, 121):
            books.line(number, line, item=9, quantity=f"-{line}", units=1, foreignamount="-1")
    (page,) = drained(client(vendor, desk), "salesOrder")
    rows_of = [record.fields["item"] for record in page.records]
    assert [len(lines) for lines in rows_of if isinstance(lines, tuple)] == [120] * 12
    assert len([query for query in books.asked if "FROM transactionline" in query]) == 2


def test_kinds_without_lines_ask_for_none(vendor: Vendor, desk: Desk, books: Books) -> None:
    books.order(1, STAMP)
    drained(client(vendor, desk, kinds={"salesOrder": {"fields": ["memo"]}}), "salesOrder")
    assert len(books.asked) == 1
    assert "currency" not in books.asked[0]


@pytest.mark.parametrize(("fields", "calls"), [(["memo"], 1), (["memo", "item.quantity"], 2)])
def test_an_empty_poll_costs_a_call_and_one_for_lines(
    vendor: Vendor, desk: Desk, books: Books, fields: list[str], calls: int
) -> None:
    books.order(1, "2026-02-01 10:00:00")
    made, cursor = settled(vendor, desk, books, kinds={"salesOrder": {"fields": fields}})
    assert [page.records for page in drained(made, "salesOrder", cursor)] == [()] * calls
    assert len(books.asked) == calls


def test_a_line_that_changes_without_its_document_is_seen(vendor: Vendor, desk: Desk, books: Books) -> None:
    for number in (1, 2):
        books.order(number, "2026-02-01 10:00:00")
        books.line(number, 1, item=9, quantity="-12", units=1, linelastmodifieddate="2026-02-01 10:00:00")
    made, cursor = settled(vendor, desk, books)
    books.db.execute(
        "UPDATE transactionline SET quantity = '-24', linelastmodifieddate = '2026-03-02 01:00:30' "
        'WHERE "transaction" = 2 AND id = 1'
    )
    pages = drained(made, "salesOrder", cursor)
    (record,) = (record for page in pages for record in page.records)
    assert record.id == "2"
    assert lines_of(record)[0]["quantity"] == Quantity(Decimal(24), "Each")


def test_a_document_that_changed_with_its_lines_is_read_once(vendor: Vendor, desk: Desk, books: Books) -> None:
    made, cursor = settled(vendor, desk, books)
    books.order(1, "2026-03-02 01:00:30")
    books.line(1, 1, item=9, quantity="-12", units=1, linelastmodifieddate="2026-03-02 01:00:30")
    pages = drained(made, "salesOrder", cursor)
    assert [each for page in pages for each in ids(page.records)] == ["1"]


def test_many_lines_that_changed_come_in_pages(vendor: Vendor, desk: Desk, books: Books) -> None:
    for number in range(1, 8):
        books.order(number, "2026-02-01 10:00:00")
        books.line(number, 1, item=9, quantity="-12", units=1, linelastmodifieddate="2026-02-01 10:00:00")
    made, cursor = settled(vendor, desk, books, page_size=3)
    books.db.execute("UPDATE transactionline SET linelastmodifieddate = '2026-03-02 01:00:30' WHERE mainline = 'F'")
    pages = drained(made, "salesOrder", cursor)
    assert sorted(each for page in pages for each in ids(page.records)) == [str(number) for number in range(1, 8)]


def test_lines_without_stamps_are_read_with_their_documents(vendor: Vendor, desk: Desk, books: Books) -> None:
    books.hidden = {"n.linelastmodifieddate"}
    made, cursor = settled(vendor, desk, books)
    books.order(1, "2026-03-02 01:00:30")
    pages = drained(made, "salesOrder", cursor)
    assert [each for page in pages for each in ids(page.records)] == ["1"]


def test_a_change_is_seen_in_the_next_round(vendor: Vendor, desk: Desk, books: Books) -> None:
    books.order(1, "2026-02-01 10:00:00")
    books.order(2, "2026-02-01 10:00:00")
    made, cursor = settled(vendor, desk, books)
    books.change(1, "2026-03-02 01:00:30", memo="new")
    assert ids(made.pull("salesOrder", cursor).records) == ["1"]


def test_a_row_that_appears_late_with_an_old_stamp_is_found(vendor: Vendor, desk: Desk, books: Books) -> None:
    made, cursor = settled(vendor, desk, books)
    books.order(1, "2026-03-02 00:50:30")
    assert ids(made.pull("salesOrder", cursor).records) == ["1"]


def test_a_round_does_not_begin_before_the_kinds_start(vendor: Vendor, desk: Desk, books: Books) -> None:
    books.order(1, "2026-02-28 23:59:59")
    books.order(2, "2026-03-01 00:00:00")
    kinds = {"salesOrder": {"fields": ["memo"], "start": "2026-03-01T00:00:00-08:00"}}
    made = client(vendor, desk, kinds=kinds)
    assert ids(drained(made, "salesOrder")[0].records) == ["2"]
    everything = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    assert [found[0] for found in made.versions("salesOrder", *everything)] == ["2"]


def test_a_busy_account_cannot_hold_a_round_up(vendor: Vendor, desk: Desk, books: Books) -> None:
    made = client(vendor, desk, page_size=1)
    for number in range(1, 9):
        books.order(number, f"2026-03-02 01:0{number}:00")
    assert len(drained(made, "salesOrder")) == 1


def test_a_column_that_the_role_may_not_see_is_hidden_and_the_rest_goes_on(
    vendor: Vendor, desk: Desk, books: Books
) -> None:
    books.order(1, STAMP)
    books.line(1, 1, item=9, quantity="-12", units=1, foreignamount="-5")
    books.hidden = {"t.entity", "n.foreignamount"}
    made = client(vendor, desk)
    (page,) = drained(made, "salesOrder")
    (record,) = page.records
    assert record.fields["entity"] is HIDDEN
    (line,) = lines_of(record)
    assert line["amount"] is HIDDEN
    assert line["quantity"] == Quantity(Decimal(12), "Each")
    assert record.fields["total"] == Money(Decimal("1200.50"), "HKD")
    books.asked.clear()
    made.read("salesOrder", ["1"])
    assert len(books.asked) == 2, "what is known to be hidden is not asked for in every call"
    desk.later(hours=1)
    books.hidden = set()
    (seen,) = made.read("salesOrder", ["1"])
    assert getattr(seen, "fields", {})["entity"] == Ref("entity", "61", "Harbour Trading")


def test_lines_of_which_nothing_may_be_seen_are_hidden(vendor: Vendor, desk: Desk, books: Books) -> None:
    books.order(1, STAMP)
    books.hidden = {"n.quantity"}
    kinds = {"salesOrder": {"fields": ["memo", "item.quantity"]}}
    ((record,),) = (page.records for page in drained(client(vendor, desk, kinds=kinds), "salesOrder"))
    assert record.fields["item"] is HIDDEN


def test_without_currencies_amounts_stay_bare(vendor: Vendor, desk: Desk, books: Books) -> None:
    books.order(1, STAMP)
    books.hidden = {"t.currency"}
    ((record,),) = (page.records for page in drained(client(vendor, desk), "salesOrder"))
    assert record.fields["total"] == Decimal("1200.50")


def test_a_stamp_that_cannot_be_read_is_named_where_it_stands(vendor: Vendor, desk: Desk, books: Books) -> None:
    books.hidden = {"t.lastmodifieddate"}
    with pytest.raises(Misconfigured, match="lastmodifieddate"):
        client(vendor, desk).pull("salesOrder", None)


def test_a_value_that_does_not_fit_is_set_aside_and_the_rest_goes_on(vendor: Vendor, desk: Desk, books: Books) -> None:
    books.order(1, STAMP, foreigntotal="12,50")
    books.order(2, STAMP)
    books.line(2, 1, item=9, quantity="many", units=1)
    books.order(3, STAMP)
    (page,) = drained(client(vendor, desk), "salesOrder")
    assert ids(page.records) == ["3"]
    assert [each.id for each in page.unread] == ["1", "2"]
    assert ["total" in page.unread[0].sentence, "item.quantity" in page.unread[1].sentence] == [True, True]
    assert "12,50" not in page.unread[0].sentence
    assert b"12,50" in page.unread[0].body


def test_rows_that_do_not_move_on_end_with_a_reason(vendor: Vendor, desk: Desk) -> None:
    row = {"id": "1", "stamp": STAMP, "doc_number": "SO-1"}
    vendor.on(SUITEQL, rows(row, more=True))
    made = client(vendor, desk, kinds={"salesOrder": {"fields": ["memo"]}})
    cursor = made.pull("salesOrder", None).cursor
    with pytest.raises(Malformed, match="excludes"):
        made.pull("salesOrder", cursor)


@pytest.mark.parametrize("row", [{"id": "1"}, {"id": "x", "stamp": STAMP}, {"id": "1", "stamp": "3/2/2026"}])
def test_a_row_without_a_place_is_set_aside(vendor: Vendor, desk: Desk, row: dict[str, str]) -> None:
    vendor.on(SUITEQL, rows(row))
    (page,) = drained(client(vendor, desk, kinds={"salesOrder": {"fields": ["memo"]}}), "salesOrder")
    assert page.records == ()
    assert len(page.unread) == 1


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"v":2}', '{"v":1,"mark":"2026-03-02T00:00:00"}', "no"])
def test_a_cursor_of_another_hand_is_lost(vendor: Vendor, desk: Desk, text: str) -> None:
    with pytest.raises(CursorLost):
        client(vendor, desk).pull("salesOrder", text)


def test_a_cursor_is_short_and_says_nothing_of_the_records(vendor: Vendor, desk: Desk, books: Books) -> None:
    books.order(1, STAMP)
    books.order(2, STAMP)
    page = client(vendor, desk, page_size=1).pull("salesOrder", None)
    assert len(page.cursor) < 150
    assert json.loads(page.cursor)["scan"]["last"] == [STAMP, "1"]
    assert Cursor.read(page.cursor).text() == page.cursor


# Deletions


def test_what_was_deleted_is_told_once_it_is_time(vendor: Vendor, desk: Desk, books: Books) -> None:
    made, cursor = settled(vendor, desk, books)
    books.put("deletedrecord", recordid=7, type="Sales Order", deleteddate="2026-03-02 01:00:30")
    books.put("deletedrecord", recordid=8, type="Purchase Order", deleteddate="2026-03-02 01:00:31")
    assert drained(made, "salesOrder", cursor)[-1].records == ()
    desk.later(minutes=10)
    pages = drained(made, "salesOrder", cursor)
    (record,) = pages[-1].records
    assert (record.id, record.deleted) == ("7", True)
    assert record.stamp == datetime(2026, 3, 2, 9, 0, 30, tzinfo=UTC)
    again = drained(made, "salesOrder", pages[-1].cursor)
    assert not [page.records for page in again if page.records]
    assert len([query for query in books.asked if "deletedrecord" in query]) == 1, "asked before it is time"


def test_many_deletions_come_in_pages(vendor: Vendor, desk: Desk, books: Books) -> None:
    made, cursor = settled(vendor, desk, books)
    for number in range(1500):
        books.put("deletedrecord", recordid=number, type="salesorder", deleteddate="2026-03-02 01:02:00")
    desk.later(minutes=10)
    pages = drained(made, "salesOrder", cursor)
    assert sorted(int(each) for page in pages for each in ids(page.records)) == list(range(1500))
    assert len([query for query in books.asked if "deletedrecord" in query]) == 2


def test_deletions_are_not_asked_for_where_they_are_not_wanted(vendor: Vendor, desk: Desk, books: Books) -> None:
    kinds = {"salesOrder": ORDERS | {"deletions": "none"}}
    made, cursor = settled(vendor, desk, books, kinds=kinds)
    desk.later(hours=1)
    drained(made, "salesOrder", cursor)
    assert not [query for query in books.asked if "deletedrecord" in query]


def test_a_role_that_may_not_know_what_was_deleted_still_sees_changes(vendor: Vendor, desk: Desk, books: Books) -> None:
    made, cursor = settled(vendor, desk, books)
    books.hidden = {"d.recordid"}
    desk.later(minutes=10)
    for _ in range(2):
        cursor = made.pull("salesOrder", cursor).cursor
    with pytest.raises(Misconfigured, match="recordid"):
        made.pull("salesOrder", cursor)
    books.order(1, "2026-03-02 01:11:00")
    assert [each for page in drained_on(made, cursor) for each in ids(page.records)] == ["1"]
    desk.later(minutes=10)
    with pytest.raises(Misconfigured, match="recordid"):
        drained_on(made, cursor)


def drained_on(made: Client, cursor: str) -> list[Page]:
    """Two rounds, as the first may be the rest of one."""
    pages = drained(made, "salesOrder", cursor)
    return pages + drained(made, "salesOrder", pages[-1].cursor)


def test_parts_of_a_second_that_nobody_shows_lose_nothing(vendor: Vendor, desk: Desk, books: Books) -> None:
    for number in range(1, 12):
        books.order(number, f"2026-03-01 10:00:00.{number % 3}")
    pages = drained(client(vendor, desk, page_size=2), "salesOrder")
    assert [each for page in pages for each in ids(page.records)] == [str(number) for number in range(1, 12)]


# Times


def test_the_hour_that_comes_twice_loses_nothing(vendor: Vendor, desk: Desk, books: Books) -> None:
    """On 2026-11-01 Los Angeles goes from 02:00 PDT back to 01:00 PST at 09:00 UTC."""
    zone = ZoneInfo("America/Los_Angeles")
    desk.now = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
    made = client(vendor, desk)
    cursor = drained(made, "salesOrder")[-1].cursor
    written: dict[int, datetime] = {}
    seen: dict[str, datetime] = {}
    for number in range(1, 37):
        desk.later(minutes=5)
        books.order(number, f"{desk.now.astimezone(zone):%Y-%m-%d %H:%M:%S}")
        written[number] = desk.now
        desk.later(seconds=30)
        for page in drained(made, "salesOrder", cursor):
            cursor = page.cursor
            for record in page.records:
                seen.setdefault(record.id, record.stamp)
    assert {int(each) for each in seen} == set(written)
    assert {int(each): at for each, at in seen.items()} == written


def test_a_later_state_in_the_hour_that_comes_twice_looks_later(vendor: Vendor, desk: Desk, books: Books) -> None:
    desk.now = datetime(2026, 11, 1, 8, 52, tzinfo=UTC)
    made = client(vendor, desk)
    books.order(1, "2026-11-01 01:50:00")
    (first,) = (record for page in drained(made, "salesOrder") for record in page.records)
    desk.now = datetime(2026, 11, 1, 9, 11, tzinfo=UTC)
    books.change(1, "2026-11-01 01:10:00", memo="x")
    ((second,),) = (page.records for page in drained(made, "salesOrder"))
    assert second.stamp - first.stamp == timedelta(minutes=20)
    assert first.version != second.version


def test_a_round_across_the_hour_that_is_left_out_ends(vendor: Vendor, desk: Desk, books: Books) -> None:
    desk.now = datetime(2026, 3, 8, 9, 55, tzinfo=UTC)
    made = client(vendor, desk)
    cursor = drained(made, "salesOrder")[-1].cursor
    desk.now = datetime(2026, 3, 8, 10, 5, tzinfo=UTC)
    books.order(1, "2026-03-08 03:01:00")
    (record,) = drained(made, "salesOrder", cursor)[0].records
    assert record.stamp == datetime(2026, 3, 8, 10, 1, tzinfo=UTC)


def test_a_clock_that_ran_ahead_loses_nothing(vendor: Vendor, desk: Desk, books: Books) -> None:
    made = client(vendor, desk)
    desk.now = NOW + timedelta(days=1)
    cursor = drained(made, "salesOrder")[-1].cursor
    desk.now = NOW
    books.order(1, STAMP.replace("00:40", "00:55"))
    assert ids(drained(made, "salesOrder", cursor)[0].records) == ["1"]


def test_a_kind_that_nobody_described_is_named(vendor: Vendor, desk: Desk) -> None:
    with pytest.raises(Misconfigured, match="table"):
        client(vendor, desk, kinds={"machine": {"fields": ["name"]}}).pull("machine", None)
    with pytest.raises(Misconfigured, match="lines"):
        client(vendor, desk, kinds={"customer": {"fields": ["item.quantity"]}}).pull("customer", None)
    with pytest.raises(Misconfigured, match="kinds"):
        client(vendor, desk).pull("customer", None)


def test_the_library_of_soap_is_not_loaded_for_queries() -> None:
    told = "import sys, connectors.netsuite.client; print('zeep' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "False"
