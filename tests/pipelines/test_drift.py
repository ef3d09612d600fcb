from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import HIDDEN, Choice, Money, Row, Value
from pipelines.chain import Decision, decide
from pipelines.drift import GONE_AFTER, LEARNED, Change, Presence, Seen, Sight, Watch
from pipelines.plan import Compare, Drift, FieldType, Kind, Route, Threshold
from tests.pipelines.make import NOW, Story, deal, field, reasons, record, route

T = FieldType
STAGE, AMOUNT = field("stage"), field("amount", T.MONEY, currency="HKD")
LINES = field("lines", T.TABLE, columns=(field("item"), field("count", T.NUMBER)))
WHOLE: Mapping[str, Value] = {"stage": "won", "amount": Decimal(5)}
LESS: Mapping[str, Value] = {"stage": "won"}


def kind(mode: Drift = Drift.EVOLVE) -> Kind:
    return replace(deal(STAGE, AMOUNT, LINES), drift=mode)


def learned(mode: Drift = Drift.EVOLVE, fields: Mapping[str, Value] = WHOLE) -> Watch:
    watch = Watch(kind(mode), {})
    for _ in range(LEARNED):
        assert watch.look(record(fields)) == frozenset()
    return watch


def now(watch: Watch) -> dict[str, Sight]:
    return {path: sight for path, _, sight in watch.changes()}


def changed(watch: Watch) -> dict[str, tuple[Change, str, str]]:
    return {path: (s.change, s.became, s.record) for path, s in now(watch).items() if s.change}


def test_what_is_usual_is_learned_from_the_records() -> None:
    found = now(learned(fields={**WHOLE, "lines": ()}))
    assert found["stage"] == Sight(frozenset({"text"}), Presence.ALWAYS)
    assert found["amount"] == Sight(frozenset({"number"}), Presence.ALWAYS)
    assert found["lines"] == Sight(frozenset({"list"}), Presence.ALWAYS)
    assert now(learned())["lines"].presence is Presence.NEVER


def test_what_stays_as_it_is_is_written_once() -> None:
    watch = learned()
    watch.written()
    for _ in range(100):
        watch.look(record(WHOLE))
    assert list(watch.changes()) == []


def test_a_field_that_is_missing_again_and_again_is_gone() -> None:
    watch = learned()
    for _ in range(GONE_AFTER - 1):
        watch.look(record(LESS, number="SO-7"))
    watch.look(record(WHOLE))
    assert changed(watch) == {}
    for place in range(GONE_AFTER):
        assert changed(watch) == {}
        watch.look(record(LESS, number=f"SO-{place}"))
    assert changed(watch) == {"amount": (Change.GONE, "", f"SO-{GONE_AFTER - 1}")}


def test_a_field_that_is_back_is_no_longer_gone() -> None:
    watch = learned()
    for _ in range(GONE_AFTER):
        watch.look(record(LESS))
    watch.look(record(WHOLE))
    assert changed(watch) == {}


def test_a_field_that_was_not_in_every_record_is_never_gone() -> None:
    watch = Watch(kind(), {})
    for place in range(10 * LEARNED):
        watch.look(record(WHOLE if place == 3 else LESS))
    assert changed(watch) == {}
    assert now(watch)["amount"].presence is Presence.SOMETIMES


@pytest.mark.parametrize(
    ("value", "became"),
    [("five", "text"), (HIDDEN, "hidden"), (Money(Decimal(5), "HKD"), "money"), (Choice("5", "five"), "choice")],
)
def test_another_type_is_told_at_once(value: Value, became: str) -> None:
    watch = learned()
    watch.look(record({**WHOLE, "amount": value}, number="SO-7"))
    assert changed(watch) == {"amount": (Change.RETYPED, became, "SO-7")}


def test_an_empty_value_has_every_type() -> None:
    watch = learned()
    watch.look(record({**WHOLE, "amount": None}))
    assert changed(watch) == {}


def test_the_columns_of_a_table_are_looked_at_in_all_its_rows() -> None:
    row: Row = {"item": "tea", "count": Decimal(1)}
    watch = learned(fields={**WHOLE, "lines": (row, row)})
    watch.look(record({**WHOLE, "lines": ()}))
    watch.look(record({**WHOLE, "lines": (row, {"item": "tea"})}))
    assert changed(watch) == {}
    watch.look(record({**WHOLE, "lines": (row, {**row, "count": "1"})}, number="SO-7"))
    assert changed(watch) == {"lines.count": (Change.RETYPED, "text", "SO-7")}
    for _ in range(GONE_AFTER):
        watch.look(record({**WHOLE, "lines": ({"item": "tea"},)}, number="SO-8"))
    assert changed(watch)["lines.count"] == (Change.GONE, "", "SO-8")


def test_a_deletion_says_nothing_of_the_fields() -> None:
    watch = learned()
    for _ in range(2 * GONE_AFTER):
        watch.look(record({}, deleted=True))
    assert changed(watch) == {}


def test_a_field_that_never_came_and_comes_is_told_only_where_it_is_kept_out() -> None:
    more = {**WHOLE, "lines": ({"item": "tea"},)}
    evolves = learned()
    evolves.look(record(more))
    assert changed(evolves) == {}
    holds = learned(Drift.HOLD)
    assert holds.look(record(more, number="SO-7")) == {"lines"}
    assert changed(holds)["lines"] == (Change.NEW, "list", "SO-7")


@pytest.mark.parametrize("mode", [Drift.FREEZE, Drift.HOLD])
def test_what_is_not_accepted_is_kept_out_from_its_first_record_on(mode: Drift) -> None:
    watch = learned(mode)
    assert watch.look(record(LESS)) == {"amount"}
    assert watch.look(record(WHOLE)) == frozenset()
    assert watch.look(record({**WHOLE, "amount": "five"})) == {"amount"}
    assert watch.look(record(WHOLE)) == {"amount"}
    assert watch.look(record({}, deleted=True)) == {"amount"}


@pytest.mark.parametrize("mode", [Drift.FREEZE, Drift.HOLD])
def test_what_is_accepted_is_usual(mode: Drift) -> None:
    watch = learned(mode)
    watch.look(record({**WHOLE, "amount": "five"}))
    for _ in range(GONE_AFTER):
        watch.look(record({"amount": Decimal(1)}))
    accepted = {path: sight.accepted() for path, sight in now(watch).items()}
    again = Watch(kind(mode), accepted)
    for fields in (WHOLE, {**WHOLE, "amount": "five"}, {"amount": "five"}):
        assert again.look(record(fields)) == frozenset()


def test_a_worker_that_begins_goes_on_with_what_others_learned() -> None:
    again = Watch(kind(), now(learned()))
    again.look(record({**WHOLE, "stage": Decimal(7)}, number="SO-7"))
    assert changed(again) == {"stage": (Change.RETYPED, "number", "SO-7")}


COMES = st.dictionaries(
    st.sampled_from(["stage", "amount", "lines"]),
    st.sampled_from([None, "won", Decimal(5), HIDDEN, ({"item": "tea"},), ()]),
)


@given(st.lists(COMES, max_size=30))
def test_whatever_comes_a_change_stays_kept_out_until_it_is_accepted(events: list[Mapping[str, Value]]) -> None:
    watch = learned(Drift.HOLD)
    kept: set[str] = set()
    for fields in events:
        names = watch.look(record(fields))
        assert kept <= names
        kept = {path.partition(".")[0] for path in changed(watch)}
    assert Watch(kind(Drift.HOLD), now(watch)).look(record(WHOLE)) == kept
    accepted = {path: sight.accepted() for path, sight in now(watch).items()}
    assert Watch(kind(Drift.HOLD), accepted).look(record({}, deleted=True)) == frozenset()


sights = st.builds(Sight, st.frozensets(st.sampled_from(["text", "number"])), st.sampled_from(Presence))


@given(sights, sights)
def test_two_workers_know_together_what_each_of_them_saw(one: Sight, other: Sight) -> None:
    joined = Seen("crm", "Deal", True, "x", Sight(), one).over(other)
    assert joined == Seen("crm", "Deal", True, "x", Sight(), other).over(one)
    assert joined.types == one.types | other.types
    if Presence.SOMETIMES in (one.presence, other.presence):
        assert joined.presence is Presence.SOMETIMES


BIG = Threshold("big", "amount", Compare.AT_LEAST, Money(Decimal(1), "HKD"))


def decided(mode: Drift, of: Route, drifted: frozenset[str], *later: Mapping[str, Value]) -> list[Decision]:
    """Decide a record that is known, then these states of it, while `drifted` does not come as it did."""
    story = Story(kind(mode), of)
    story.sees(WHOLE, 0)
    found = []
    for minute, fields in enumerate(later, start=1):
        event = replace(story.event(fields, minute), drifted=drifted)
        one = decide(story.of, event, NOW)
        story.seq, story.known = story.seq + 1, one.state or story.known
        found.append(one)
    return found


def test_hold_holds_what_would_show_or_ask_for_the_field_and_nothing_else() -> None:
    lost = {**WHOLE, "stage": "lost", "amount": Decimal(9)}
    amount = frozenset({"amount"})
    shows, asks = route(fields=("stage", "amount")), route(fields=("stage",), when="big", thresholds=(BIG,))
    for of in (shows, asks, route(fields=("stage",), required=("amount",))):
        [one] = decided(Drift.HOLD, of, amount, lost)
        assert reasons(one) == ["drift:amount"]
        assert [notice.fields for notice, _ in one.held] == [{"stage": "lost"}]
    [other] = decided(Drift.HOLD, route(fields=("stage",)), amount, lost)
    assert [notice.fields for notice in other.notices] == [{"stage": "lost"}]


def test_freeze_leaves_the_field_out_and_tells_of_no_change_of_it() -> None:
    shows = route(fields=("stage", "amount"))
    lost, dearer = {**WHOLE, "stage": "lost"}, {**WHOLE, "stage": "lost", "amount": Decimal(9)}
    told, silent = decided(Drift.FREEZE, shows, frozenset({"amount"}), lost, dearer)
    assert [(n.fields, n.before) for n in told.notices] == [({"stage": "lost"}, {"stage": "won"})]
    assert reasons(silent) == ["unchanged"]
    [asked] = decided(
        Drift.FREEZE, route(fields=("stage",), when="big", thresholds=(BIG,)), frozenset({"amount"}), lost
    )
    assert reasons(asked) == ["drift:amount"]


def test_what_was_kept_out_is_told_once_it_is_accepted() -> None:
    story = Story(kind(Drift.HOLD), route(fields=("stage", "amount")))
    story.sees(WHOLE, 0)
    event = replace(story.event({**WHOLE, "amount": Decimal(9)}, 1), drifted=frozenset({"amount"}))
    story.known = decide(story.of, event, NOW).state
    [notice] = story.sees({**WHOLE, "amount": Decimal(9)}, 2).notices
    assert notice.fields["amount"] == Money(Decimal(9), "HKD")
    assert notice.before == {"amount": Money(Decimal(5), "HKD")}
