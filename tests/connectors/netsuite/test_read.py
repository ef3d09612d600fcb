"""Reading by id, and the list of versions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.contract import Choice, Misconfigured, Record, Refused
from connectors.netsuite.client import Client
from tests.connectors.netsuite.books import Books
from tests.connectors.netsuite.parts import NOW, Desk, client, drained
from tests.connectors.netsuite.vendor import SUITEQL, Vendor

STAMP = "2026-03-02 00:40:00"


@pytest.fixture
def books(vendor: Vendor) -> Books:
    books = Books()
    vendor.on(SUITEQL, books)
    return books


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]  # parts are year, month, day and so on


def listed(made: Client, since: datetime, until: datetime) -> list[tuple[str, str]]:
    return list(made.versions("salesOrder", since, until))


def test_two_hundred_records_and_their_lines_are_two_calls(vendor: Vendor, desk: Desk, books: Books) -> None:
    for number in range(1, 201):
        books.order(number, STAMP)
        books.line(number, 1, item=9, quantity="-12", units=1, foreignamount="-5")
    wanted = [str(number) for number in range(200, 0, -1)]
    found = client(vendor, desk, page_size=3).read("salesOrder", wanted)
    assert [each.id for each in found] == wanted
    assert all(isinstance(each, Record) and each.fields["item"] for each in found)
    assert len(books.asked) == 2


def test_more_than_two_hundred_are_read_in_parts(vendor: Vendor, desk: Desk, books: Books) -> None:
    for number in range(1, 252):
        books.order(number, STAMP)
    found = client(vendor, desk).read("salesOrder", [str(number) for number in range(1, 252)])
    assert [each.id for each in found] == [str(number) for number in range(1, 252)]
    assert not [each for each in found if isinstance(each, Record) and each.deleted]


def test_a_record_is_read_as_it_was_pulled(vendor: Vendor, desk: Desk, books: Books) -> None:
    books.order(1, STAMP)
    books.line(1, 1, item=9, quantity="-12", units=2, foreignamount="-5")
    made = client(vendor, desk)
    assert tuple(made.read("salesOrder", ["1"])) == drained(made, "salesOrder")[0].records


def test_what_is_not_found_is_deleted_now(vendor: Vendor, desk: Desk, books: Books) -> None:
    books.order(1, STAMP)
    one, gone = client(vendor, desk).read("salesOrder", ["1", "2", "1"])
    assert isinstance(one, Record)
    assert isinstance(gone, Record)
    assert (one.deleted, gone.deleted, gone.id, gone.stamp) == (False, True, "2", NOW)


def test_a_record_of_another_type_is_not_this_kinds(vendor: Vendor, desk: Desk, books: Books) -> None:
    books.order(1, STAMP, type="PurchOrd")
    (found,) = client(vendor, desk).read("salesOrder", ["1"])
    assert isinstance(found, Record)
    assert found.deleted


@pytest.mark.parametrize("wrong", ["", "1 OR 1=1", "1.5", "abc", "1" * 30])
def test_what_is_no_id_is_not_asked_for(vendor: Vendor, desk: Desk, wrong: str) -> None:
    with pytest.raises(Refused, match="internal id"):
        client(vendor, desk).read("salesOrder", ["1", wrong])
    assert vendor.asked == []


def test_reading_nothing_asks_nothing(vendor: Vendor, desk: Desk) -> None:
    assert list(client(vendor, desk).read("salesOrder", [])) == []
    assert vendor.asked == []


def test_customers_are_read_from_their_own_table(vendor: Vendor, desk: Desk, books: Books) -> None:
    books.put("customer", id=61, entityid="CUST-61", companyname="Harbour", isinactive="F", lastmodifieddate=STAMP)
    kinds = {"customer": {"fields": ["companyName", "isInactive"], "types": {"isInactive": "truth"}}}
    ((record,),) = (page.records for page in drained(client(vendor, desk, kinds=kinds), "customer"))
    assert record.fields == {"companyName": "Harbour", "isInactive": False}
    assert (record.number, record.changed_by) == ("CUST-61", None)
    assert record.url.endswith("/app/common/entity/entity.nl?id=61")


def test_a_custom_record_has_a_stamp_of_another_name(vendor: Vendor, desk: Desk, books: Books) -> None:
    books.db.executescript(
        "CREATE TABLE customrecord_machine (id INTEGER, name TEXT, custrecord_state INTEGER, lastmodified TEXT)"
    )
    books.put("customrecord_machine", id=4, name="Press", custrecord_state=2, lastmodified=STAMP)
    kind = {
        "fields": ["custrecord_state"],
        "table": "customrecord_machine",
        "number": "name",
        "types": {"custrecord_state": "choice"},
    }
    ((record,),) = (page.records for page in drained(client(vendor, desk, kinds={"machine": kind}), "machine"))
    assert record.fields == {"custrecord_state": Choice("2", "2")}
    assert (record.number, record.version, record.url) == ("Press", STAMP, "")


def test_versions_are_those_of_the_records(vendor: Vendor, desk: Desk, books: Books) -> None:
    for number in range(1, 12):
        books.order(number, f"2026-03-01 10:00:0{number // 3}")
    made = client(vendor, desk, page_size=4)
    pulled = {(record.id, record.version) for page in drained(made, "salesOrder") for record in page.records}
    found = listed(made, at(2000, 1, 1), at(2100, 1, 1))
    assert set(found) == pulled
    assert len(found) == 11


def test_a_stretch_begins_with_its_first_second_and_ends_before_its_last(
    vendor: Vendor, desk: Desk, books: Books
) -> None:
    for number, stamp in enumerate(("00:39:59", "00:40:00", "00:40:59", "00:41:00"), 1):
        books.order(number, f"2026-03-02 {stamp}")
    found = listed(client(vendor, desk), at(2026, 3, 2, 8, 40), at(2026, 3, 2, 8, 41))
    assert [each[0] for each in found] == ["2", "3"]


def test_an_empty_stretch_asks_nothing(vendor: Vendor, desk: Desk) -> None:
    assert listed(client(vendor, desk), NOW, NOW) == []
    assert vendor.asked == []


def test_an_amount_in_another_currency_than_its_document_is_never_read_as_the_documents(
    vendor: Vendor, desk: Desk
) -> None:
    order = {"fields": ["item.netAmount"], "types": {"item.netAmount": "money"}}
    with pytest.raises(Misconfigured, match="subsidiary"):
        client(vendor, desk, kinds={"salesOrder": order}).read("salesOrder", ["1"])
