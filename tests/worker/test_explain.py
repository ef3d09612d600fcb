"""Every story is lived through by the real pieces, and then must be told with its facts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Protocol

import pytest
from sqlalchemy import delete, select, update

from connectors.contract import Choice, Delivery, Outcome, Resend
from pipelines.plan import FieldMap, FieldType, Merge, Mode, Plan, Route, Silence
from pipelines.verdict import HELD, Reason
from tests.worker.ledgers import BIG, FIELDS, ROUTE, WORD, Bridge, at, deal, opened, plan_of
from tests.worker.repairs import replayed
from worker.explain.sentences import SENTENCES, TO_DO, WHY_HELD, Tale
from worker.ledger import cursors, refusals
from worker.ledger.arrivals import micros
from worker.ledger.cursors import Position
from worker.ledger.plans import dump_plan, load_plan, recall, remember
from worker.ledger.tables import inbox, message, plan
from worker.repair import dead, drop, held, release


class Open(Protocol):
    def __call__(self, *routes: Route) -> Bridge: ...


@pytest.fixture
def bridge(ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    with ExitStack() as stack:

        def start(*routes: Route) -> Bridge:
            return stack.enter_context(opened(ledger_url, monkeypatch, plan_of(*(routes or (ROUTE,)))))

        yield start


def test_filtered_by_the_rule_with_every_value_that_it_names(bridge: Open) -> None:
    one = bridge(replace(ROUTE, when='Stage == "NEGO" && big && changed.Stage', thresholds=(BIG,)))
    one.arrive(deal("Proposal", 800_000))
    told = one.told()
    assert 'Route deals: not sent, because the rule `when: Stage == "NEGO" && big && changed.Stage` was not met' in told
    assert "stage was Proposal (PROP)" in told
    assert "amount was HKD 800,000.00, and big means at least HKD 1,000,000.00" in told
    assert "stage had changed" in told
    assert "NEGO (" not in told, "a text in the rule is not a field"


def test_filtered_by_the_state_before(bridge: Open) -> None:
    one = bridge(replace(ROUTE, when='is_new || deleted || was.Stage == "WON" || present.Margin'))
    one.arrive(deal("Proposal"))
    one.arrive(deal("Negotiation", when="09:05"))
    told = one.story("#2")
    rule = next(said.words for said in told.said() if said.about == Tale.RULE_NOT_MET)
    assert "the record was known before" in rule
    assert "the record was not deleted" in rule
    assert "stage was Proposal (PROP) before" in rule
    assert "margin was empty" in rule


def test_filtered_by_equality(bridge: Open) -> None:
    one = bridge(replace(ROUTE, equals={"Stage": "WON"}))
    one.arrive(deal("Proposal"))
    assert "Route deals: not sent, because stage had to be WON and was Proposal (PROP)." in one.told()


def test_filtered_is_told_by_the_rule_of_then(bridge: Open) -> None:
    one = bridge(replace(ROUTE, when='Stage == "NEGO"'))
    one.arrive(deal("Proposal"))
    one.use(plan_of(replace(ROUTE, when='Stage == "PROP"')))
    assert '`when: Stage == "NEGO"` was not met: stage was Proposal (PROP).' in one.told()


def test_filtered_by_a_plan_that_is_gone_still_names_the_check(bridge: Open) -> None:
    one = bridge(replace(ROUTE, when="deleted"))
    one.arrive(deal())
    with one.ledger.write() as connection:
        connection.execute(delete(plan))
    assert "Route deals: not sent, because its check when was not met." in one.told()


def test_withheld_fields_are_named(bridge: Open) -> None:
    one = bridge(replace(ROUTE, fields=("Stage", "Margin")))
    one.arrive(deal(fields={"Margin": Decimal(12)}))
    one.dispatch()
    told = one.told()
    assert "Left out of the message: margin, because not everybody in sales may see it." in told
    assert "Delivered to sales" in told


def test_a_required_field_that_is_withheld_holds(bridge: Open) -> None:
    one = bridge(replace(ROUTE, fields=("Stage", "Margin"), required=("Margin",)))
    one.arrive(deal(fields={"Margin": Decimal(12)}))
    one.clock.set("09:02")
    one.dispatch()
    told = one.told()
    assert "held, because margin must be in the message, and not everybody in sales may see it" in told
    assert "held as number 1 since 09:02. What to do: look who may not see it (dingbridge audience)" in told
    assert "(held release 1), or drop it (held drop 1)" in told
    assert one.chat.sent == []


def test_superseded_names_the_later_state(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal("Proposal", when="09:01"))
    one.arrive(deal("Negotiation", when="09:07"))
    one.dispatch()
    assert (
        "Not sent to sales, because a later state of the same record took its place: arrival #2, which happened at 09:07."
        in one.told("#1")
    )
    assert "Delivered" not in one.told("#1")
    assert "Delivered to sales" in one.told("#2")


def test_merged_into_the_digest(bridge: Open) -> None:
    one = bridge()
    for n in range(3):
        one.arrive(deal(id=f"d{n}", number=f"SO-{n}"))
    one.clock.set("09:30")
    one.tap.room = 1
    one.dispatch()
    assert len(one.chat.sent) == 1
    for n in range(3):
        told = one.told(f"SO-{n}")
        assert "merged with 2 other facts into one message, the digest of 09:30 for sales (message 1)" in told
    assert len(one.story("message:1").chapters) == 3


def test_waiting_for_the_quota(bridge: Open) -> None:
    one = bridge()
    one.clock.set("10:41")
    one.tap.room = 0
    one.arrive(deal())
    one.dispatch()
    told = one.told()
    assert "It waits until 10:42: sales takes only a limited number of messages" in told


def test_waiting_because_the_vendor_refused(bridge: Open) -> None:
    one = bridge()
    one.clock.set("10:32")
    one.chat.answers.append(Delivery(Outcome.THROTTLED, "660026", "too many messages", timedelta(minutes=10)))
    one.arrive(deal())
    one.dispatch()
    one.arrive(deal(id="d2", number="SO-2"))
    assert one.tap.blocked_s == 600
    assert "Attempt 1: sales refused it as one message too many: 660026 too many messages." in one.told()
    assert "The message goes out again at 10:42." in one.told()
    assert "It waits until 10:42: sales refused a message as one too many" in one.told("SO-2")


def test_waiting_behind_the_message_before(bridge: Open) -> None:
    one = bridge()
    one.chat.answers.append(Delivery(Outcome.RETRY, "500", "internal error", timedelta(minutes=1)))
    one.arrive(deal("Proposal"))
    one.dispatch()
    one.arrive(deal("Negotiation", when="09:01"))
    one.dispatch()
    told = one.told("#2")
    assert "waits until the message before it about the same record to sales is answered" in told
    assert len(one.chat.sent) == 1


def test_the_source_never_sent_it(bridge: Open) -> None:
    one = bridge()
    one.clock.set("08:15")
    one.arrive(deal(id="other", number="SO-1"))
    with one.ledger.write() as connection:
        polled = Position("c", baseline=False, succeeded_at=micros(at("08:58")), failure="")
        cursors.move(one.ledger, connection, "crm", "Deal", polled)
        failing = Position("c", baseline=False, succeeded_at=micros(at("23:10", "2026-10-05")), failure="no permission")
        cursors.move(one.ledger, connection, "erp", "Order", failing)
        refusals.count(one.ledger, connection, {("crm", "bad_signature"): 3})
    one.clock.set("09:00")
    told = one.told("SO-1042")
    assert "Nothing about SO-1042 ever arrived" in told
    assert "crm was last asked for Deal with success at 08:58." in told
    assert "crm last sent something by itself at 08:15." in told
    assert "3 of what crm sent was refused at the door (bad signature)" in told
    assert "erp was last asked for Order with success at 2026-10-05 23:10." in told
    assert "Asking erp for Order fails at present: no permission." in told
    assert "erp never sent anything by itself." in told
    assert "erp" not in one.told("crm.Deal/nobody")


def test_nothing_was_ever_heard(bridge: Open) -> None:
    one = bridge()
    assert "crm never sent anything by itself." in one.told()


def test_baseline(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal(), pushed=False, baseline=True)
    told = one.told()
    assert "Deal SO-1042 was found by asking crm" in told
    assert "this is what was there already when reading Deal of crm began" in told


def test_shadow(bridge: Open) -> None:
    one = bridge(replace(ROUTE, mode=Mode.SHADOW, to=("sales", "board")))
    one.arrive(deal())
    one.dispatch()
    assert "the route is on trial (shadow). It would have been told to sales, board." in one.told()
    assert one.chat.sent == []


def test_shadow_that_would_have_been_held(bridge: Open) -> None:
    one = bridge(replace(ROUTE, mode=Mode.SHADOW))
    one.arrive(deal(fields={"Currency": None}))
    assert (
        "Route deals: would have been held, because amount came without a currency; the route is on trial" in one.told()
    )


def test_held_released_and_held_again(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal(fields={"Currency": None}))
    assert "Route deals, for sales: held, because amount came without a currency." in one.told()
    assert "What to do: name the currency of the field in the configuration" in one.told()
    release(one.ledger, None, one.programs, one.plan_id, one.clock.time)
    assert "It was to be released and stays held, because amount came without a currency." in one.told()
    drop(one.ledger, [1], "the operator on duty")
    assert "Dropped by the operator on duty: sales is not told." in one.told()
    assert "It is held" not in one.told()


def test_released_and_delivered(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal(fields={"Currency": None}))
    in_dollars = (*FIELDS[:1], FieldMap("Amount", "Amount", FieldType.MONEY, "amount", currency="HKD"), *FIELDS[2:])
    one.use(plan_of(ROUTE, fields=in_dollars))
    one.clock.set("11:00")
    release(one.ledger, None, one.programs, one.plan_id, one.clock.time)
    one.dispatch()
    words = [said.words for said in one.story().said()]
    assert words[-3:] == [
        "Released: it waits for sales again.",
        "It went into message 1 for sales at 11:00.",
        "Delivered to sales at 11:00, 2 h after it happened, at attempt 1.",
    ]


def test_unknown_is_repeated_under_the_same_key(bridge: Open) -> None:
    one = bridge()
    one.chat.answers.append(Delivery(Outcome.UNKNOWN, "timeout", "no answer within 10 s", timedelta(minutes=2)))
    one.arrive(deal())
    one.dispatch()
    told = one.told()
    assert "Attempt 1: sent to sales, and no answer came: timeout no answer within 10 s." in told
    assert "The same message goes out again at 09:02 under the same key, so that sales shows it once." in told
    one.clock.set("09:02")
    one.dispatch()
    assert "at attempt 2." in one.told()
    assert one.chat.sent[0] == one.chat.sent[1]


def test_unknown_that_may_have_been_shown(bridge: Open) -> None:
    one = bridge()
    one.chat.resend = Resend.DUPLICATES
    one.chat.answers.append(Delivery(Outcome.UNKNOWN, "timeout", "no answer"))
    one.arrive(deal())
    one.dispatch()
    told = one.told()
    assert "it was sent to sales and no answer came, so it may have been shown" in told
    assert "held release 1" in told
    assert "goes out again" not in told


def test_dead_and_replayed(bridge: Open) -> None:
    one = bridge()
    one.chat.answers.append(Delivery(Outcome.REFUSED, "400105", "the robot's keyword is missing"))
    one.arrive(deal())
    one.dispatch()
    told = one.told()
    assert "Given up at 09:00: sales did not take it, code 400105: the robot's keyword is missing." in told
    assert "To send it again: replay 1." in told
    one.clock.set("09:40")
    replayed(one, 1)
    one.dispatch()
    told = one.told()
    assert "An operator had it sent again, as a message of its own." in told
    assert "Told again to sales on request (repetition 1)." in told
    assert "Delivered to sales at 09:40, 40 min after it happened, at attempt 1." in told
    assert one.chat.sent[0]["key"] != one.chat.sent[1]["key"]


def test_delivered(bridge: Open) -> None:
    one = bridge(replace(ROUTE, to=("sales", "board")))
    one.clock.set("09:00:12")
    one.arrive(deal(when="09:00"))
    one.dispatch()
    told = one.told()
    assert "Delivered to sales at 09:00, 12 s after it happened, at attempt 1." in told
    assert "Delivered to board at 09:00, 12 s after it happened, at attempt 1." in told


def test_a_source_whose_clock_is_ahead(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal(when="09:05"))
    one.dispatch()
    assert "Delivered to sales at 09:00, while the source's clock is 5 min ahead of ours" in one.told()


def test_an_older_state_that_arrived_late(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal("Negotiation", when="08:50"))
    one.arrive(deal("Proposal", when="08:40"))
    assert "it arrived late: this state is of 08:40, and a newer one of 08:50 was known already" in one.told("#2")


def test_an_unchanged_read(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal())
    one.arrive(deal(version="touched", stamp=at("09:00:30")))
    assert "Nobody was told, because nothing had changed in the fields that are read." in one.told("#2")


def test_an_unmapped_kind_is_found_by_its_number(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal(kind="Lead", id="l9", number="L-9"))
    told = one.told("L-9")
    assert "the configuration does not say how to read Lead of crm" in told
    assert told == one.told("crm.Lead/l9")
    assert told == one.told("l9")


def test_a_kind_that_no_route_asks_for(bridge: Open) -> None:
    one = bridge()
    one.use(replace(one.plan, fingerprint="silent", routes=()))
    one.arrive(deal())
    assert "Nobody was told, because no route asks for Deal of crm." in one.told()


def test_what_a_silence_kept_from_being_told_names_it(bridge: Open) -> None:
    one = bridge()
    one.use(
        replace(one.plan, fingerprint="quiet", silences=(Silence("import", at("09:00", "2999-01-01"), "K", "old"),))
    )
    one.arrive(deal())
    one.dispatch()
    assert one.chat.sent == []
    assert "Not sent to sales, because the silence import of the configuration lasted then." in one.told()
    one.use(replace(one.plan, fingerprint="loud", silences=()))
    one.dispatch()
    assert one.chat.sent == [], "what was silenced is not told later"


def test_an_unreadable_event(bridge: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    one = bridge()
    with monkeypatch.context() as later:
        later.setattr(one, "decide", lambda: None)
        one.arrive(deal())
    with one.ledger.write() as connection:
        connection.execute(update(inbox).values(payload=b"not what was sealed before"))
    one.decide()
    assert "It could not be read, so nobody was told: the payload does not fit its key" in one.told("d1")


def test_an_erased_record_keeps_its_dates_and_nothing_else(bridge: Open) -> None:
    one = bridge(replace(ROUTE, when="deleted"))
    one.arrive(deal())
    with one.ledger.write() as connection:
        connection.execute(update(inbox).values(data_key=None, payload=None))
    told = one.told("#1")
    assert "Its content can no longer be read: the data key was erased." in told
    assert "Proposal" not in told


def test_what_is_not_decided_yet(bridge: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    one = bridge()
    monkeypatch.setattr(one, "decide", lambda: None)
    one.arrive(deal())
    assert "It arrived, and nothing has been decided about it yet." in one.told("SO-1042")


def test_a_message_is_found_by_its_id_and_its_key(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal())
    one.dispatch()
    with one.ledger.read() as connection:
        key = connection.execute(select(message.c.key)).scalar_one()
    assert one.told(key) == one.told("message:1") == one.told("1") == one.told("SO-1042")
    assert "Nothing about message:7 ever arrived" in one.told("message:7")
    assert "Nothing about #7 ever arrived" in one.told("#7")


def test_a_number_that_two_sources_use_tells_of_both(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal())
    one.arrive(deal(id="d2"))
    assert [chapter.record_id for chapter in one.story().chapters] == ["d1", "d2"]


def test_a_story_is_json(bridge: Open) -> None:
    one = bridge()
    one.arrive(deal())
    one.dispatch()
    plain = json.loads(json.dumps(one.story().to_plain()))
    said = plain["chapters"][0]["passages"][0]["said"]
    assert [one["about"] for one in said] == ["pushed", "told", "composed", "delivered"]
    assert said[-1]["at"] == "2026-10-06T09:00:00+08:00"
    assert said[-1]["facts"]["destination"] == "sales"


def test_a_state_that_waits_keeps_what_the_reader_last_knew(bridge: Open) -> None:
    one = bridge(replace(ROUTE, merge=Merge.NEVER))
    one.arrive(deal("Proposal"))
    one.dispatch()
    one.arrive(deal(id="d2", number="SO-2"))
    one.arrive(deal("Negotiation", when="09:01"), deal("Won", when="09:02"))
    one.tap.room = 1
    one.dispatch()
    assert [fact[0] for sent in one.chat.sent for fact in sent["facts"]] == ["SO-1042", "SO-2"]
    one.tap.room = 1
    one.dispatch()
    assert one.chat.sent[-1]["facts"] == [
        ["SO-1042", {"stage": ["Proposal", "Won"], "amount": [None, "HKD 800,000.00"]}]
    ]
    assert "took its place: arrival #4" in one.told("#3")


def test_every_reason_and_outcome_has_its_sentence() -> None:
    keys: list[str] = [*Tale, *Outcome, *Reason]
    without = {key for key in keys if key not in SENTENCES} - {str(reason) for reason in HELD}
    assert without == set()
    assert set(WHY_HELD) == set(TO_DO) == HELD
    assert len({str(key) for key in SENTENCES}) == len(Tale) + len(Outcome) + len(set(Reason) - HELD)


def test_a_plan_survives_the_ledger(bridge: Open) -> None:
    one = bridge()
    whole: Plan = plan_of(
        replace(ROUTE, thresholds=(BIG, replace(BIG, name="n", bound=Decimal("1.50"))), equals={"Stage": "X"}),
        word=WORD,
    )
    assert load_plan(dump_plan(whole)) == whole
    id_ = remember(one.ledger, whole)
    assert remember(one.ledger, whole) == id_ != one.plan_id
    with one.ledger.read() as connection:
        assert recall(connection, id_) == whole
        assert recall(connection, 99) is None


def test_nothing_is_told_twice_in_one_story(bridge: Open) -> None:
    one = bridge(replace(ROUTE, fields=("Stage", "Margin"), merge=Merge.NEVER))
    one.arrive(deal(id="d2", number="SO-2"), deal(fields={"Margin": Decimal(12)}))
    one.tap.room = 1
    one.dispatch()
    one.tap.room = 1
    one.dispatch()
    assert one.told().count("Left out of the message") == 1
    assert (held(one.ledger), dead(one.ledger)) == ([], [])


def test_a_choice_without_its_own_code_is_shown_once(bridge: Open) -> None:
    one = bridge(replace(ROUTE, when='Stage == "Won"'))
    one.arrive(deal(fields={"StageName": Choice("Open", "Open")}))
    assert "stage was Open." in one.told()
