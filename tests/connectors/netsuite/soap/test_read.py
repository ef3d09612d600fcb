"""Records by id, versions, and what was deleted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.contract import Malformed, Misconfigured, Record, Refused, Retryable, Unread
from tests.connectors.netsuite.soap.changing import EARLY, Table
from tests.connectors.netsuite.soap.orders import read
from tests.connectors.netsuite.soap.parts import NOW, ORDERS, VERSION, Desk, drained, reading
from tests.connectors.netsuite.soap.test_pull import deletions
from tests.connectors.netsuite.soap.vendor import Asked, Said, Vendor, bad, currency, got

PLAIN = {"salesOrder": ORDERS | {"fields": ["memo", "status"]}}
UNTIL = EARLY + timedelta(hours=1)


def test_records_come_in_the_order_of_their_ids_each_once(vendor: Vendor, desk: Desk) -> None:
    vendor.on("getList", got(read(7), bad("RCRD_DSNT_EXIST"), read(5)))
    first, missing, last = reading(vendor, desk, kinds=PLAIN).read("salesOrder", ["7", "6", "5", "7"])
    assert isinstance(first, Record)
    assert isinstance(last, Record)
    assert isinstance(missing, Record)
    assert (first.id, first.version, missing.id, last.id) == ("7", VERSION, "6", "5")
    assert (missing.deleted, missing.stamp, dict(missing.fields)) == (True, NOW, {})
    (asked,) = vendor.calls("getList")
    refs = [(each.get("type"), each.get("internalId")) for each in asked.all("baseRef")]
    assert refs == [("salesOrder", "7"), ("salesOrder", "6"), ("salesOrder", "5")]


def test_no_ids_no_call(vendor: Vendor, desk: Desk) -> None:
    assert reading(vendor, desk).read("salesOrder", []) == []
    assert not vendor.asked


def test_many_ids_are_asked_for_by_two_hundred(vendor: Vendor, desk: Desk) -> None:
    vendor.on("getList", lambda asked: got(*(read(each.get("internalId")) for each in asked.all("baseRef"))))
    assert len(reading(vendor, desk, kinds=PLAIN).read("salesOrder", [str(each) for each in range(450)])) == 450
    assert [len(each.all("baseRef")) for each in vendor.calls("getList")] == [200, 200, 50]


def test_currencies_are_learned_before_the_first_amount(vendor: Vendor, desk: Desk) -> None:
    def script(asked: Asked) -> Said:
        kinds = {each.get("type") for each in asked.all("baseRef")}
        return got(currency("1", "HKD")) if kinds == {"currency"} else got(read(7))

    vendor.on("getList", script)
    (record,) = reading(vendor, desk, kinds={"salesOrder": ORDERS | {"fields": ["total"]}}).read("salesOrder", ["7"])
    assert isinstance(record, Record)
    assert record.fields["total"].currency == "HKD"  # type: ignore[union-attr]


@pytest.mark.parametrize("code", ["USER_ERROR", "INSUFFICIENT_PERMISSION"])
def test_a_locked_or_forbidden_record_is_set_aside_and_the_others_are_read(
    vendor: Vendor, desk: Desk, code: str
) -> None:
    vendor.on("getList", got(bad(code, "This record has been locked by a user defined workflow."), read(5)))
    locked, other = reading(vendor, desk, kinds=PLAIN).read("salesOrder", ["7", "5"])
    assert isinstance(locked, Unread)
    assert isinstance(other, Record)
    assert "lock" in locked.sentence


def test_a_fault_of_the_vendors_own_is_none_of_the_record(vendor: Vendor, desk: Desk) -> None:
    vendor.on("getList", got(read(5), bad("UNEXPECTED_ERROR")))
    with pytest.raises(Retryable):
        reading(vendor, desk, kinds=PLAIN).read("salesOrder", ["5", "7"])


def test_fewer_answers_than_ids_are_not_guessed_at(vendor: Vendor, desk: Desk) -> None:
    vendor.on("getList", got(read(5)))
    with pytest.raises(Malformed):
        reading(vendor, desk, kinds=PLAIN).read("salesOrder", ["5", "7"])


def test_a_refusal_of_the_whole_list_is_told(vendor: Vendor, desk: Desk) -> None:
    whole = f"<messages:readResponseList>{bad('INSUFFICIENT_PERMISSION')}</messages:readResponseList>"
    vendor.on("getList", Said(f"<messages:getListResponse>{whole}</messages:getListResponse>"))
    with pytest.raises(Misconfigured, match="grant"):
        reading(vendor, desk, kinds=PLAIN).read("salesOrder", ["5"])


@pytest.mark.parametrize("record_id", ["", "7 OR 1", "abc", "<x/>"])
def test_what_is_no_id_is_not_asked_for(vendor: Vendor, desk: Desk, record_id: str) -> None:
    with pytest.raises(Refused):
        reading(vendor, desk).read("salesOrder", [record_id])
    assert not vendor.asked


def test_a_kind_that_is_not_configured(vendor: Vendor, desk: Desk) -> None:
    with pytest.raises(Misconfigured, match="invoice"):
        reading(vendor, desk).pull("invoice", None)


@pytest.fixture
def table(vendor: Vendor) -> Table:
    table = Table()
    for number in range(1, 12):
        table.put(number, number * 60)
    vendor.on("search", table.search)
    vendor.on("searchMoreWithId", table.more)
    return table


@pytest.mark.usefixtures("table")
def test_versions_are_those_of_the_records(vendor: Vendor, desk: Desk) -> None:
    source = reading(vendor, desk)
    pulled = {(each.id, each.version) for page in drained(source, "salesOrder") for each in page.records}
    listed = list(source.versions("salesOrder", EARLY, UNTIL))
    assert set(listed) == pulled
    assert len(listed) == len(pulled)


@pytest.mark.usefixtures("table")
def test_versions_ask_for_two_columns_of_main_lines(vendor: Vendor, desk: Desk) -> None:
    list(reading(vendor, desk).versions("salesOrder", EARLY, UNTIL))
    asked = vendor.calls("search")[0]
    assert (asked.text("returnSearchColumns"), asked.text("pageSize")) == (["true"], ["1000"])
    assert asked.all("mainLine")[0][0].text == "true"


@pytest.mark.usefixtures("table")
def test_versions_end_before_the_end_and_begin_with_the_beginning(vendor: Vendor, desk: Desk) -> None:
    since, until = EARLY + timedelta(seconds=150), EARLY + timedelta(seconds=300)
    found = reading(vendor, desk).versions("salesOrder", since, until)
    assert {each for each, _ in found} == {"3", "4"}
    kinds = {"salesOrder": ORDERS | {"start": until}}
    assert list(reading(vendor, desk, kinds=kinds).versions("salesOrder", since, until)) == []


def test_what_changes_while_versions_are_listed_takes_no_other_with_it(
    vendor: Vendor, desk: Desk, table: Table
) -> None:
    def edit(answers: int) -> None:
        if answers == 2:
            table.stamps[1] = NOW

    table.meanwhile = edit
    found = [each for each, _ in reading(vendor, desk).versions("salesOrder", EARLY, UNTIL)]
    assert set(found) >= {str(each) for each in range(2, 12)}
    assert len(found) == len(set(found))


def test_a_row_without_a_stamp_is_not_passed_over(vendor: Vendor, desk: Desk) -> None:
    body = (
        '<messages:searchResponse><core:searchResult><core:status isSuccess="true"/><core:totalRecords>1'
        "</core:totalRecords><core:totalPages>1</core:totalPages><core:searchRowList>"
        '<core:searchRow xsi:type="sales:TransactionSearchRow"><sales:basic><common:internalId>'
        '<core:searchValue internalId="1"/></common:internalId></sales:basic></core:searchRow>'
        "</core:searchRowList></core:searchResult></messages:searchResponse>"
    )
    vendor.on("search", Said(body))
    with pytest.raises(Malformed):
        list(reading(vendor, desk).versions("salesOrder", EARLY, UNTIL))


def test_deleted_records_by_type_and_time_without_their_names(vendor: Vendor, desk: Desk) -> None:
    early, late = "2026-03-01T23:00:10.000-08:00", "2026-03-02T00:30:00.000-08:00"
    vendor.on("getDeleted", deletions(("5", "salesOrder", early), ("6", "salesOrder", late)))
    since = datetime(2026, 3, 2, 7, 0, 30, tzinfo=UTC)
    found = reading(vendor, desk).deleted("salesOrder", since)
    assert [(each, at.astimezone(UTC)) for each, at in found] == [("6", datetime(2026, 3, 2, 8, 30, tzinfo=UTC))]
    (asked,) = vendor.calls("getDeleted")
    (kind,) = asked.all("type")
    assert (kind[0].text, asked.text("pageIndex")) == ("salesOrder", ["1"])
    assert asked.all("deletedDate")[0].get("operator") == "onOrAfter"


def test_every_page_of_deleted_records_is_read(vendor: Vendor, desk: Desk) -> None:
    whole = deletions(("5", "salesOrder", "2026-03-02T00:30:00.000-08:00"))
    two = Said(whole.body.replace("<core:totalPages>1", "<core:totalPages>2"))
    other = Said(two.body.replace('internalId="5"', 'internalId="6"'))
    vendor.on("getDeleted", two, other)
    assert [each for each, _ in reading(vendor, desk).deleted("salesOrder", EARLY)] == ["5", "6"]
    assert [each.text("pageIndex") for each in vendor.calls("getDeleted")] == [["1"], ["2"]]
