from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Scalar
from pipelines.plan import Lane
from pipelines.stages.supersede import Waiting, supersede
from tests.pipelines.make import at, notice


def chain(*states: Mapping[str, Scalar], first: int = 1, **more: Any) -> list[Waiting]:
    """What waits after a reader who knew the first of these states missed all others."""
    return [
        Waiting(seq, notice(now, seq, before={n: v for n, v in was.items() if now.get(n) != v}, **more))
        for seq, (was, now) in enumerate(pairwise(states), first)
    ]


def test_one_state_goes_as_it_is() -> None:
    waiting = chain({"a": "1"}, {"a": "2"})
    assert supersede(waiting) == (waiting, [])


def test_the_newest_state_goes_with_what_the_reader_knew() -> None:
    newest, gone = supersede(chain({"a": "1", "b": "x"}, {"a": "2", "b": "x"}, {"a": "3", "b": "y"}))
    assert gone == [(1, 2)]
    assert [(one.id, one.notice.fields, one.notice.before) for one in newest] == [
        (2, {"a": "3", "b": "y"}, {"a": "1", "b": "x"})
    ]


def test_what_came_back_to_what_it_was_is_no_change() -> None:
    newest, gone = supersede(chain({"a": "A", "b": "1"}, {"a": "B", "b": "1"}, {"a": "A", "b": "2"}))
    assert gone == [(1, 2)]
    assert newest[0].notice.before == {"b": "1"}


def test_what_was_empty_before_is_told_as_empty() -> None:
    newest, _ = supersede(chain({"a": None}, {"a": "1"}, {"a": "2"}))
    assert newest[0].notice.before == {"a": None}


def test_a_record_that_the_reader_never_saw_is_still_new() -> None:
    waiting = [Waiting(1, notice({"a": "1"}, 1, new=True)), Waiting(2, notice({"a": "2"}, 2, before={"a": "1"}))]
    assert supersede(waiting)[0][0].notice.new


def test_a_deletion_stands_for_what_came_before_it() -> None:
    waiting = [*chain({"a": "1"}, {"a": "2"}), Waiting(2, notice({"a": "2"}, 2, deleted=True))]
    (one,), gone = supersede(waiting)
    assert (one.id, one.notice.deleted, one.notice.before, gone) == (2, True, {"a": "1"}, [(1, 2)])


def test_routes_and_records_are_kept_apart() -> None:
    waiting = [
        *chain({"a": "1"}, {"a": "2"}),
        *chain({"a": "1"}, {"a": "2"}, first=2, route="other"),
        *chain({"a": "1"}, {"a": "2"}, first=3, record_id="2"),
        *chain({"a": "1"}, {"a": "2"}, first=4, kind="Order"),
        *chain({"a": "1"}, {"a": "2"}, first=5, source="erp"),
    ]
    newest, gone = supersede(waiting)
    assert ([one.id for one in newest], gone) == ([1, 2, 3, 4, 5], [])


def test_pairs_name_who_is_told_in_the_end() -> None:
    _, gone = supersede(chain(*({"a": str(n)} for n in range(6))))
    assert gone == [(1, 5), (2, 5), (3, 5), (4, 5)]


def test_a_late_arrival_of_an_older_state_stands_back() -> None:
    waiting = [Waiting(7, notice({"a": "new"}, 2, stamp=at(9))), Waiting(8, notice({"a": "old"}, 3, stamp=at(8)))]
    newest, gone = supersede(waiting)
    assert ([one.id for one in newest], gone) == ([7], [(8, 7)])


def test_of_two_states_with_one_stamp_the_later_arrival_is_told() -> None:
    waiting = [Waiting(2, notice({}, 5, stamp=at(1))), Waiting(1, notice({}, 4, stamp=at(1)))]
    assert supersede(waiting)[1] == [(1, 2)]


def test_the_newest_state_keeps_its_own_lane() -> None:
    waiting = [Waiting(1, notice({}, 1, lane=Lane.BULK)), Waiting(2, notice({}, 2, lane=Lane.URGENT))]
    assert supersede(waiting)[0][0].notice.lane is Lane.URGENT


FIELDS = st.fixed_dictionaries({name: st.sampled_from(["x", "y", None]) for name in ("a", "b")})


@given(st.lists(FIELDS, min_size=2, max_size=6), st.integers(0, 5), st.randoms())
def test_however_much_was_missed_the_difference_is_to_what_the_reader_knew(
    states: list[dict[str, Scalar]], told_at: int, random: Any
) -> None:
    waiting = chain(*states)
    random.shuffle(waiting)
    newest, gone = supersede(waiting)
    assert len(newest) == 1
    known, now = states[0], states[-1]
    assert newest[0].notice.fields == now
    assert newest[0].notice.before == {name: value for name, value in known.items() if now[name] != value}
    assert {old for old, _ in gone} | {newest[0].id} == {one.id for one in waiting}
    # what was superseded while the newest went on waiting comes to the same when it is asked again
    cut = chain(*states)[: told_at + 1]
    later = supersede([*supersede(cut)[0], *chain(*states)[told_at + 1 :]])[0]
    assert [one.notice.before for one in later] == [newest[0].notice.before]
