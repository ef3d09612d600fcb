"""No change is lost, every round ends, and each page can be read again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothetically
from hypothesis import strategies as st

from connectors.contract import CursorLost, Listing, Malformed, Misconfigured, Record, Throttled
from connectors.dynamics.business_central.client import Client
from tests.connectors.dynamics.business_central.books import EARLY, Books, gid, open_books, stamp
from tests.connectors.dynamics.business_central.parts import NOW, Desk, client, drained
from tests.connectors.dynamics.business_central.vendor import BELOW, Said, error, payload, rows

KIND = {"fields": ["externalDocumentNumber"]}
MS = timedelta(milliseconds=1)


@pytest.fixture
def books(desk: Desk) -> Iterator[Books]:
    with open_books(lambda: desk.now) as books:
        books.sets["salesOrders"] = {}
        yield books


def reader(books: Books, desk: Desk, size: int = 3, **kind: Any) -> Client:
    return client(books.vendor, desk, kinds={"salesOrders": KIND | kind}, page_size=size, page_size_with_lines=size)


def ids(found: list[Any]) -> set[str]:
    return {record.id for page in found for record in page.records}


def test_everything_is_found_page_by_page(books: Books, desk: Desk) -> None:
    for number in range(10):
        books.put("salesOrders", number, EARLY + number * timedelta(seconds=1))
    pages = drained(reader(books, desk), "salesOrders")
    assert ids(pages) == {gid(number) for number in range(10)}
    assert len(pages) > 3


def test_a_filter_names_one_property_alone(books: Books, desk: Desk) -> None:
    """The vendor refuses `or` over two properties."""
    for number in range(7):
        books.put("salesOrders", number, EARLY)
    drained(reader(books, desk), "salesOrders")
    asked = [one.params for one in books.vendor.calls("salesOrders") if one.params["$select"] != "id"]
    filters = [params["$filter"] for params in asked if "$filter" in params]
    assert filters
    assert not [text for text in filters if " or " in text]
    assert {params["$orderby"] for params in asked} == {"lastModifiedDateTime asc"}


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_any_number_of_records_may_share_a_millisecond(books: Books, desk: Desk, size: int) -> None:
    for number in range(7):
        books.put("salesOrders", number, EARLY)
    books.put("salesOrders", 7, EARLY + MS)
    books.put("salesOrders", 8, EARLY + 2 * MS)
    assert ids(drained(reader(books, desk, size), "salesOrders")) == {gid(number) for number in range(9)}


def test_a_record_that_changes_during_a_round_pushes_none_out_of_sight(books: Books, desk: Desk) -> None:
    """Paging by counting would skip one for each record that moves to the end."""
    for number in range(30):
        books.put("salesOrders", number, EARLY + number * timedelta(seconds=1))
    made, cursor, found, more = reader(books, desk), None, set[str](), True
    for number in range(200):
        page = made.pull("salesOrders", cursor)
        cursor, more = page.cursor, page.more
        found |= {record.id for record in page.records}
        if not more:
            break
        books.touch("salesOrders", gid(number % 3), EARLY + timedelta(minutes=5, seconds=number))
    assert not more
    assert found == {gid(number) for number in range(30)}


def test_a_second_round_finds_what_changed_and_what_appeared_late(books: Books, desk: Desk) -> None:
    made = reader(books, desk)
    books.put("salesOrders", 1, NOW - timedelta(hours=1))
    cursor = drained(made, "salesOrders")[-1].cursor
    desk.later(minutes=2)
    books.put("salesOrders", 2, NOW - timedelta(minutes=4))
    books.put("salesOrders", 3, NOW + timedelta(minutes=1))
    assert ids(drained(made, "salesOrders", cursor)) == {gid(2), gid(3)}


def test_a_busy_company_does_not_hold_a_round_up(books: Books, desk: Desk) -> None:
    made = reader(books, desk, size=1)
    for number in range(3):
        books.put("salesOrders", number, NOW - timedelta(minutes=1))
    cursor, pages = None, 0
    while pages < 50:
        page = made.pull("salesOrders", cursor)
        cursor, pages = page.cursor, pages + 1
        if not page.more:
            break
        desk.later(seconds=1)
        books.put("salesOrders", 100 + pages, desk.now)
    assert pages < 20


def test_a_lost_link_goes_on_at_the_last_rows_stamp(books: Books, desk: Desk) -> None:
    made = reader(books, desk)
    for number in range(3):
        books.put("salesOrders", number, EARLY)
    for number in range(3, 6):
        books.put("salesOrders", number, EARLY + number * timedelta(seconds=1))
    first = made.pull("salesOrders", None)
    second = made.pull("salesOrders", first.cursor)
    books.lost_links = True
    found = ids([first, second])
    desk.later(hours=5)
    page = made.pull("salesOrders", second.cursor)
    books.lost_links = False
    assert found | ids([page, *drained(made, "salesOrders", page.cursor)]) == {gid(number) for number in range(6)}


def test_links_that_are_never_taken_end_in_a_sentence(books: Books, desk: Desk) -> None:
    for number in range(9):
        books.put("salesOrders", number, EARLY)
    books.lost_links = True
    with pytest.raises(Misconfigured, match="page_size"):
        drained(reader(books, desk), "salesOrders")


def test_the_vendors_link_is_followed_as_it_stands(books: Books, desk: Desk) -> None:
    link = f"{books.vendor.base}{BELOW}salesOrders?aid=FIRST&$skiptoken=8%2521a%252f%2B,%27x%27"
    same = [payload("salesorder") | {"id": gid(number)} for number in range(2)]
    books.vendor.on("GET", "salesOrders", rows(*same, link=link), rows(*same, link=link), rows())
    made = reader(books, desk)
    cursor = made.pull("salesOrders", None).cursor
    cursor = made.pull("salesOrders", cursor).cursor
    made.pull("salesOrders", cursor)
    assert books.vendor.asked[-1].target == link.removeprefix(books.vendor.base)


def test_changes_are_read_from_the_replica_and_single_records_are_not(books: Books, desk: Desk) -> None:
    books.put("salesOrders", 1, EARLY)
    made = reader(books, desk)
    drained(made, "salesOrders")
    made.read("salesOrders", [gid(1)])
    pulled, listed, read = books.vendor.calls("salesOrders")
    assert {one.headers["data-access-intent"] for one in (pulled, listed)} == {"ReadOnly"}
    assert "data-access-intent" not in read.headers
    assert pulled.headers["prefer"] == "odata.maxpagesize=3"
    without = client(books.vendor, desk, kinds={"salesOrders": KIND}, replica=False)
    drained(without, "salesOrders")
    assert "data-access-intent" not in books.vendor.calls("salesOrders")[-1].headers


def test_documents_with_lines_come_in_smaller_pages(books: Books, desk: Desk) -> None:
    kinds = {"salesOrders": {"fields": ["salesOrderLines.quantity"]}}
    client(books.vendor, desk, kinds=kinds).pull("salesOrders", None)
    assert books.vendor.calls("salesOrders")[0].headers["prefer"] == "odata.maxpagesize=100"


def test_a_start_leaves_out_what_is_older(books: Books, desk: Desk) -> None:
    books.put("salesOrders", 1, EARLY)
    books.put("salesOrders", 2, EARLY + timedelta(days=1))
    made = reader(books, desk, start=(EARLY + timedelta(hours=1)).isoformat())
    assert ids(drained(made, "salesOrders")) == {gid(2)}


def test_a_row_without_a_stamp_is_set_aside_and_the_others_go_on(books: Books, desk: Desk) -> None:
    books.vendor.on("GET", "salesOrders", rows({"id": gid(1), "number": "1"}, payload("salesorder")))
    page = reader(books, desk).pull("salesOrders", None)
    assert [each.id for each in page.unread] == [gid(1)]
    assert len(page.records) == 1


def test_rows_in_another_order_are_not_believed(books: Books, desk: Desk) -> None:
    older = payload("salesorder") | {"lastModifiedDateTime": stamp(EARLY - timedelta(days=2000))}
    books.vendor.on("GET", "salesOrders", rows(payload("salesorder"), older))
    with pytest.raises(Malformed, match="order"):
        reader(books, desk).pull("salesOrders", None)


def test_a_cursor_of_another_version_is_lost(books: Books, desk: Desk) -> None:
    for text in ("", "[]", '{"v":0}', '{"v":1}', '{"v":1,"mark":"2026-01-01T00:00:00","scan":null}'):
        with pytest.raises(CursorLost):
            reader(books, desk).pull("salesOrders", text)


def test_a_description_that_has_grown_old_is_read_again_once(books: Books, desk: Desk) -> None:
    books.put("salesOrders", 1, EARLY)
    made = reader(books, desk)
    made.pull("salesOrders", None)
    metadata = "/v2.0/contoso.example/production/api/v2.0/$metadata"
    described = len(books.vendor.calls(metadata))
    desk.later(minutes=5)
    found = [error("BadRequest", message="Could not find a property named 'x'"), rows(payload("salesorder"))]
    books.vendor.on("GET", "salesOrders", *found)
    assert made.pull("salesOrders", None).records
    assert len(books.vendor.calls(metadata)) == described + 1
    books.vendor.on("GET", "salesOrders", error("BadRequest"))
    with pytest.raises(Misconfigured, match="query"):
        made.pull("salesOrders", None)


def test_pressure_grows_and_names_the_budget(books: Books, desk: Desk) -> None:
    made = reader(books, desk)
    made.pull("salesOrders", None)
    books.vendor.on("GET", "salesOrders", Said(429))
    waits = []
    for _ in range(7):
        with pytest.raises(Throttled) as raised:
            made.pull("salesOrders", None)
        waits.append(raised.value.after)
        assert raised.value.scope == made.budgets()[0].key
    seconds = [wait.total_seconds() for wait in waits if wait]
    assert seconds == [10, 20, 40, 80, 160, 300, 300]


def test_all_ids_are_listed_once_in_a_while_because_nothing_else_tells_of_deletions(books: Books, desk: Desk) -> None:
    for number in range(5):
        books.put("salesOrders", number, NOW - timedelta(minutes=5))
    made = reader(books, desk, deletions="1h")
    pages = drained(made, "salesOrders")
    (listing,) = [page.listing for page in pages if page.listing]
    assert (listing.first, listing.last) == (True, True)
    assert set(listing.ids) == {gid(number) for number in range(5)}
    asked = books.vendor.calls("salesOrders")[-1]
    assert asked.params == {"$select": "id"}
    assert asked.headers["prefer"] == "odata.maxpagesize=20000"
    desk.later(minutes=59)
    again = drained(made, "salesOrders", pages[-1].cursor)
    assert not [page for page in again if page.listing], "it is not due"
    desk.later(minutes=1)
    del books.sets["salesOrders"][gid(2)]
    due = drained(made, "salesOrders", again[-1].cursor)
    assert gid(2) not in {each for page in due if page.listing for each in page.listing.ids}


def test_a_long_list_of_ids_comes_in_parts_and_begins_again_when_its_link_is_lost(books: Books, desk: Desk) -> None:
    made = reader(books, desk)
    pages = drained(made, "salesOrders")
    link = f"{books.vendor.base}{BELOW}salesOrders?$skiptoken=2"
    desk.later(days=1)
    begun = made.pull("salesOrders", pages[-1].cursor)
    books.vendor.on("GET", "salesOrders", rows({"id": gid(1)}, link=link), rows({"id": gid(2)}))
    first = made.pull("salesOrders", begun.cursor)
    last = made.pull("salesOrders", first.cursor)
    assert first.listing == Listing((gid(1),), first=True, last=False)
    assert last.listing == Listing((gid(2),), first=False, last=True)
    assert (first.more, last.more) == (True, False)
    books.vendor.on("GET", "salesOrders", error("BadRequest"), rows({"id": gid(3)}))
    assert made.pull("salesOrders", first.cursor).listing == Listing((gid(3),), first=True, last=True)


STOCK = {"stock": {"entity_set": "items", "reading": "snapshot", "fields": ["inventory"], "every": "15m"}}


def items(books: Books, count: int) -> None:
    books.sets["items"] = {}
    for number in range(count):
        books.put("items", number, EARLY, inventory=number, baseUnitOfMeasureCode="PCS")


def test_a_snapshot_reads_all_and_rests_until_it_is_due(books: Books, desk: Desk) -> None:
    items(books, 7)
    made = client(books.vendor, desk, kinds=STOCK, page_size=3)
    pages = drained(made, "stock")
    assert all(page.snapshot for page in pages)
    assert ids(pages) == {gid(number) for number in range(7)}
    books.vendor.forget()
    desk.later(minutes=14)
    rest = made.pull("stock", pages[-1].cursor)
    assert (rest.records, rest.more) == ((), False)
    assert not books.vendor.asked, "between two snapshots nothing is asked"
    desk.later(minutes=1)
    books.sets["items"][gid(3)]["inventory"] = 99
    (changed,) = [
        record
        for page in drained(made, "stock", rest.cursor)
        for record in page.records
        if record.fields["inventory"] != pages[0].records[0].fields["inventory"] and record.id == gid(3)
    ]
    assert changed.version > pages[-1].records[-1].version
    assert list(made.versions("stock", EARLY, NOW)) == []


def test_a_snapshot_whose_link_is_lost_begins_again(books: Books, desk: Desk) -> None:
    items(books, 5)
    made = client(books.vendor, desk, kinds=STOCK, page_size=3)
    first = made.pull("stock", None)
    books.lost_links = True
    again = made.pull("stock", first.cursor)
    assert [record.id for record in again.records] == [record.id for record in first.records]
    assert again.listing is not None
    assert again.listing.first, "what was listed before is void"


def test_what_is_missing_in_a_snapshot_may_be_gone(books: Books, desk: Desk) -> None:
    items(books, 5)
    made = client(books.vendor, desk, kinds=STOCK, page_size=3)
    pages = drained(made, "stock")
    listings = [page.listing for page in pages if page.listing]
    assert [(each.first, each.last) for each in listings] == [(True, False), (False, True)]
    assert [record_id for each in listings for record_id in each.ids] == [gid(number) for number in range(5)]
    rest = made.pull("stock", pages[-1].cursor)
    assert rest.listing is None, "between two snapshots nothing is known to be gone"
    del books.sets["items"][gid(3)]
    (gone,) = made.read("stock", [gid(3)])
    assert isinstance(gone, Record)
    assert gone.deleted


def test_stamps_are_compared_with_a_millisecond_to_spare(books: Books, desk: Desk) -> None:
    """Rounded or cut: what is shown as .767 may be stored a little earlier or later."""
    for number in range(4):
        books.put("salesOrders", number, EARLY + number * timedelta(seconds=1))
    made = reader(books, desk, size=2)
    made.pull("salesOrders", made.pull("salesOrders", None).cursor)
    text = books.vendor.calls("salesOrders")[-1].params["$filter"]
    border = datetime.fromisoformat(re.findall(r"ge (\S+)", text)[0])
    assert border == EARLY + timedelta(seconds=1) - MS


def test_the_list_of_versions_has_each_record_once_and_the_border_belongs_to_the_later(
    books: Books, desk: Desk
) -> None:
    for number in range(9):
        books.put("salesOrders", number, EARLY + (number // 4) * timedelta(seconds=1))
    made = reader(books, desk, size=2)
    border = EARLY + timedelta(seconds=1)
    before, after = list(made.versions("salesOrders", EARLY, border)), list(made.versions("salesOrders", border, NOW))
    assert [record_id for record_id, _ in before] == [gid(number) for number in range(4)]
    assert sorted(record_id for record_id, _ in after) == [gid(number) for number in range(4, 9)]
    (one,) = made.read("salesOrders", [gid(0)])
    assert isinstance(one, Record)
    assert (one.id, one.version) in before


def test_many_ids_are_read_in_few_calls_and_what_is_gone_is_told(books: Books, desk: Desk) -> None:
    for number in range(0, 100, 2):
        books.put("salesOrders", number, EARLY)
    wanted = [gid(number) for number in range(100)]
    found = reader(books, desk, size=1000).read("salesOrders", [*wanted, gid(0).upper()])
    assert [each.id for each in found] == wanted
    gone = {each.id for each in found if isinstance(each, Record) and each.deleted}
    assert gone == {gid(number) for number in range(1, 100, 2)}
    assert len(books.vendor.calls("salesOrders")) == 3


def test_a_row_that_never_fits_does_not_cost_a_description_in_every_round(books: Books, desk: Desk) -> None:
    bad = payload("salesorder") | {"externalDocumentNumber": 7}
    books.vendor.on("GET", "salesOrders", rows(bad))
    made = reader(books, desk)
    for _ in range(6):
        assert made.pull("salesOrders", None).unread
        desk.later(minutes=2)
    assert len(books.vendor.calls("/v2.0/contoso.example/production/api/v2.0/$metadata")) <= 2


@hypothetically(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(offsets=st.lists(st.integers(0, 4), max_size=14), size=st.integers(1, 4), moves=st.lists(st.integers(0, 13)))
def test_whatever_the_stamps_and_pages_are_each_record_is_found_and_listed_once(
    books: Books, desk: Desk, offsets: list[int], size: int, moves: list[int]
) -> None:
    """Records may change while they are read: `moves` names one for each page."""
    books.sets["salesOrders"] = {}
    for number, offset in enumerate(offsets):
        books.put("salesOrders", number, EARLY + offset * MS)
    everything = {gid(number) for number in range(len(offsets))}
    made, cursor, found, more, later = reader(books, desk, size), None, set[str](), True, EARLY + timedelta(hours=1)
    listed = list(made.versions("salesOrders", EARLY, NOW))
    assert sorted(record_id for record_id, _ in listed) == sorted(everything)
    while more:
        page = made.pull("salesOrders", cursor)
        found |= {record.id for record in page.records}
        cursor, more = page.cursor, page.more
        if moves and (moved := moves.pop()) < len(offsets):
            later += MS
            books.touch("salesOrders", gid(moved), later)
    assert found == everything
