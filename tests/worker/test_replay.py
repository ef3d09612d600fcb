"""Facts that are told again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select, true, update

from connectors.contract import Delivery, Outcome
from pipelines.plan import Lane
from tests.worker.ledgers import ROUTE, WORD, at, deal, plan_of
from tests.worker.repairs import REFUSED, Open, rehearsed, replayed, shown, states, today
from worker.ledger.arrivals import micros
from worker.ledger.held import slips
from worker.ledger.tables import NoticeState, inbox, notice
from worker.repair import (
    MappedBy,
    Replay,
    Told,
    Which,
    choose,
    dead,
    replay,
)


def test_replay_makes_a_message_of_its_own_in_the_bulk_lane(bridge: Open) -> None:
    one = bridge()
    one.chat.answers.append(REFUSED)
    one.arrive(deal())
    one.dispatch()
    (answer,) = replayed(one, 1)
    assert (answer.became, answer.as_notice) == (Replay.WAITS, 2)
    with one.ledger.read() as connection:
        row = connection.execute(select(notice).where(notice.c.id == 2)).one()
    assert (row.seq, row.again, row.lane) == (1, 1, list(Lane).index(Lane.BULK))
    one.dispatch()
    assert len({sent["key"] for sent in one.chat.sent}) == 2
    assert one.chat.sent[0]["facts"] == one.chat.sent[1]["facts"]
    assert states(one) == [NoticeState.SUPERSEDED, NoticeState.SHOWN]


def test_replay_meets_todays_clearance(bridge: Open) -> None:
    route = replace(ROUTE, fields=("Stage", "Margin"))
    one = bridge(route, word=WORD)
    one.chat.answers.append(REFUSED)
    one.arrive(deal(fields={"Margin": Decimal(12)}))
    one.dispatch()
    one.use(plan_of(route))
    replayed(one, 1)
    one.dispatch()
    assert "margin" in one.chat.sent[0]["facts"][0][1]
    assert "margin" not in one.chat.sent[1]["facts"][0][1]


def test_replay_refuses_what_is_still_on_its_way(bridge: Open) -> None:
    one = bridge()
    one.chat.answers.append(Delivery(Outcome.RETRY, "500", "internal error", timedelta(minutes=1)))
    one.arrive(deal())
    one.dispatch()
    (answer,) = replayed(one, 1)
    assert answer.sentence == "It is not repeated: it is on its way to sales."
    one.clock.set("09:01")
    one.dispatch()
    assert [a.became for a in replayed(one, 1)] == [Replay.WAITS]
    assert [a.became for a in replayed(one, 1)] == [Replay.UNDER_WAY]


def test_replay_refuses_what_does_not_exist_or_is_told_no_more(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal())
    one.dispatch()
    assert [a.became for a in replayed(one, 5)] == [Replay.UNKNOWN_ID]
    one.use(plan_of(replace(ROUTE, to=("board",))))
    (answer,) = replayed(one, 1)
    assert answer.sentence == "It is not repeated: by today's configuration no route deals tells sales."
    with one.ledger.write() as connection:
        connection.execute(update(inbox).values(data_key=None))
    assert [a.became for a in replayed(one, 1)] == [Replay.ERASED]


def test_replay_never_shows_an_older_state_after_a_newer_one(bridge: Open) -> None:
    one = bridge()
    one.chat.answers.append(REFUSED)
    one.arrive(deal("Proposal"))
    one.dispatch()
    one.arrive(deal("Won", when="09:05"))
    one.dispatch()
    (answer,) = replayed(one, 1)
    assert answer.became is Replay.OLDER
    assert "there is a later state of this record for sales" in answer.sentence
    one.dispatch()
    assert shown(one) == ["Proposal", "Won"]


def test_replay_sends_of_several_states_the_newest_that_was_given_up(bridge: Open) -> None:
    one = bridge()
    one.chat.answers.extend([REFUSED, REFUSED])
    for stage, when in (("Proposal", "09:00"), ("Won", "09:05")):
        one.arrive(deal(stage, when=when))
        one.dispatch()
    assert [a.became for a in replayed(one, 1)] == [Replay.OLDER], "the later one may have been seen"
    with one.ledger.read() as connection:
        chosen = choose(connection, Which(since=one.clock() - 1))
    assert (chosen.ids, chosen.older) == ((2,), (1,))
    assert [a.became for a in replay(one.ledger, chosen, today(one, MappedBy.THEN))] == [Replay.WAITS]
    one.dispatch()
    assert one.chat.sent[-1]["facts"][0][1]["stage"] == [None, "Won"], "neither state was seen before"


def test_a_newer_state_overtakes_a_replay_that_waits(bridge: Open) -> None:
    one = bridge()
    one.chat.answers.append(REFUSED)
    one.arrive(deal("Proposal"))
    one.dispatch()
    replayed(one, 1)
    one.arrive(deal("Won", when="09:05"))
    one.dispatch()
    assert shown(one) == ["Proposal", "Won"]
    assert states(one) == [NoticeState.SUPERSEDED, NoticeState.SUPERSEDED, NoticeState.SHOWN]
    assert one.chat.sent[-1]["facts"][0][1]["stage"] == [None, "Won"], "the refused state was never seen"


def test_a_repeated_fact_says_when_it_was_due(bridge: Open) -> None:
    one = bridge()
    one.chat.answers.extend([REFUSED, REFUSED])
    one.clock.set("09:12")
    one.arrive(deal())
    one.dispatch()
    for when in ("10:30", "11:00"):
        one.clock.set(when)
        replayed(one, *(found.id for found in dead(one.ledger)))
        one.dispatch()
    with one.ledger.read() as connection:
        due = [found.notice.due for found in slips(one.ledger, connection, true()) if found.notice]
    assert due == [None, at("09:12"), at("09:12")]


def test_a_fact_is_mapped_as_then_or_as_now(bridge: Open) -> None:
    one = bridge()
    one.chat.answers.append(REFUSED)
    one.arrive(deal(fields={"Margin": Decimal(12)}))
    one.dispatch()
    one.use(plan_of(replace(ROUTE, fields=("Stage", "Margin")), word=WORD))
    (then,), (now,) = rehearsed(one, 1), rehearsed(one, 1, by=MappedBy.NOW)
    assert [field.name for field in then.fields if field.now.told is Told.SHOWN] == ["Stage", "Amount"]
    assert [(f.name, f.then.value, f.now.value) for f in now.fields] == [
        ("Stage", "Proposal", "Proposal"),
        ("Amount", "HKD 800,000.00", None),
        ("Margin", None, "12"),
    ]
    replayed(one, 1, by=MappedBy.NOW)
    one.dispatch()
    assert one.chat.sent[-1]["facts"] == [["SO-1042", {"stage": [None, "Proposal"], "margin": [None, "12"]}]]


def test_what_todays_rule_does_not_tell_is_told_again_only_as_then(bridge: Open) -> None:
    one = bridge()
    one.chat.answers.append(REFUSED)
    one.arrive(deal())
    one.dispatch()
    one.use(plan_of(replace(ROUTE, when='Stage == "WON"')))
    (answer,) = replayed(one, 1, by=MappedBy.NOW)
    assert answer.sentence.endswith("route deals does not tell it (filtered when).")
    assert [a.became for a in replayed(one, 1)] == [Replay.WAITS]


def test_a_rehearsal_names_what_is_withheld_without_its_value_and_changes_nothing(bridge: Open) -> None:
    route = replace(ROUTE, fields=("Stage", "Margin"))
    one = bridge(route, word=WORD)
    one.chat.answers.append(REFUSED)
    one.arrive(deal(fields={"Margin": Decimal(12)}))
    one.dispatch()
    one.use(plan_of(route))
    (found,) = rehearsed(one, 1)
    assert (found.number, found.destination, found.message_id, found.due) == ("SO-1042", "sales", 1, one.clock())
    (stage, margin) = found.fields
    assert (stage.then, stage.now) == (stage.now, stage.then)
    assert (margin.then.value, margin.now.told, margin.now.value) == ("12", Told.WITHHELD, None)
    one.use(plan_of(replace(route, required=("Margin",))))
    assert rehearsed(one, 1)[0].holds_for == "Margin"
    assert states(one) == [NoticeState.DEAD]


def test_facts_are_chosen_by_reason_route_source_and_time(bridge: Open) -> None:
    one = bridge(ROUTE, replace(ROUTE, name="margin", to=("board",)))
    one.chat.answers.append(REFUSED)
    one.board.answers.append(Delivery(Outcome.TOO_LARGE, "460101", "too long"))
    one.arrive(deal())
    one.dispatch()
    one.clock.set("09:30")
    one.arrive(deal(id="d2"))
    one.dispatch()

    def chosen(limit: int | None = None, **which: Any) -> tuple[int, ...]:
        with one.ledger.read() as connection:
            return choose(connection, Which(**which), limit).ids

    given_up, late = (1, 2), micros(at("09:10"))
    assert chosen(source="crm") == given_up
    assert chosen(source="erp") == ()
    assert chosen(route="margin") == (2,)
    assert chosen(reason="refused") == chosen(reason="400105") == (1,)
    assert chosen(until=late) == given_up
    assert chosen(since=late) == ()
    assert chosen(since=late, reason="delivered") == (3, 4)
    assert chosen(source="crm", limit=1) == (1,)
