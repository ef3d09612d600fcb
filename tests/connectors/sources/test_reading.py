"""What is read of all sources at their twins, whatever happens between two rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from connectors.contract import HIDDEN, CursorLost, Misconfigured, Record
from tests.connectors.sources.desk import Desk, Reader, kept
from tests.connectors.sources.vendor import CLOSES, Lack, Vendor

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
    before = reader.round()
    shown = {each.id: each.fields[vendor.text] for each in before}
    assert shown[early] == "early"
    assert shown.get(late) != "late"
    vendor.commit(opened)
    after = reader.round()
    assert {each.id: each.fields[vendor.text] for each in after}[late] == "late"
    stamps = {each.id: each.stamp for each in [*before, *after]}
    assert stamps[late] < stamps[early]


def test_thousands_of_rows_with_one_stamp_are_each_read_once(vendor: Vendor) -> None:
    vendor.page = 900
    desk = Desk()
    reader = Reader(vendor.client(desk), vendor.kind, desk)
    made = vendor.seed(MANY, lately())
    first = reader.round()
    _each_once(vendor, first)
    assert set(made) <= {each.id for each in first}
    assert len(made) == MANY
    again = reader.round()
    _each_once(vendor, again)
    if Lack.OVERLAP in vendor.lacks:
        assert again == []
    else:
        assert set(made) <= {each.id for each in again}, "they are within the overlap"


def test_two_changes_within_a_second_are_two_states_and_a_re_read_is_none(vendor: Vendor, reader: Reader) -> None:
    deal, stamp = vendor.deals[0], datetime.now(UTC) + timedelta(seconds=10)
    reader.round()
    states = []
    for step in ("Call", "Visit"):
        vendor.change(deal, step, stamp=stamp)
        for _time in range(2):
            states += [each for each in reader.round() if each.id == deal]
    times = 1 if Lack.OVERLAP in vendor.lacks else 2
    assert [state.fields[vendor.text] for state in states] == ["Call"] * times + ["Visit"] * times
    assert len({state.stamp for state in states}) == 1
    assert kept(states) == [deal, deal]


def test_a_round_may_be_interrupted_between_any_two_pages(vendor: Vendor) -> None:
    made = vendor.seed(SOME, lately())
    found: list[Record] = []
    cursor, more, pages = None, True, 0
    while more:
        # each page is read by a process that has just begun, and once more, as after a crash before the commit
        page, again = (vendor.client(Desk()).pull(vendor.kind, cursor) for _time in range(2))
        assert page.records == again.records
        found += page.records
        cursor, more, pages = page.cursor, page.more, pages + 1
    assert pages > 2
    _each_once(vendor, found)
    assert set(made) <= {each.id for each in found}


def test_a_cursor_of_the_vendor_that_expires_loses_nothing(vendor: Vendor, reader: Reader) -> None:
    made = vendor.seed(SOME, lately())
    first = reader.page()
    assert reader.more
    vendor.expire_cursors(reader.cursor or "")
    assert set(made) <= {each.id for each in (*first, *reader.rest())}


def test_a_cursor_that_expires_between_two_rounds_loses_nothing(vendor: Vendor, reader: Reader) -> None:
    deal, *_ = vendor.deals
    reader.round()
    vendor.change(deal, "in the gap")
    vendor.expire_cursors(reader.cursor or "")
    assert reader.shown(vendor.text)[deal] == "in the gap"
    vendor.change(deal, "after the gap")
    assert reader.shown(vendor.text)[deal] == "after the gap"


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
    if how == "restricted" and Lack.RESTRICT in vendor.lacks:
        _refused_altogether(vendor, reader, made - first.keys())
        return
    vendor.alter(how)
    if how == "restricted" and Lack.REFUSAL in vendor.lacks:
        # so long its description is believed
        reader.desk.ahead += timedelta(minutes=2)
    rest = {each.id: each for each in reader.rest()}
    assert made <= first.keys() | rest.keys()
    assert {first[each].fields[vendor.date] for each in made & first.keys()} == {CLOSES}
    if Lack.HIDDEN in vendor.lacks:
        assert {each.fields[vendor.date] for each in rest.values()} <= {None, CLOSES}
    else:
        assert {each.fields[vendor.date] for each in rest.values()} == {HIDDEN}
    assert all(vendor.text in each.fields for each in rest.values())


@pytest.mark.parametrize("how", ["removed", "renamed"])
def test_a_field_that_goes_between_two_rounds_loses_no_change(vendor: Vendor, reader: Reader, how: str) -> None:
    deal, *_ = vendor.deals
    reader.round()
    vendor.alter(how)
    vendor.change(deal, "since then")
    (*_, found) = [each for each in reader.round() if each.id == deal]
    assert found.fields[vendor.text] == "since then"
    if Lack.HIDDEN not in vendor.lacks:
        assert found.fields[vendor.date] == HIDDEN


def test_a_field_that_is_retyped_between_two_pages_is_read_as_what_it_is_now(vendor: Vendor, reader: Reader) -> None:
    if Lack.RETYPE in vendor.lacks:
        with pytest.raises(NotImplementedError, match="https://"):
            vendor.alter("retyped")
        return
    made = vendor.seed(SOME, lately())
    first = {each.id for each in reader.page()}
    vendor.alter("retyped")
    changed = next(each for each in made if each not in first)
    vendor.change(changed, "in spring", field=vendor.date)
    rest = {each.id: each for each in reader.rest()}
    assert set(made) <= first | rest.keys()
    assert rest[changed].fields[vendor.date] == "in spring"
    assert {each.fields[vendor.date] for each in reader.round()} <= {CLOSES.isoformat(), "in spring", None}


def _each_once(vendor: Vendor, records: Sequence[Record]) -> None:
    """Look that nothing came twice, of a vendor without exact places nothing that the ledger would keep."""
    ids = kept(records) if Lack.PLACE in vendor.lacks else [each.id for each in records]
    assert len(ids) == len(set(ids))


def _refused_altogether(vendor: Vendor, reader: Reader, missing: set[str]) -> None:
    """Look that a right to the whole kind that is taken away for a while is told, and nothing is lost."""
    vendor.arm(status=403, count=1, body=vendor.forbidden())
    with pytest.raises(Misconfigured):
        reader.page()
    assert missing <= {each.id for each in reader.rest()}
