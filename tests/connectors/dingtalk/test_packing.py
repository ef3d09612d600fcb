"""Every part fits into 20,000 bytes, and the parts together tell everything."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connectors.contract import Draft, Fact, Format, Line
from connectors.dingtalk.packing import at_most, cut, weigh
from connectors.dingtalk.robot import MOST_BYTES, Robot
from tests.connectors.dingtalk.scripted import UNHURRIED, robot

KEY = str(UUID(int=0)) + "-12345678"
ROBOT = robot()

blown = st.builds(
    lambda text, times: text * times,
    st.text(alphabet='ab "\\\n*#@中😀é\x07', min_size=1, max_size=8),
    st.sampled_from([1, 1, 1, 40, 600]),
)
facts = st.builds(
    Fact,
    title=blown,
    number=blown,
    url=st.sampled_from(["", "https://a.example/1", "https://a.example/" + "中(" * 3_000, "x:" + "中" * 9_000]),
    lines=st.lists(st.builds(Line, label=blown, value=blown, before=st.none() | blown), max_size=3).map(tuple),
    notes=st.lists(blown, max_size=2).map(tuple),
)
drafts = st.builds(
    Draft,
    preview=blown,
    facts=st.lists(facts, max_size=4).map(tuple),
    format=st.sampled_from(Format),
    mentions=st.integers(0, 120).map(lambda count: tuple(f"user{n:03}" for n in range(count))),
    open_label=blown,
)


def bodies(draft: Draft, client: Robot = ROBOT) -> list[bytes]:
    return [client.freeze(part, KEY) for part, _ in client.pack(draft)]


def bare(text: str) -> str:
    """Only what can neither be escaped nor be part of a mark: the sequence of these signs must survive."""
    return re.sub(r"[^ab中😀é]", "", text)


def values(facts: Sequence[Fact]) -> str:
    return "".join(
        bare(text) for fact in facts for line in fact.lines for text in (line.before or "", line.value)
    ) + "".join(bare(note) for fact in facts for note in fact.notes)


@given(drafts)
@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(Draft("p", (Fact("t" * 30_000, "n" * 30_000, "", "a" * 30_000),)))
@example(Draft("\\" * 5_000, (Fact("t", lines=(Line("l" * 30_000, '"' * 60_000, "\n" * 30_000),)),), Format.TEXT))
def test_every_part_fits_and_nothing_is_lost(draft: Draft) -> None:
    parts = ROBOT.pack(draft)
    frozen = [ROBOT.freeze(part, KEY) for part, _ in parts]
    assert [len(body) for body in frozen if len(body) > MOST_BYTES] == []
    assert sorted({index for _, indexes in parts for index in indexes}) == list(range(len(draft.facts)))
    assert [len(part.mentions) for part, _ in parts if len(part.mentions) > 50] == []
    assert tuple(person for part, _ in parts for person in part.mentions) == draft.mentions
    short = all(
        len(text) < 200
        for fact in draft.facts
        for text in (fact.title, fact.number, *(line.label for line in fact.lines))
    )
    if short and all(not fact.url.startswith("x:") and len(fact.url) < 100 for fact in draft.facts):
        assert values([fact for part, _ in parts for fact in part.facts]) == values(draft.facts)


def order(number: int, size: int = 1) -> Fact:
    return Fact(f"Order {number}", f"SO-{number}", lines=(Line("Amount", f"HKD {number}.00 " + "值" * size),))


def test_a_small_draft_is_one_part_and_unchanged() -> None:
    draft = Draft("p", (order(1), order(2)))
    assert ROBOT.pack(draft) == [(draft, (0, 1))]


def test_facts_are_not_cut_when_they_fit_into_a_message_of_their_own() -> None:
    draft = Draft("Orders", tuple(order(number, 3_000) for number in range(5)))
    parts = ROBOT.pack(draft)
    assert [indexes for _, indexes in parts] == [(0, 1), (2, 3), (4,)]
    assert [part.facts for part, _ in parts] == [draft.facts[:2], draft.facts[2:4], draft.facts[4:]]
    assert [part.preview for part, _ in parts] == ["Orders (1/3)", "Orders (2/3)", "Orders (3/3)"]


def test_a_fact_too_large_goes_on_under_its_number_with_a_mark() -> None:
    large = replace(order(7), lines=tuple(Line(f"Line {n}", "值" * 2_000) for n in range(8)))
    parts = ROBOT.pack(Draft("Order", (order(1), large, order(2))))
    told = [(fact.title, fact.number) for part, _ in parts for fact in part.facts]
    assert told == [("Order 1", "SO-1"), *((f"Order 7 ({n}/3)", "SO-7") for n in (1, 2, 3)), ("Order 2", "SO-2")]
    lines = [line for part, _ in parts for fact in part.facts if fact.number == "SO-7" for line in fact.lines]
    assert lines == list(large.lines)
    assert parts[0][1] == (0, 1)
    assert parts[-1][1] == (1, 2)


def test_a_long_value_is_cut_into_pieces_that_make_it_up() -> None:
    value = "".join(f"{n:05d}号" for n in range(8_000))
    parts = ROBOT.pack(Draft("p", (Fact("t", "N-1", lines=(Line("Text", value, "old"),)),)))
    assert len(parts) > 2
    pieces = [line for part, _ in parts for fact in part.facts for line in fact.lines]
    assert "".join(line.value for line in pieces) == value
    assert [line.before for line in pieces if line.before is not None] == ["old"]
    assert {line.label for line in pieces} == {"Text"}


def test_fifty_people_are_mentioned_in_one_message_and_the_rest_in_more() -> None:
    people = tuple(f"u{n}" for n in range(120))
    sent = [msgspec.json.decode(body) for body in bodies(Draft("Stop", (order(1),), mentions=people))]
    assert [body["at"]["atUserIds"] for body in sent] == [list(people[:50]), list(people[50:100]), list(people[100:])]
    assert all(f"@{person}" in body["markdown"]["text"].split() for body in sent for person in body["at"]["atUserIds"])
    assert "SO-1" in sent[0]["markdown"]["text"]


@pytest.mark.parametrize("format_", list(Format))
@pytest.mark.parametrize("changes", [{}, {"keyword": '警报"' * 20}, {"idempotency": False}])
def test_the_limit_is_kept_with_every_setting(format_: Format, changes: dict[str, Any]) -> None:
    draft = Draft("通" * 2_000, (replace(order(1, 30_000), url="https://a.example/x"),), format_, open_label='"' * 300)
    sent = bodies(draft, robot(**changes))
    assert max(map(len, sent)) <= MOST_BYTES
    assert min(map(len, sent[:-1])) > MOST_BYTES * 0.8


@UNHURRIED
@given(st.text(max_size=300), st.integers(64, 256))
def test_pieces_make_up_the_text(text: str, room: int) -> None:
    pieces = cut(text, room, lambda piece: weigh(piece.encode("utf-8", "replace").decode()))
    assert "".join(pieces) == text


def test_a_byte_of_json_is_counted_as_one() -> None:
    assert weigh('值"\n😀') == 3 + 2 + 2 + 4


@hypothesis_settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(draft=drafts, keyword=st.sampled_from(["", "Order", "订单"]))
def test_no_body_is_larger_than_what_is_said_of_it_beforehand(draft: Draft, keyword: str) -> None:
    client = robot(keyword=keyword or None)
    assert len(client.freeze(draft, "")) <= at_most(draft, keyword)


@pytest.mark.parametrize("sign", ["\x07", "\u202e", "\n", "\\", "@", '"', "*", "中", "😀", "("])
@pytest.mark.parametrize("style", Format)
def test_no_sign_grows_beyond_what_is_said_beforehand(sign: str, style: Format) -> None:
    text = sign * 400
    fact = Fact(text, text, "https://a.example/" + text, text, (Line(text, text, text),), (text,))
    for facts, caption in (((fact,), text), ((fact, fact), ""), ((), text)):
        draft = Draft(preview=text, facts=facts, format=style, mentions=(text,), open_label=caption)
        assert len(ROBOT.freeze(draft, "")) <= at_most(draft, "")
