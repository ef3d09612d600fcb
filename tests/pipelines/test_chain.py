from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import HIDDEN, Choice, Money, Value
from pipelines.case import Event, PlanInvalid, program
from pipelines.chain import DECIDE, decide
from pipelines.notice import State
from pipelines.plan import Compare, FieldType, Mode, Threshold
from pipelines.stages.known import fresh, once
from pipelines.stages.match import match
from pipelines.stages.trust import trust
from tests.pipelines.make import NOW, Story, at, deal, field, plan, reasons, record, route

T = FieldType
STAGE, AMOUNT = field("stage"), field("amount", T.MONEY, currency_path="currency")
KIND = deal(STAGE, AMOUNT)
ALL = route(fields=("stage", "amount"))
OPEN: dict[str, Value] = {"stage": "open", "amount": Decimal(100), "currency": "HKD"}
WON: dict[str, Value] = {**OPEN, "stage": "won"}
HKD_100 = Money(Decimal(100), "HKD")
BIG = Threshold("big", "amount", Compare.AT_LEAST, HKD_100)


def test_the_stages_stand_in_their_order() -> None:
    assert list(DECIDE) == [match, trust, fresh, once]


def test_the_first_sight_of_a_record_is_told() -> None:
    story = Story(KIND, ALL)
    decision = story.sees(OPEN, 0, number="D-1", url="https://crm.example/D-1")
    assert reasons(decision) == ["told"]
    (told,) = decision.notices
    assert told.fields == {"stage": "open", "amount": HKD_100}
    assert (told.new, told.before, told.number, told.url) == (True, {}, "D-1", "https://crm.example/D-1")
    assert (told.stamp, told.occurred_at, told.seq) == (at(0), at(0), 1)
    assert decision.changed == {"stage", "amount"}


def test_a_change_is_told_with_what_it_was_before_by_the_sources_clock() -> None:
    story = Story(KIND, ALL)
    story.sees(OPEN, 0)
    (told,) = story.sees(WON, 2, occurred_at=at(1)).notices
    assert (told.fields["stage"], told.before, told.new) == ("won", {"stage": "open"}, False)
    assert (told.stamp, told.occurred_at) == (at(2), at(1))


def test_what_lies_around_a_record_is_told_with_its_first_state_and_then_forgotten() -> None:
    story = Story(deal(STAGE, field("history", T.LIST)), route(fields=("stage", "history")))
    (told,) = story.sees({"stage": "open"}, 0, context={"history": ("Call: Price",)}).notices
    assert told.fields == {"stage": "open", "history": ("Call: Price",)}
    again = story.sees({"stage": "open"}, 1, context={"history": ("Call: Price", "Call: Delivery")})
    assert (reasons(again), again.changed) == (["unchanged"], frozenset())
    (changed,) = story.sees({"stage": "won"}, 2, context={"history": ("Call: Delivery",)}).notices
    assert (changed.fields, changed.before) == ({"stage": "won"}, {"stage": "open"})


def test_what_lies_around_a_record_and_cannot_be_read_holds_its_first_state_alone() -> None:
    story = Story(deal(STAGE, field("history", T.MONEY)), route(fields=("stage", "history")))
    assert reasons(story.sees({"stage": "open"}, 0, context={"history": ("Call: Price",)})) == ["wrong_type:history"]
    assert reasons(story.sees({"stage": "won"}, 1)) == ["told"]


def test_what_a_first_pull_finds_is_known_and_told_to_nobody() -> None:
    story = Story(KIND, ALL)
    decision = story.sees(OPEN, 0, baseline=True)
    assert (reasons(decision), decision.notices) == (["baseline"], ())
    assert story.known is not None
    assert story.known.fields["stage"] == "open"
    assert story.sees(WON, 1).notices[0].before == {"stage": "open"}


@pytest.mark.parametrize(("minute", "verdict"), [(-1, "baseline"), (0, "told"), (1, "told")])
def test_what_a_first_pull_finds_is_told_from_the_start_on(minute: int, verdict: str) -> None:
    assert reasons(Story(deal(STAGE, start=at(0)), route()).sees({"stage": "a"}, minute, baseline=True)) == [verdict]


def test_what_changes_while_the_first_pull_still_runs_is_told() -> None:
    story = Story(KIND, ALL)
    story.sees(OPEN, 0)
    assert reasons(story.sees(OPEN, 0, baseline=True)) == ["unchanged"]
    assert reasons(story.sees(WON, 1, baseline=True)) == ["told"]


def test_a_state_that_changes_nothing_that_is_mapped_is_not_told() -> None:
    story = Story(KIND, ALL)
    story.sees(OPEN, 0)
    decision = story.sees({**OPEN, "else": "x", "amount": Decimal("100.00")}, 1)
    assert (reasons(decision), decision.notices, decision.changed) == (["unchanged"], (), frozenset())
    assert story.known is not None
    assert story.known.stamp == at(1)


def test_an_older_state_is_not_told_and_not_remembered() -> None:
    story = Story(KIND, ALL)
    story.sees(WON, 5)
    decision = story.sees(OPEN, 4)
    assert (reasons(decision), decision.state, decision.notices) == (["older"], None, ())


def test_of_two_states_with_one_stamp_the_later_arrival_counts() -> None:
    story = Story(KIND, ALL)
    story.sees(OPEN, 5)
    assert [n.before for n in story.sees(WON, 5).notices] == [{"stage": "open"}]


def test_a_newly_mapped_field_starts_silently() -> None:
    story = Story(deal(STAGE), route(fields=("stage",)))
    story.sees(OPEN, 0)
    later = Story(KIND, ALL)
    later.known = story.known
    assert reasons(later.sees(OPEN, 1)) == ["unchanged"]
    assert later.sees({**OPEN, "amount": Decimal(200)}, 2).notices[0].before == {"amount": HKD_100}


@pytest.mark.parametrize("condition", ["true", "was.stage == was.stage", "was.stage"])
def test_a_field_that_is_mapped_to_another_type_starts_silently(condition: str) -> None:
    story = Story(deal(STAGE), route())
    story.sees({"stage": "true"}, 0)
    later = Story(deal(field("stage", T.BOOL), field("note")), route(fields=("stage",), when=condition))
    later.known = story.known
    assert reasons(later.sees({"stage": True, "note": "a"}, 1)) == ["unchanged"]
    told = later.sees({"stage": False, "note": "a"}, 2).notices
    assert [n.before for n in told] == [{"stage": True}]


def test_a_field_that_is_mapped_no_longer_is_forgotten() -> None:
    story = Story(KIND, ALL)
    story.sees(OPEN, 0)
    later = Story(deal(STAGE), route(fields=("stage",)))
    later.known = story.known
    later.sees(WON, 1)
    assert later.known is not None
    assert later.known.fields == {"stage": "won"}


def test_a_deletion_is_told_with_what_was_last_known() -> None:
    story = Story(KIND, route(fields=("stage", "amount"), when="deleted && stage == 'open'"))
    story.sees(OPEN, 0, number="D-1", url="https://crm.example/D-1")
    decision = story.sees({}, 1, deleted=True)
    assert reasons(decision) == ["told"]
    (told,) = decision.notices
    assert (told.deleted, told.fields, told.before) == (True, {"stage": "open", "amount": HKD_100}, {})
    assert (told.number, told.url) == ("D-1", "https://crm.example/D-1")
    assert reasons(story.sees({}, 2, deleted=True)) == ["unchanged"]


def test_a_deletion_that_comes_with_emptied_fields_is_told_once() -> None:
    kind = deal(field("stage", required=True), AMOUNT)
    story = Story(kind, route(fields=("stage", "amount"), when="stage == 'open'"))
    story.sees(OPEN, 0)
    emptied: dict[str, Value] = dict.fromkeys(OPEN)
    for fields in (emptied, {"currency": None}, {"amount": HIDDEN}):
        decision = decide(story.of, story.event(fields, 1, deleted=True), NOW)
        assert [n.fields for n in decision.notices] == [{"stage": "open", "amount": HKD_100}]
    story.sees(emptied, 1, deleted=True)
    assert reasons(story.sees({}, 2, deleted=True)) == ["unchanged"]


def test_the_deletion_of_what_was_never_known_is_told_to_nobody() -> None:
    assert reasons(Story(KIND, ALL).sees({}, 0, deleted=True)) == ["unchanged"]


def test_a_record_that_comes_back_is_told_even_when_it_is_as_it_was() -> None:
    story = Story(KIND, ALL)
    story.sees(OPEN, 0)
    story.sees({}, 1, deleted=True)
    (told,) = story.sees(OPEN, 2).notices
    assert (told.deleted, told.new, told.before) == (False, False, {})


def test_a_partial_record_is_judged_and_told_by_what_is_known_of_the_rest() -> None:
    given_route = route(fields=("stage", "amount"), when="big && stage == 'won'", thresholds=(BIG,))
    story = Story(KIND, given_route)
    story.sees(OPEN, 0, number="D-1")
    (told,) = story.sees({"stage": "won"}, 1).notices
    assert (told.fields, told.before) == ({"stage": "won", "amount": HKD_100}, {"stage": "open"})
    assert story.known is not None
    assert (story.known.fields, story.known.number) == ({"stage": "won", "amount": HKD_100}, "D-1")


def test_a_required_field_may_be_missing_from_a_partial_record_but_not_from_the_first() -> None:
    kind = deal(STAGE, field("owner", required=True))
    story = Story(kind, route(fields=("stage", "owner"), required=("owner",)))
    assert reasons(story.sees({"stage": "open"}, 0)) == ["required_missing:owner"]
    assert reasons(story.sees({"stage": "open", "owner": "Li"}, 1)) == ["told"]
    assert reasons(story.sees({"stage": "won"}, 2)) == ["told"]
    assert reasons(story.sees({"stage": "won", "owner": None}, 3)) == ["required_missing:owner"]
    assert reasons(story.sees({"stage": "lost"}, 4)) == ["required_missing:owner"]


def test_a_record_without_its_required_field_is_held_on_routes_that_do_not_show_it() -> None:
    story = Story(deal(STAGE, field("owner", required=True)), route(fields=("stage",)))
    assert reasons(story.sees({"stage": "open"}, 0)) == ["required_missing:owner"]
    assert reasons(story.sees({"stage": "open", "owner": "Ada"}, 1)) == ["told"]


def test_what_is_required_no_longer_holds_nothing() -> None:
    story = Story(deal(STAGE, field("owner", required=True)), route(fields=("stage", "owner")))
    story.sees({"stage": "open"}, 0)
    later = Story(deal(STAGE, field("owner")), route(fields=("stage", "owner")))
    later.known = story.known
    assert reasons(later.sees({"stage": "won"}, 1)) == ["told"]


def test_a_trouble_stays_until_the_field_is_read_again() -> None:
    story = Story(KIND, ALL)
    story.sees(OPEN, 0)
    story.sees({**OPEN, "currency": None}, 1)
    assert reasons(story.sees({"stage": "won"}, 2)) == ["no_currency:amount"]
    assert reasons(story.sees({**WON, "amount": Decimal(100)}, 3)) == ["told"]


def test_an_amount_does_not_stay_in_a_currency_that_the_record_has_left() -> None:
    kind = deal(STAGE, AMOUNT, field("size", T.QUANTITY, unit_path="unit"))
    story = Story(kind, ALL, route("sizes", fields=("size",)))
    story.sees({**OPEN, "size": Decimal(5), "unit": "EA"}, 0)
    decision = story.sees({"stage": "won", "currency": "USD", "unit": Choice("BOX", "Boxes")}, 1)
    assert reasons(decision) == ["no_currency:amount", "no_unit:size"]
    assert reasons(story.sees({"stage": "lost"}, 2)) == ["no_currency:amount", "no_unit:size"]
    whole: dict[str, Value] = {"amount": Decimal(100), "currency": "USD", "size": Decimal(5), "unit": "BOX"}
    assert reasons(story.sees(whole, 3)) == ["told", "told"]


def test_an_amount_stays_when_its_currency_is_read_again_and_is_the_same() -> None:
    story = Story(KIND, ALL)
    story.sees(OPEN, 0)
    (told,) = story.sees({"stage": "won", "currency": "HKD"}, 1).notices
    assert told.fields["amount"] == HKD_100


def test_a_deletion_does_not_repeat_a_value_that_had_become_doubtful() -> None:
    story = Story(KIND, ALL)
    story.sees(OPEN, 0)
    story.sees({**OPEN, "currency": None}, 1)
    assert story.sees({}, 2, deleted=True).notices[0].fields == {"stage": "open"}


@pytest.mark.parametrize(
    ("fields", "given_route", "verdict"),
    [
        ({"currency": None}, ALL, "no_currency:amount"),
        ({"currency": "¥"}, ALL, "no_currency:amount"),
        ({"amount": "100 HKD"}, ALL, "wrong_type:amount"),
        ({"amount": HIDDEN}, ALL, "field_hidden:amount"),
        ({"currency": "USD"}, route(when="big", thresholds=(BIG,)), "other_currency:amount"),
        ({"amount": HIDDEN}, route(when="big", thresholds=(BIG,)), "field_hidden:amount"),
        ({"amount": HIDDEN}, route(when="changed.amount"), "field_hidden:amount"),
        ({"stage": HIDDEN}, route(equals={"stage": "open"}), "field_hidden:stage"),
        ({"stage": None}, route(required=("stage",)), "required_missing:stage"),
        ({"stage": "a\0"}, route(when="stage == 'a'"), "condition_failed:no usable value for stage"),
    ],
)
def test_a_fact_that_cannot_be_trusted_is_held_with_its_reason(
    fields: dict[str, Value], given_route: Any, verdict: str
) -> None:
    decision = Story(KIND, given_route).sees({**OPEN, **fields}, 0)
    assert (reasons(decision), decision.notices) == ([verdict], ())
    ((held, why),) = decision.held
    assert held.destination == "sales"
    assert decision.verdicts == (why,)
    assert decision.state is not None


def test_a_held_notice_does_not_carry_the_old_value_of_what_cannot_be_read() -> None:
    story = Story(KIND, ALL)
    story.sees(OPEN, 0)
    ((held, _),) = story.sees({**WON, "currency": None}, 1).held
    assert held.fields == {"stage": "won"}


def test_a_trouble_is_held_once_and_its_cure_is_told() -> None:
    story = Story(KIND, ALL)
    story.sees(OPEN, 0)
    assert reasons(story.sees({**OPEN, "currency": None}, 1)) == ["no_currency:amount"]
    assert reasons(story.sees({**OPEN, "currency": None}, 2)) == ["unchanged"]
    cured = story.sees(OPEN, 3)
    assert reasons(cured) == ["told"]
    assert cured.notices[0].before == {}


def test_a_cured_value_is_told_beside_the_last_one_that_could_be_read() -> None:
    story = Story(KIND, ALL)
    story.sees(OPEN, 0)
    story.sees({**OPEN, "currency": None}, 1)
    assert story.sees({**OPEN, "amount": Decimal(300)}, 2).notices[0].before == {"amount": HKD_100}


def test_a_route_that_does_not_look_at_the_trouble_has_no_news_of_it() -> None:
    story = Story(KIND, ALL, route("other", fields=("stage",)))
    story.sees(OPEN, 0)
    decision = story.sees({**OPEN, "currency": None}, 1)
    assert reasons(decision) == ["no_currency:amount", "unchanged"]
    assert decision.notices == ()


def test_every_route_and_destination_is_told_for_itself() -> None:
    story = Story(
        KIND,
        route("a", to=("sales", "ops"), fields=("stage",)),
        route("b", equals={"stage": "won"}),
        route("c", when="stage == 'won'"),
        route("d", mode=Mode.SHADOW),
        route("e", fields=("amount",)),
    )
    decision = story.sees({**OPEN, "currency": None}, 0)
    assert reasons(decision) == ["told", "filtered:equals:stage", "filtered:when", "shadow", "no_currency:amount"]
    assert [(n.route, n.destination) for n in decision.notices] == [("a", "sales"), ("a", "ops")]
    assert [(n.route, n.destination) for n, _ in decision.held] == [("e", "sales")]


def test_a_shadow_route_holds_nothing_either() -> None:
    decision = Story(KIND, route(fields=("amount",), mode=Mode.SHADOW)).sees({**OPEN, "currency": None}, 0)
    assert (reasons(decision), decision.held, decision.notices) == (["no_currency:amount"], (), ())


def test_a_threshold_that_nothing_rests_on_holds_nothing() -> None:
    assert reasons(Story(KIND, route(thresholds=(BIG,))).sees({**OPEN, "currency": "USD"}, 0)) == ["told"]


def test_one_name_for_two_thresholds_is_no_plan() -> None:
    other = Threshold("big", "amount", Compare.ABOVE, HKD_100)
    with pytest.raises(PlanInvalid, match="big") as refused:
        program(plan(KIND, route("a", thresholds=(BIG,)), route("b", thresholds=(other,))))
    assert refused.value.route == "b"


STATES = st.fixed_dictionaries(
    {"stage": st.sampled_from(["open", "won", None]), "amount": st.sampled_from([Decimal(1), Decimal(2), None])}
)
ARRIVALS = st.lists(
    st.tuples(st.integers(0, 4), STATES, st.booleans(), st.booleans()).map(
        lambda one: (one[0], {} if one[2] else {**one[1], "currency": "HKD"}, one[2], one[3])
    ),
    max_size=8,
)


@given(ARRIVALS)
def test_no_older_state_follows_a_newer_and_the_last_told_is_the_newest(
    arrivals: list[tuple[int, dict[str, Value], bool, bool]],
) -> None:
    story = Story(KIND, route(to=("sales", "ops"), fields=("stage", "amount")))
    for minute, fields, deleted, baseline in arrivals:
        story.sees(fields, minute, deleted=deleted, baseline=baseline)
    for group in ("sales", "ops"):
        told = [n for n in story.told if n.destination == group]
        assert [n.order for n in told] == sorted(n.order for n in told)
        if told and story.known:
            assert (told[-1].fields, told[-1].deleted) == (dict(story.known.fields), story.known.deleted)
    if arrivals:
        newest = max(minute for minute, *_ in arrivals)
        assert story.known is not None
        assert story.known.stamp == at(newest)


@given(ARRIVALS)
def test_what_is_told_before_is_what_was_told_last(arrivals: list[tuple[int, dict[str, Value], bool, bool]]) -> None:
    story = Story(KIND, ALL)
    for minute, fields, deleted, _ in arrivals:
        story.sees(fields, minute, deleted=deleted)
    for last, one in zip(story.told, story.told[1:], strict=False):
        assert one.before == {n: v for n, v in last.fields.items() if one.fields[n] != v}
        assert not one.new


@given(
    ARRIVALS,
    st.sampled_from(["true", "stage == 'won'", "changed.amount", "was.stage == 'open'", "big || deleted"]),
)
def test_a_decision_depends_on_its_arguments_alone(
    arrivals: list[tuple[int, dict[str, Value], bool, bool]], when: str
) -> None:
    story = Story(KIND, route(fields=("stage", "amount"), when=when, thresholds=(BIG,)))
    for minute, fields, deleted, baseline in arrivals:
        known = State.load(story.known.dump()) if story.known else None
        again = Event(story.seq + 1, record(fields, minute, deleted=deleted), baseline, known)
        decision = story.sees(fields, minute, deleted=deleted, baseline=baseline)
        assert decide(story.of, again, NOW) == decision


def test_a_choice_is_narrowed_by_its_code() -> None:
    kind = deal(field("stage", T.CHOICE), field("paid", T.BOOL), field("owner", T.REF))
    given_route = route(equals={"stage": "W", "paid": "true", "owner": ""})
    story = Story(kind, given_route)
    assert reasons(story.sees({"stage": Choice("W", "Won"), "paid": True, "owner": None}, 0)) == ["told"]
    assert reasons(story.sees({"stage": Choice("Won", "W"), "paid": True, "owner": None}, 1)) == [
        "filtered:equals:stage"
    ]
    assert reasons(story.sees({"stage": Choice("W", "Won"), "paid": False, "owner": None}, 2)) == [
        "filtered:equals:paid"
    ]
    assert reasons(story.sees({"stage": Choice("W", "Won"), "paid": True, "owner": "5"}, 3)) == [
        "filtered:equals:owner"
    ]
