from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Fact, Format
from pipelines.plan import Lane, Merge, Route
from pipelines.stages.merge import Assembled, Ready, merge
from tests.pipelines.channel import ROOM, Splitting, weight
from tests.pipelines.make import route

FREELY = route("freely")
NEVER = route("never", merge=Merge.NEVER)


def ready(*weights: int, of: Route = FREELY, first: int = 1) -> list[Ready]:
    return [Ready(id_, of, of.lane, Fact("Deal", f"#{id_}w{heavy}")) for id_, heavy in enumerate(weights, first)]


def carried(messages: list[Assembled]) -> list[tuple[int, ...]]:
    return [message.notices for message in messages]


def merged(facts: list[Ready], free: int) -> list[tuple[int, ...]]:
    return carried(merge(facts, free, Splitting(), "en"))


def test_each_fact_has_its_own_message_while_there_is_room() -> None:
    assert merged(ready(1, 1, 1), 3) == [(1,), (2,), (3,)]


def test_what_there_is_no_room_for_shares_a_message() -> None:
    assert merged(ready(1, 1, 1), 2) == [(1, 2, 3)]


def test_what_does_not_fit_into_the_free_messages_waits() -> None:
    assert merged(ready(*[1] * 11), 2) == [(1, 2, 3, 4), (5, 6, 7, 8)]


@pytest.mark.parametrize("free", [0, -1])
def test_nothing_goes_when_nothing_is_free(free: int) -> None:
    assert merged(ready(1), free) == []
    assert merged([], free) == []


def test_a_fact_that_may_not_be_merged_never_is() -> None:
    facts = [*ready(1, 1), *ready(1, 1, of=NEVER, first=3), *ready(1, first=5)]
    assert merged(facts, 3) == [(1, 2, 5), (3,), (4,)]
    assert merged(facts, 2) == [(1, 2, 5), (3,)]


def test_what_had_to_wait_shares_a_message_and_the_rest_stands_apart_while_there_is_room() -> None:
    first, *others = ready(1, 1, 1, 1)
    facts = [first, *(replace(one, waited=one.id < 4) for one in others)]
    facts += [replace(one, waited=True) for one in ready(1, of=NEVER, first=5)]
    assert merged(facts, 4) == [(1,), (2, 3), (4,), (5,)]
    assert merged(facts, 3) == [(1, 2, 3, 4), (5,)]


def test_whatever_has_waited_longest_goes_first_so_that_nothing_waits_for_ever() -> None:
    assert merged([*ready(1, of=NEVER), *ready(1, 1, first=2)], 1) == [(1,)]
    assert merged([*ready(1), *ready(1, of=NEVER, first=2), *ready(1, first=3)], 1) == [(1, 3)]


def test_a_fact_that_is_too_large_goes_on_beyond_what_is_free() -> None:
    assert merged(ready(9), 1) == [(1,), (1,), (1,)]


def test_only_one_fact_goes_on_beyond_what_is_free() -> None:
    assert merged(ready(9, 9, 9), 3) == [(1,), (1,), (1,)]
    assert merged(ready(9, 9, of=NEVER), 2) == [(1,), (1,), (1,)]
    assert merged(ready(3, 6, 6, 6), 2) == [(1,)]


def test_a_message_counts_the_facts_that_are_in_it() -> None:
    first, second = merge(ready(*[1] * 11), 2, Splitting(), "en")
    assert first.draft.preview == second.draft.preview == "8 updates: Deal #1w1"


def test_only_who_belongs_to_a_fact_that_goes_is_mentioned() -> None:
    facts = [*ready(4, of=route("a", mentions=("li",))), *ready(4, of=route("b", mentions=("wu",)), first=2)]
    assert [message.draft.mentions for message in merge(facts, 1, Splitting(), "en")] == [("li",)]


def test_a_person_is_mentioned_once() -> None:
    facts = ready(1, 1, 1, of=route(mentions=("li", "wu")))
    assert [message.draft.mentions for message in merge(facts, 1, Splitting(), "en")] == [("li", "wu")]


@pytest.mark.parametrize("free", [1, 2, 3])
def test_more_people_than_one_message_may_mention_follow_in_further_ones(free: int) -> None:
    facts = ready(1, 1, of=route(mentions=("a", "b", "c", "d", "e")))
    messages = merge(facts, free, Splitting(), "en")
    mentioned = Counter(user for message in messages for user in message.draft.mentions)
    assert set(mentioned) == {"a", "b", "c", "d", "e"}
    assert carried(messages)[0] == ((1, 2) if free == 1 else (1,))


def test_the_route_says_how_a_single_fact_looks_and_a_digest_is_markdown() -> None:
    card = route(format=Format.ACTION_CARD)
    (alone,) = merge(ready(1, of=card), 1, Splitting(), "en")
    (digest,) = merge(ready(1, 1, of=card), 1, Splitting(), "en")
    assert (alone.draft.format, digest.draft.format) == (Format.ACTION_CARD, Format.MARKDOWN)
    assert (alone.draft.preview, alone.draft.open_label) == ("Deal #1w1", "Open")


def test_a_digest_goes_by_its_most_important_fact() -> None:
    facts = [*ready(1, of=route(lane=Lane.BULK)), *ready(1, of=route(lane=Lane.URGENT), first=2)]
    assert [message.lane for message in merge(facts, 1, Splitting(), "en")] == [Lane.URGENT]


FACTS = st.lists(st.tuples(st.integers(1, 11), st.booleans()), max_size=9).map(
    lambda made: [
        Ready(id_, NEVER if apart else FREELY, Lane.NORMAL, Fact("Deal", f"#{id_}w{heavy}"))
        for id_, (heavy, apart) in enumerate(made, 1)
    ]
)


@given(FACTS, st.integers(0, 6))
def test_each_fact_goes_whole_and_once_or_waits(facts: list[Ready], free: int) -> None:
    messages = merge(facts, free, Splitting(), "en")
    by_id = {one.id: one for one in facts}
    pieces = Counter(id_ for message in messages for id_ in message.notices)
    shown = Counter(fact.number for message in messages for fact in message.draft.facts)
    for id_, count in pieces.items():
        fact = by_id[id_].fact
        # a fact is never cut where it fits, and none of its pieces is left behind
        assert count == shown[fact.number] == -(-weight(fact) // ROOM)
    assert bool(messages) is bool(facts and free > 0)
    for message in messages:
        alone = [id_ for id_ in message.notices if by_id[id_].route is NEVER]
        assert not alone or len(message.notices) == 1
        assert list(message.notices) == sorted(message.notices)


@given(FACTS, st.integers(0, 6))
def test_the_quota_is_kept_but_for_the_end_of_one_fact(facts: list[Ready], free: int) -> None:
    beyond = merge(facts, free, Splitting(), "en")[max(free, 1) - 1 :]
    assert len(beyond) <= 1 or {message.notices for message in beyond} == {(beyond[-1].notices[-1],)}


@given(FACTS, st.integers(1, 6))
def test_order_is_kept_among_what_may_be_merged_and_among_what_may_not(facts: list[Ready], free: int) -> None:
    messages = merge(facts, free, Splitting(), "en")
    by_id = {one.id: one for one in facts}
    for of in (FREELY, NEVER):
        mine = [one.id for one in facts if one.route is of]
        went = [id_ for id_, _ in groupby(id_ for m in messages for id_ in m.notices if by_id[id_].route is of)]
        assert went == mine[: len(went)]


@given(FACTS, st.integers(1, 3))
def test_what_waits_goes_in_the_end(facts: list[Ready], free: int) -> None:
    waiting, turns = facts, 0
    while waiting:
        went = {id_ for message in merge(waiting, free, Splitting(), "en") for id_ in message.notices}
        assert waiting[0].id in went
        waiting, turns = [one for one in waiting if one.id not in went], turns + 1
    assert turns <= len(facts)
