"""Stock: the whole in turns, with its units, and no more often than asked for."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import CursorLost, Quantity, Record, Ref, Refused
from connectors.netsuite.client import Client
from tests.connectors.netsuite.books import Books, ids
from tests.connectors.netsuite.parts import NOW, Desk, client, drained
from tests.connectors.netsuite.vendor import SUITEQL, Vendor

STOCK = {
    "fields": ["item", "location", "quantityOnHand", "quantityAvailable"],
    "balance": {"locations": ["1", "2"], "every": "15m"},
}


@pytest.fixture
def books(vendor: Vendor) -> Books:
    books = Books()
    vendor.on(SUITEQL, books)
    books.put("item", id=9, stockunit=2)
    books.put("item", id=10)
    return books


def stocked(vendor: Vendor, desk: Desk, **changes: Any) -> Client:
    return client(vendor, desk, kinds={"stock": STOCK | changes})


def put(books: Books, item: int, location: int, on_hand: str) -> None:
    books.put("aggregateitemlocation", item=item, location=location, quantityonhand=on_hand, quantityavailable=on_hand)


def test_a_balance_has_the_stock_unit_and_the_base_unit_beside_it(vendor: Vendor, desk: Desk, books: Books) -> None:
    put(books, 9, 1, "1200")
    put(books, 10, 1, "7")
    (page,) = drained(stocked(vendor, desk), "stock")
    boxed, bare = page.records
    assert boxed.fields == {
        "item": Ref("item", "9", "Bolt M8"),
        "location": Ref("location", "1", "Main warehouse"),
        "quantityOnHand": Quantity(Decimal(100), "Case", Quantity(Decimal(1200), "Each")),
        "quantityAvailable": Quantity(Decimal(100), "Case", Quantity(Decimal(1200), "Each")),
    }
    assert bare.fields["quantityOnHand"] == Decimal(7)
    assert (boxed.id, boxed.number, boxed.stamp) == ("9:1", "Bolt M8", NOW)
    assert boxed.version == NOW.isoformat()
    assert page.snapshot


def test_only_configured_places_and_items_are_read(vendor: Vendor, desk: Desk, books: Books) -> None:
    for item, location in ((9, 1), (9, 3), (10, 2)):
        put(books, item, location, "1")
    assert ids(drained(stocked(vendor, desk), "stock")[0].records) == ["9:1", "10:2"]
    balance = {"locations": ["1", "2"], "items": ["10"]}
    assert ids(drained(stocked(vendor, desk, balance=balance), "stock")[0].records) == ["10:2"]


def test_the_whole_is_read_a_page_a_call_each_once(vendor: Vendor, desk: Desk, books: Books) -> None:
    for item in range(100, 1300):
        books.put("item", id=item)
        for location in (1, 2):
            put(books, item, location, "1")
    pages = drained(stocked(vendor, desk), "stock")
    found = [each for page in pages for each in ids(page.records)]
    assert len(found) == len(set(found)) == 2400
    assert len(books.asked) == 3


def test_nothing_is_asked_until_it_is_time_again(vendor: Vendor, desk: Desk, books: Books) -> None:
    put(books, 9, 1, "12")
    made = stocked(vendor, desk)
    cursor = drained(made, "stock")[-1].cursor
    for _ in range(14):
        desk.later(minutes=1)
        page = made.pull("stock", cursor)
        assert (page.records, page.more) == ((), False)
        cursor = page.cursor
    assert len(books.asked) == 1
    desk.later(minutes=1)
    (again,) = made.pull("stock", cursor).records
    assert again.stamp == NOW + timedelta(minutes=15)
    assert len(books.asked) == 2


def test_balances_are_read_by_item_and_location(vendor: Vendor, desk: Desk, books: Books) -> None:
    put(books, 9, 1, "12")
    put(books, 10, 2, "24")
    put(books, 9, 2, "36")
    found = stocked(vendor, desk).read("stock", ["10:2", "9:1", "10:1"])
    assert [(each.id, isinstance(each, Record) and each.deleted) for each in found] == [
        ("10:2", False),
        ("9:1", False),
        ("10:1", True),
    ]
    with pytest.raises(Refused, match="12:3"):
        stocked(vendor, desk).read("stock", ["9"])
    assert list(stocked(vendor, desk).read("stock", [])) == []


def test_stock_has_no_versions_to_compare(vendor: Vendor, desk: Desk, books: Books) -> None:
    put(books, 9, 1, "12")
    assert list(stocked(vendor, desk).versions("stock", NOW - timedelta(days=1), NOW)) == []
    assert books.asked == []


@pytest.mark.parametrize("text", ["", "{}", '{"v":9,"began":"2026-03-02T00:00:00+00:00","last":null,"done":true}'])
def test_a_cursor_of_another_hand_is_lost(vendor: Vendor, desk: Desk, text: str) -> None:
    with pytest.raises(CursorLost):
        stocked(vendor, desk).pull("stock", text)


def test_a_balance_that_does_not_fit_is_set_aside(vendor: Vendor, desk: Desk, books: Books) -> None:
    put(books, 9, 1, "many")
    put(books, 10, 1, "7")
    (page,) = drained(stocked(vendor, desk), "stock")
    assert ids(page.records) == ["10:1"]
    assert [each.id for each in page.unread] == ["9:1"]
