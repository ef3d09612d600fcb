"""Which facts go now and which wait, so that a recipient is left in peace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipelines.plan import Lane
from pipelines.quiet import Allowance, Quiet
from pipelines.stages.spared import LATE, MANY, SPARED, Count, Lately, Why, late, spare
from pipelines.stages.supersede import Waiting
from pipelines.windows import window
from tests.pipelines.make import notice

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
NIGHT = Quiet("UTC", (window("22:00-08:00"),))


def waits(id_: int, since: datetime, of: str = "") -> Waiting:
    return Waiting(id_, notice({}, id_, record_id=of or str(id_)), since=since)


def record(id_: str) -> tuple[str, str, str]:
    return notice({}, record_id=id_).subject


def marked(facts: object) -> list[int]:
    assert isinstance(facts, list | tuple)
    return [one.id for one in facts if one.waited]


def test_in_quiet_hours_nothing_goes_until_they_end() -> None:
    spared = spare(NIGHT, Lately(), [waits(1, NOW)], NOW.replace(hour=23))
    assert (spared.go, spared.most, spared.why) == ((), 0, Why.HOURS)
    assert spared.shut == NOW.replace(day=19, hour=8)


def test_what_came_in_them_or_before_is_marked_and_what_came_after_is_not() -> None:
    came = [waits(1, NOW.replace(day=17, hour=21)), waits(2, NOW.replace(hour=3)), waits(3, NOW.replace(hour=8))]
    assert marked(spare(NIGHT, Lately(), came, NOW).go) == [1, 2]


def test_the_smallest_room_of_all_budgets_counts_and_the_longest_wait() -> None:
    used = Count(Allowance(1, HOUR), [NOW - 10 * MINUTE])
    more = Count(Allowance(2, 2 * HOUR), [NOW - 20 * MINUTE, NOW - 5 * MINUTE], Why.PERSON)
    free = Count(Allowance(5, HOUR), [NOW])
    assert spare(None, Lately([free, Count(Allowance(9, HOUR), [])]), [waits(1, NOW)], NOW).most == 4
    spared = spare(None, Lately([used, more, free]), [waits(1, NOW)], NOW)
    assert (spared.go, spared.shut, spared.why) == ((), NOW + 100 * MINUTE, Why.PERSON)


def test_a_record_that_was_told_of_waits_and_is_marked_afterwards() -> None:
    quiet = Quiet("UTC", gather=10 * MINUTE)
    lately = Lately(about={record("a"): NOW})
    facts = [waits(1, NOW + MINUTE, "a"), waits(2, NOW + MINUTE, "b")]
    assert [one.id for one in spare(quiet, lately, facts, NOW + 9 * MINUTE).go] == [2]
    spared = spare(quiet, lately, facts, NOW + 10 * MINUTE)
    assert [one.id for one in spared.go] == [1, 2]
    assert marked(spared.go) == [1]
    assert marked(spare(quiet, lately, [waits(3, NOW + 11 * MINUTE, "a")], NOW + 12 * MINUTE).go) == []


def test_many_late_facts_are_one_summary_and_the_states_of_one_record_are_not_many() -> None:
    old = [waits(n, NOW - LATE) for n in range(MANY + 1)]
    assert marked(late([*old, waits(9, NOW)], NOW)) == [one.id for one in old]
    assert marked(late(old[1:], NOW)) == []
    assert marked(late([waits(n, NOW - LATE, "a") for n in range(9)], NOW)) == []


@given(
    facts=st.lists(st.tuples(st.integers(0, 3000), st.sampled_from("abcd")), max_size=12),
    told=st.dictionaries(st.sampled_from("abcd"), st.integers(0, 3000)),
    came=st.lists(st.integers(0, 300), max_size=6),
    hour=st.integers(0, 23),
)
def test_nothing_vanishes_and_what_does_not_go_has_a_reason(
    facts: list[tuple[int, str]], told: dict[str, int], came: list[int], hour: int
) -> None:
    now = NOW.replace(hour=hour)
    quiet = Quiet("UTC", NIGHT.hours, gather=30 * MINUTE)
    waiting = [waits(n, now - ago * MINUTE, name) for n, (ago, name) in enumerate(facts)]
    about = {record(name): now - ago * MINUTE for name, ago in told.items()}
    count = Count(Allowance(3, HOUR), [now - ago * MINUTE for ago in came])
    spared = spare(quiet, Lately([count], about), waiting, now)
    gone, stayed = {one.id for one in spared.go}, {one.id for one in waiting} - {one.id for one in spared.go}
    assert gone <= {one.id for one in waiting}
    if spared.shut is not None:
        assert not gone
        assert spared.shut > now
        assert spare(quiet, Lately([count], about), waiting, spared.shut).shut != spared.shut
        return
    assert spared.most == 3 - sum(ago < 60 for ago in came)
    for one in waiting:
        gathered = about.get(one.notice.subject, now - HOUR) + quiet.gather > now
        assert (one.id in stayed) == gathered


def test_only_two_lanes_are_spared() -> None:
    assert {Lane.APPROVAL, Lane.URGENT}.isdisjoint(SPARED)
