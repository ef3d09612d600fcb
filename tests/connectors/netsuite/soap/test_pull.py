"""Nothing is lost while records change under a search, and every round ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from connectors.contract import CursorLost, Misconfigured, Throttled
from tests.connectors.netsuite.soap.changing import EARLY, PAGE, Table
from tests.connectors.netsuite.soap.orders import cells, order
from tests.connectors.netsuite.soap.parts import NOW, ORDERS, Desk, drained, ids, reading
from tests.connectors.netsuite.soap.vendor import Said, Vendor, bad, found, refused

COUNT = 4 * PAGE + 1


@pytest.fixture
def table(vendor: Vendor) -> Table:
    table = Table()
    for number in range(1, COUNT + 1):
        table.put(number, number)
    vendor.on("search", table.search)
    vendor.on("searchMoreWithId", table.more)
    return table


def test_the_first_round_reads_everything_once(vendor: Vendor, desk: Desk, table: Table) -> None:
    pages = drained(reading(vendor, desk), "salesOrder")
    assert sorted(map(int, ids(pages))) == list(range(1, COUNT + 1))
    assert [page for _, page in table.asked] == [1, 5, 4, 3, 2]


@pytest.mark.usefixtures("table")
def test_a_search_names_its_type_its_times_and_whole_records(vendor: Vendor, desk: Desk) -> None:
    drained(reading(vendor, desk), "salesOrder")
    asked = vendor.calls("search")[0]
    assert asked.path.startswith("/services/NetSuitePort_20")
    assert asked.headers["soapaction"] == '"search"'
    assert asked.text("bodyFieldsOnly") == ["false"]
    assert asked.text("pageSize") == ["200"]
    (stamp,) = asked.all("lastModifiedDate")
    assert stamp.get("operator") == "within"
    (kind,) = asked.all("type")
    assert (kind.get("operator"), kind[0].text) == ("anyOf", "_salesOrder")


@pytest.mark.parametrize("changed", range(1, COUNT + 1))
@pytest.mark.parametrize("when", range(1, 5))
def test_what_is_changed_meanwhile_takes_no_other_with_it(
    vendor: Vendor, desk: Desk, table: Table, changed: int, when: int
) -> None:
    def edit(answers: int) -> None:
        if answers == when:
            table.stamps[changed] = NOW + timedelta(seconds=5)

    table.meanwhile = edit
    source = reading(vendor, desk)
    first = drained(source, "salesOrder")
    assert set(map(int, ids(first))) >= set(range(1, COUNT + 1)) - {changed}
    desk.later(seconds=30)
    second = drained(source, "salesOrder", first[-1].cursor)
    assert str(changed) in ids(second)


def test_whatever_leaves_between_the_calls_the_rest_is_read(vendor: Vendor, desk: Desk, table: Table) -> None:
    dice = Random(7)
    for _ in range(25):
        for number in range(1, COUNT + 1):
            table.put(number, number)
        gone: set[int] = set()

        def leave(answers: int, gone: set[int] = gone) -> None:
            if answers and dice.random() < 0.6:
                number = dice.randint(1, COUNT)
                table.stamps.pop(number, None)
                gone.add(number)

        table.asked.clear()
        table.meanwhile = leave
        read = set(map(int, ids(drained(reading(vendor, desk), "salesOrder"))))
        assert read >= set(range(1, COUNT + 1)) - gone


def test_what_appears_late_in_the_stretch_makes_the_round_begin_anew(vendor: Vendor, desk: Desk, table: Table) -> None:
    def late(answers: int) -> None:
        if answers == 2:
            table.put(0, 1)

    table.meanwhile = late
    pages = drained(reading(vendor, desk), "salesOrder")
    assert set(map(int, ids(pages))) == set(range(COUNT + 1))
    assert len({name for name, _ in table.asked}) == 2


def test_a_stretch_that_grows_without_end_ends_all_the_same(vendor: Vendor, desk: Desk, table: Table) -> None:
    table.meanwhile = lambda answers: table.put(-answers, 1)
    assert len(drained(reading(vendor, desk), "salesOrder")) < 40


@pytest.mark.parametrize("life", [0, 1, 2])
def test_a_search_that_is_forgotten_is_made_again_and_read_on(
    vendor: Vendor, desk: Desk, table: Table, life: int
) -> None:
    table.life = max(life, 1)
    if not life:
        vendor.on("searchMoreWithId", refused("INVALID_JOB_ID", more=True), table.more)
    pages = drained(reading(vendor, desk), "salesOrder")
    assert set(map(int, ids(pages))) == set(range(1, COUNT + 1))
    assert len(pages) == 5


def test_a_page_that_is_no_more_is_not_missed(vendor: Vendor, desk: Desk, table: Table) -> None:
    def leave(answers: int) -> None:
        if answers == 1:
            for number in range(1, 6):
                del table.stamps[number]

    table.meanwhile = leave
    pages = drained(reading(vendor, desk), "salesOrder")
    assert set(map(int, ids(pages))) >= set(range(6, COUNT + 1))


@pytest.mark.usefixtures("table")
def test_the_mark_moves_only_when_the_round_has_ended(vendor: Vendor, desk: Desk) -> None:
    source = reading(vendor, desk)
    pages = drained(source, "salesOrder")
    assert ['"mark":null' in page.cursor for page in pages] == [True] * 4 + [False]
    desk.later(minutes=30)
    source.pull("salesOrder", pages[-1].cursor)
    since = datetime.fromisoformat(vendor.calls("search")[-1].text("searchValue")[0])
    # settle of a minute and overlap of ten, cut to the minute
    assert since == NOW - timedelta(minutes=11)


@pytest.mark.usefixtures("table")
def test_a_mark_from_a_clock_that_ran_ahead_is_not_believed(vendor: Vendor, desk: Desk) -> None:
    source = reading(vendor, desk)
    desk.later(hours=2)
    cursor = drained(source, "salesOrder")[-1].cursor
    desk.later(hours=-2)
    source.pull("salesOrder", cursor)
    since = datetime.fromisoformat(vendor.calls("search")[-1].text("searchValue")[0])
    assert since == NOW - timedelta(minutes=11)


@pytest.mark.usefixtures("table")
def test_rounds_touch_even_when_the_clock_has_seconds(vendor: Vendor, desk: Desk) -> None:
    source, cursor = reading(vendor, desk), None
    for _ in range(4):
        cursor = drained(source, "salesOrder", cursor)[-1].cursor
        desk.later(seconds=47)
    spans = [(each.text("searchValue")[0], each.text("searchValue2")[0]) for each in vendor.calls("search")]
    assert {datetime.fromisoformat(since).second for since, _ in spans} == {0}
    assert all(
        datetime.fromisoformat(later[0]) < datetime.fromisoformat(earlier[1]) for earlier, later in pairwise(spans)
    )


def test_a_start_is_the_earliest_time_that_is_asked_for(vendor: Vendor, desk: Desk, table: Table) -> None:
    start = EARLY + timedelta(seconds=60)
    for number in range(60, 64):
        table.put(number, number)
    kinds = {"salesOrder": ORDERS | {"start": start}}
    assert set(ids(drained(reading(vendor, desk, kinds=kinds), "salesOrder"))) == {"60", "61", "62", "63"}


def test_the_kin_that_a_search_also_finds_is_left_out(vendor: Vendor, desk: Desk) -> None:
    kin = '<core:record internalId="9" xsi:type="purchases:PurchaseOrder"/>'
    vendor.on("search", found([order(1, cells()), kin]))
    page = reading(vendor, desk).pull("salesOrder", None)
    assert (ids([page]), page.unread) == (["1"], ())


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"v":0}', "no"])
def test_a_cursor_of_another_make_is_lost(vendor: Vendor, desk: Desk, text: str) -> None:
    with pytest.raises(CursorLost):
        reading(vendor, desk).pull("salesOrder", text)


def test_a_warning_with_no_rows_is_a_mistake_and_not_an_empty_account(vendor: Vendor, desk: Desk) -> None:
    vendor.on("search", refused("WARNING", level="WARN"))
    with pytest.raises(Misconfigured, match="value"):
        reading(vendor, desk).pull("salesOrder", None)


def test_too_many_at_once_may_also_be_said_by_a_status(vendor: Vendor, desk: Desk) -> None:
    vendor.on("search", refused("WS_REQUEST_BLOCKED"))
    with pytest.raises(Throttled) as caught:
        reading(vendor, desk).pull("salesOrder", None)
    assert caught.value.scope == "netsuite:123456_sb1:calls"


@pytest.mark.usefixtures("table")
def test_deletions_are_a_page_of_their_own_ten_minutes_apart(vendor: Vendor, desk: Desk) -> None:
    vendor.on("getDeleted", deletions(("5", "salesOrder", "2026-03-02T01:05:30.000-08:00")))
    source = reading(vendor, desk, kinds={"salesOrder": ORDERS | {"deletions": "soap"}})
    cursor = drained(source, "salesOrder")[-1].cursor
    assert not vendor.calls("getDeleted")
    desk.later(minutes=11)
    pages = drained(source, "salesOrder", cursor)
    (told,) = [record for page in pages for record in page.records if record.deleted]
    assert (told.id, told.stamp) == ("5", datetime(2026, 3, 2, 9, 5, 30, tzinfo=UTC))
    desk.later(minutes=5)
    drained(source, "salesOrder", pages[-1].cursor)
    assert len(vendor.calls("getDeleted")) == 1


@pytest.mark.usefixtures("table")
def test_deletions_may_be_learned_by_query(vendor: Vendor, desk: Desk) -> None:
    class Queries:
        def deleted(self, kind: str, since: datetime) -> list[tuple[str, datetime]]:
            assert (kind, since) == ("salesOrder", NOW - timedelta(minutes=11))
            return [("8", NOW)]

    source = reading(vendor, desk, Queries(), kinds={"salesOrder": ORDERS | {"deletions": "query"}})
    cursor = drained(source, "salesOrder")[-1].cursor
    desk.later(minutes=11)
    pages = drained(source, "salesOrder", cursor)
    assert [record.id for page in pages for record in page.records if record.deleted] == ["8"]


def test_rows_get_through_before_a_permission_for_deletions_is_missed(vendor: Vendor, desk: Desk, table: Table) -> None:
    vendor.on(
        "getDeleted",
        Said(
            "<messages:getDeletedResponse><core:getDeletedResult>"
            f"{bad('INSUFFICIENT_PERMISSION')}</core:getDeletedResult></messages:getDeletedResponse>"
        ),
    )
    source = reading(vendor, desk, kinds={"salesOrder": ORDERS | {"deletions": "soap"}})
    cursor = drained(source, "salesOrder")[-1].cursor
    desk.later(minutes=11)
    table.stamps = {70: desk.now}
    page = source.pull("salesOrder", cursor)
    assert (ids([page]), page.more) == (["70"], True)
    with pytest.raises(Misconfigured, match="grant"):
        source.pull("salesOrder", page.cursor)


def deletions(*deleted: tuple[str, str, str]) -> Said:
    listed = "".join(
        f"<core:deletedRecord><core:deletedDate>{at}</core:deletedDate>"
        f'<core:record internalId="{each}" type="{kind}" xsi:type="core:RecordRef"><core:name>private</core:name>'
        "</core:record></core:deletedRecord>"
        for each, kind, at in deleted
    )
    return Said(
        '<messages:getDeletedResponse><core:getDeletedResult><core:status isSuccess="true"/>'
        f"<core:totalRecords>{len(deleted)}</core:totalRecords><core:totalPages>1</core:totalPages>"
        f"<core:deletedRecordList>{listed}</core:deletedRecordList></core:getDeletedResult></messages:getDeletedResponse>"
    )
