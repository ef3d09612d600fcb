"""What an operator sets right, and the counts that must add up afterwards."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select, update

from connectors.contract import Delivery, Money, Outcome
from pipelines.plan import FieldMap, FieldType, Mode
from pipelines.verdict import Reason
from tests.worker.ledgers import BIG, FIELDS, ROUTE, WORD, deal, plan_of
from tests.worker.repairs import REFUSED, Open, released, shown, states
from worker.ledger import refusals
from worker.ledger.tables import NoticeState, inbox, trail
from worker.repair import (
    Release,
    dead,
    dead_problems,
    dead_show,
    drop,
    held,
    held_problems,
)
from worker.tally import tally

NO_CURRENCY = {"Currency": None}
WITH_CURRENCY = (FIELDS[0], FieldMap("Amount", "Amount", FieldType.MONEY, "amount", currency="HKD"), FIELDS[2])


def test_held_says_what_why_and_what_to_do(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal(fields=NO_CURRENCY))
    (found,) = held(one.ledger)
    assert (found.number, found.source, found.kind, found.record_id) == ("SO-1042", "crm", "Deal", "d1")
    assert (found.route, found.destination, found.reason) == ("deals", "sales", Reason.NO_CURRENCY)
    assert found.why == "Amount came without a currency"
    assert found.todo.startswith("name the currency")
    assert found.since == one.clock()
    assert found.overtaken_by is None


def test_release_by_a_configuration_that_mends_it(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal(fields=NO_CURRENCY))
    (moved,) = released(one, by=plan_of(ROUTE, fields=WITH_CURRENCY))
    assert (moved.became, moved.sentence) == (Release.WAITS, "It waits to be sent to sales.")
    one.dispatch()
    assert one.chat.sent[0]["facts"] == [["SO-1042", {"stage": [None, "Proposal"], "amount": [None, "HKD 800,000.00"]}]]
    assert held(one.ledger) == []


def test_release_of_what_still_cannot_be_trusted_tells_the_new_reason(bridge: Open) -> None:
    one = bridge(replace(ROUTE, when="big", thresholds=(BIG,)))
    one.arrive(deal(amount=5_000_000, fields=NO_CURRENCY))
    dollars = replace(BIG, bound=Money(Decimal(1_000_000), "USD"))
    (moved,) = released(one, by=plan_of(replace(ROUTE, when="big", thresholds=(dollars,)), fields=WITH_CURRENCY))
    assert moved.became is Release.STILL_HELD
    assert "in another currency than the limit" in moved.sentence
    assert held(one.ledger)[0].reason is Reason.OTHER_CURRENCY
    (moved,) = released(one, by=plan_of(replace(ROUTE, when="big", thresholds=(BIG,)), fields=WITH_CURRENCY))
    assert moved.became is Release.WAITS


def test_release_of_what_todays_rule_does_not_tell(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal(fields=NO_CURRENCY))
    (moved,) = released(one, by=plan_of(replace(ROUTE, when='Stage == "WON"'), fields=WITH_CURRENCY))
    assert moved.became is Release.NOT_TOLD
    assert states(one) == [NoticeState.DROPPED]
    assert "by today's configuration route deals does not tell it (filtered, when)" in one.told()


def test_release_judges_by_what_was_known_then(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal("Proposal"))
    one.arrive(deal("Negotiation", when="09:01", fields=NO_CURRENCY))
    one.dispatch()
    one.arrive(deal("Won", when="09:02", fields=NO_CURRENCY))
    mended = plan_of(replace(ROUTE, when='was.Stage == "PROP"'), fields=WITH_CURRENCY)
    moved = released(one, by=mended)
    assert [answer.became for answer in moved] == [Release.WAITS, Release.NOT_TOLD]


def test_what_is_released_tells_since_the_last_message(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal("Proposal"))
    one.dispatch()
    one.arrive(deal("Negotiation", when="09:01", fields=NO_CURRENCY))
    drop(one.ledger, [2], "somebody")
    one.arrive(deal("Won", 900_000, when="09:02", fields=NO_CURRENCY))
    released(one, by=plan_of(ROUTE, fields=WITH_CURRENCY))
    one.dispatch()
    assert one.chat.sent[-1]["facts"][0][1]["stage"] == ["Proposal", "Won"]


def test_what_is_held_closes_itself_when_a_newer_state_is_told(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal("Proposal", fields=NO_CURRENCY))
    one.arrive(deal("Won", when="09:05"))
    one.dispatch()
    assert held(one.ledger) == []
    assert shown(one) == ["Won"]
    assert "arrival #2, which happened at 09:05" in one.told("#1")


def test_release_while_a_newer_state_waits_supersedes(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal("Proposal", fields=NO_CURRENCY))
    one.arrive(deal("Won", when="09:05"))
    assert held(one.ledger)[0].overtaken_by == 2
    (moved,) = released(one, by=plan_of(ROUTE, fields=WITH_CURRENCY))
    assert moved.became is Release.SUPERSEDED
    assert "a later state of the record goes to sales, or went there" in moved.sentence
    one.dispatch()
    assert shown(one) == ["Won"]
    assert "arrival #2, which happened at 09:05" in one.told("#1")


def test_released_states_of_one_record_become_one_message(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal("Proposal", fields=NO_CURRENCY), deal("Won", when="09:05", fields=NO_CURRENCY))
    moved = released(one, by=plan_of(ROUTE, fields=WITH_CURRENCY))
    assert [answer.became for answer in moved] == [Release.WAITS, Release.WAITS]
    one.dispatch()
    assert shown(one) == ["Won"]


def test_release_of_what_dispatch_held_waits_and_meets_todays_clearance(bridge: Open) -> None:
    route = replace(ROUTE, fields=("Stage", "Margin"), required=("Margin",))
    one = bridge(route)
    one.arrive(deal(fields={"Margin": Decimal(12)}))
    one.dispatch()
    assert [answer.became for answer in released(one)] == [Release.WAITS]
    one.dispatch()
    assert states(one) == [NoticeState.HELD]
    assert [answer.became for answer in released(one, by=plan_of(route, word=WORD))] == [Release.WAITS]
    one.dispatch()
    assert one.chat.sent[0]["facts"][0][1]["margin"] == [None, "12"]


def test_an_attestation_that_ended_holds_again(bridge: Open) -> None:
    route = replace(ROUTE, fields=("Stage", "Margin"), required=("Margin",))
    ended = replace(WORD, until=date(2001, 1, 1))
    one = bridge(route, word=ended)
    one.arrive(deal(fields={"Margin": Decimal(12)}))
    one.dispatch()
    assert held(one.ledger)[0].reason is Reason.REQUIRED_WITHHELD


def test_release_without_its_route_stays_held_for_its_old_reason(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal(fields=NO_CURRENCY))
    (moved,) = released(one, by=plan_of(replace(ROUTE, to=("board",)), fields=WITH_CURRENCY))
    assert moved.became is Release.ROUTE_GONE
    assert moved.sentence == "It stays held: by today's configuration no route deals tells sales."
    assert held(one.ledger)[0].reason is Reason.NO_CURRENCY
    (moved,) = released(one, by=plan_of(ROUTE))
    assert moved.became is Release.STILL_HELD, "what could not be trusted is looked at again"


def test_what_is_no_longer_held_is_reported(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal(fields=NO_CURRENCY))
    (dropped,) = drop(one.ledger, [1], "somebody")
    assert dropped.became is Release.DROPPED
    assert [answer.became for answer in drop(one.ledger, [1, 77], "somebody")] == [Release.NOT_HELD] * 2
    assert [answer.became for answer in released(one, 1)] == [Release.NOT_HELD]
    assert states(one) == [NoticeState.DROPPED]


def test_an_erased_notice_can_only_be_dropped(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal(fields=NO_CURRENCY))
    with one.ledger.write() as connection:
        connection.execute(update(inbox).values(data_key=None))
    assert [answer.became for answer in released(one)] == [Release.ERASED]
    assert [answer.became for answer in drop(one.ledger, [1], "somebody")] == [Release.DROPPED]


def test_dead_shows_what_it_said_and_why_it_was_refused(bridge: Open) -> None:
    one = bridge(replace(ROUTE, fields=("Stage", "Margin")))
    one.chat.answers.append(Delivery(Outcome.RETRY, "500", "internal error", timedelta(minutes=1)))
    one.chat.answers.append(REFUSED)
    one.arrive(deal(fields={"Margin": Decimal(12)}))
    one.dispatch()
    one.clock.set("09:01")
    one.dispatch()
    (message,) = dead(one.ledger)
    assert (message.destination, message.code, message.reason) == ("sales", "400105", "the robot's keyword is missing")
    seen = dead_show(one.ledger, message.id)
    assert seen is not None
    assert [entry.reason for entry in seen.message.tries] == ["retry", "refused"]
    (fact,) = seen.facts
    assert (fact.number, dict(fact.fields), fact.withheld) == ("SO-1042", {"Stage": "Proposal"}, ("Margin",))
    assert dead_show(one.ledger, 99) is None


def test_dead_and_held_are_one_problem_for_each_record(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal("Proposal", fields=NO_CURRENCY), deal("Review", when="09:01", fields=NO_CURRENCY))
    one.arrive(deal(id="d2", number="SO-7", fields=NO_CURRENCY))
    released(one, 1, by=plan_of(ROUTE))
    problems = held_problems(one.ledger)
    assert [(found.number, found.ids, found.attempts) for found in problems] == [
        ("SO-1042", (1, 2), 3),
        ("SO-7", (3,), 1),
    ]
    one.chat.answers.extend([Delivery(Outcome.RETRY, "500", "busy", timedelta(minutes=1)), REFUSED, REFUSED])
    one.arrive(deal("Negotiation", when="09:02"))
    one.dispatch()
    one.clock.set("09:03")
    one.dispatch()
    one.arrive(deal("Late", when="09:03"))
    one.dispatch()
    (found,) = dead_problems(one.ledger)
    assert (found.number, found.ids, found.attempts, found.destinations) == ("SO-1042", (1, 2), 3, ("sales",))
    assert (found.reason, found.why) == ("refused", "400105 the robot's keyword is missing")
    assert found.since == found.newest == one.clock()


def test_a_problem_closes_itself_when_a_later_version_succeeds(bridge: Open) -> None:
    one = bridge()
    one.chat.answers.append(REFUSED)
    one.arrive(deal("Proposal"))
    one.dispatch()
    one.arrive(deal("Review", when="09:01", fields=NO_CURRENCY))
    one.chat.answers.append(REFUSED)
    one.arrive(deal("Negotiation", when="09:02"))
    one.dispatch()
    assert len(dead_problems(one.ledger)) == len(held_problems(one.ledger)) == 1, (
        "a later one that fails closes nothing"
    )
    one.arrive(deal("Won", when="09:05"))
    one.dispatch()
    assert (dead(one.ledger), dead_problems(one.ledger), held_problems(one.ledger)) == ([], [], [])
    assert "No longer a problem: sales was told of arrival #4, which happened at 09:05." in one.told("#1")
    assert tally(one.ledger).dead == 0


def test_the_counts_add_up(bridge: Open) -> None:
    quiet = replace(ROUTE, name="trial", mode=Mode.SHADOW)
    never = replace(ROUTE, name="never", when="false")
    margin = replace(ROUTE, name="margin", fields=("Stage", "Margin"))
    one = bridge(ROUTE, quiet, never, margin)
    one.arrive(deal(id="old"), pushed=False, baseline=True)
    one.arrive(deal(kind="Lead"))
    one.arrive(
        deal("Proposal", fields={"Margin": Decimal(1)}), deal("Won", when="09:01", fields={"Margin": Decimal(1)})
    )
    one.dispatch()
    one.arrive(deal("Proposal", when="08:00"))
    one.chat.answers.extend([REFUSED, REFUSED])
    one.arrive(deal(id="d2"))
    one.dispatch()
    one.arrive(deal(id="d3", fields=NO_CURRENCY))
    drop(one.ledger, [held(one.ledger)[0].id], "somebody")
    one.arrive(deal(id="d4", fields=NO_CURRENCY))
    with one.ledger.write() as connection:
        refusals.count(one.ledger, connection, {("crm", "stale"): 2, ("erp", "stale"): 1})
    counts = tally(one.ledger)
    assert (counts.accepted, counts.decided, counts.undecided, counts.unreadable) == (8, 8, 0, 0)
    # d1 by two routes; d3 and d4 by the route that does not show the amount wait
    assert (counts.delivered_messages, counts.delivered_facts, counts.waiting) == (2, 2, 2)
    assert (counts.dead, counts.held, counts.withheld) == (2, 1, 1)
    assert counts.suppressed == {
        "baseline": 1,
        "unmapped": 1,
        "older": 1,
        "shadow": 3,
        "filtered": 5,
        "superseded": 2,
        "dropped": 1,
    }
    assert counts.refused == {"stale": 3}
    assert json.loads(json.dumps(counts.to_plain()))["suppressed"]["shadow"] == 3


def test_the_counts_say_what_can_no_longer_be_read(bridge: Open) -> None:
    one = bridge(replace(ROUTE, when="false"))
    one.arrive(deal(), deal(id="d2"))
    one.use(replace(one.plan, fingerprint="silent", routes=()))
    one.arrive(deal(id="d3"))
    with one.ledger.write() as connection:
        connection.execute(update(inbox).where(inbox.c.record_id == "d1").values(data_key=None))
    counts = tally(one.ledger)
    assert (counts.suppressed, counts.erased, counts.unrouted) == ({"filtered": 1}, 1, 1)


def test_each_repair_leaves_its_entry(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal(fields=NO_CURRENCY), deal(id="d2", fields=NO_CURRENCY))
    drop(one.ledger, [1], "the operator on duty")
    released(one, by=plan_of(ROUTE, fields=WITH_CURRENCY))
    with one.ledger.read() as connection:
        entries = select(trail.c.notice_id, trail.c.reason, trail.c.detail).where(trail.c.notice_id.is_not(None))
        written = [tuple(row) for row in connection.execute(entries)]
    assert written == [
        (1, "dropped", "the operator on duty"),
        (2, "told", f"by configuration {one.plan_id}"),
    ]
