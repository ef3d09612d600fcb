"""What is read of both CRMs at their twins, whatever happens between two rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.contract import HIDDEN, CursorLost
from tests.connectors.sources.desk import Desk, Reader
from tests.connectors.sources.vendor import CLOSES, Vendor
from worker.ledger.arrivals import digest

MANY = 5_000
SOME = 450
"""Three pages of 200 rows."""


def lately() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2)


def test_a_row_committed_late_with_an_older_stamp_is_read(vendor: Vendor, reader: Reader) -> None:
    late, early, *_ = vendor.deals
    reader.round()
    opened = vendor.begin()
    vendor.change(late, "late", transaction=opened)
    vendor.change(early, "early", stamp=datetime.now(UTC) + timedelta(seconds=2))
    # the mark passes the stamps before the commit
    reader.desk.ahead += timedelta(minutes=4)
    before = reader.shown(vendor.text)
    assert before[early] == "early"
    assert before.get(late) != "late"
    vendor.commit(opened)
    after = {each.id: each for each in reader.round()}
    assert after[late].fields[vendor.text] == "late"
    assert after[late].stamp < after[early].stamp


def test_thousands_of_rows_with_one_stamp_are_each_read_once(vendor: Vendor) -> None:
    vendor.page = 900
    desk = Desk()
    reader = Reader(vendor.client(desk), vendor.kind, desk)
    made = vendor.seed(MANY, lately())
    first = [each.id for each in reader.round()]
    assert len(first) == len(set(first))
    assert set(made) <= set(first)
    assert len(made) == MANY
    again = [each.id for each in reader.round()]
    assert len(again) == len(set(again))
    assert set(made) <= set(again), "they are within the overlap"


def test_two_changes_within_a_second_are_two_states_and_a_re_read_is_none(vendor: Vendor, reader: Reader) -> None:
    deal, stamp = vendor.deals[0], datetime.now(UTC) + timedelta(seconds=10)
    reader.round()
    states = []
    for step in ("Call", "Visit"):
        vendor.change(deal, step, stamp=stamp)
        for _time in range(2):
            states += [each for each in reader.round() if each.id == deal]
    assert len(states) == 4
    assert len({state.version for state in states}) == 1
    assert [digest(state) for state in states[::2]] == [digest(state) for state in states[1::2]]
    assert digest(states[0]) != digest(states[2])


def test_a_round_may_be_interrupted_between_any_two_pages(vendor: Vendor) -> None:
    made = vendor.seed(SOME, lately())
    found: list[str] = []
    cursor, more, pages = None, True, 0
    while more:
        # each page is read by a process that has just begun, and once more, as after a crash before the commit
        page, again = (vendor.client(Desk()).pull(vendor.kind, cursor) for _time in range(2))
        assert page.records == again.records
        found += [each.id for each in page.records]
        cursor, more, pages = page.cursor, page.more, pages + 1
    assert pages > 2
    assert len(found) == len(set(found))
    assert set(made) <= set(found)


def test_a_cursor_of_the_vendor_that_expires_loses_nothing(vendor: Vendor, reader: Reader) -> None:
    made = vendor.seed(SOME, lately())
    first = reader.page()
    assert reader.more
    vendor.expire_cursors()
    assert set(made) <= {each.id for each in (*first, *reader.rest())}


def test_a_cursor_that_cannot_be_read_starts_a_new_scan(vendor: Vendor, reader: Reader) -> None:
    reader.round()
    reader.cursor = '{"v": 0}'
    with pytest.raises(CursorLost):
        reader.page()
    reader.cursor = None
    assert set(vendor.deals) <= {each.id for each in reader.round()}


@pytest.mark.parametrize("how", ["removed", "renamed", "restricted"])
def test_a_field_that_goes_between_two_pages_is_hidden_and_stops_nothing(
    vendor: Vendor, reader: Reader, how: str
) -> None:
    made = set(vendor.seed(SOME, lately()))
    first = {each.id: each for each in reader.page()}
    vendor.alter(how)
    rest = {each.id: each for each in reader.rest()}
    assert made <= first.keys() | rest.keys()
    assert {first[each].fields[vendor.date] for each in made & first.keys()} == {CLOSES}
    assert {each.fields[vendor.date] for each in rest.values()} == {HIDDEN}
    assert all(vendor.text in each.fields for each in rest.values())


def test_a_field_that_is_retyped_between_two_pages_is_read_as_what_it_is_now(vendor: Vendor, reader: Reader) -> None:
    made = vendor.seed(SOME, lately())
    first = {each.id for each in reader.page()}
    vendor.alter("retyped")
    changed = next(each for each in made if each not in first)
    vendor.change(changed, "in spring", field=vendor.date)
    rest = {each.id: each for each in reader.rest()}
    assert set(made) <= first | rest.keys()
    assert rest[changed].fields[vendor.date] == "in spring"
    assert {each.fields[vendor.date] for each in reader.round()} <= {CLOSES.isoformat(), "in spring", None}
