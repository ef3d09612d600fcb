"""What became of a message for each person, and what follows: over both ledgers, with a chat that is played."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from connectors.contract import (
    Budget,
    Delivery,
    Draft,
    Month,
    Outcome,
    Purpose,
    Reached,
    Recalled,
    Refused,
    Resend,
    Retryable,
)
from pipelines.case import program
from pipelines.plan import WhenUnknown
from tests.worker.office import Office, go, rest
from tests.worker.stand_ins import Chat, deal, plan_of, route, rows
from worker.channels import Channel
from worker.inquiry import Inquiry
from worker.ledger import expiry, months, receipts, settling
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.expiry import Limits
from worker.ledger.months import Spent
from worker.ledger.receipts import Missed
from worker.ledger.tables import MessageState, NoticeState, Step, message, message_person, notice, trail
from worker.repair import Recall, Recaller, held, release

TAKEN, INVALID, LATE = Reached.TAKEN, Reached.INVALID, Reached.THROTTLED
SOON = timedelta(seconds=0.05)


@dataclass
class Letters(Chat):
    """A channel that names its messages, tells later to whom they came, and takes them back."""

    resend: Resend = Resend.DUPLICATES
    told_within: timedelta = timedelta(hours=24)
    recalled_within: timedelta = timedelta(hours=24)
    fates: dict[str, Mapping[str, Reached] | Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)

    def freeze(self, draft: Draft, key: str) -> bytes:
        body = json.loads(super().freeze(draft, key))
        return json.dumps({**body, "notes": [note for fact in draft.facts for note in fact.notes]}).encode()

    def told(self, handle: str) -> Mapping[str, Reached]:  # type: ignore[override]  # a chat's own reading aid
        self.asked.append(handle)
        fate = self.fates.get(handle, {})
        if isinstance(fate, Exception):
            raise fate
        return fate

    def recall(self, handles: Sequence[str]) -> Recalled:
        self.gone += [one for one in handles if one not in self.kept]
        return Recalled(tuple(one for one in handles if one not in self.kept), self.kept)


@pytest.fixture
def chat() -> Letters:
    return Letters()


def partly(*, rest: bytes = b"", **people: Reached) -> Delivery:
    return Delivery(Outcome.PARTLY, "partly", "not all", SOON, handle="m1", people=people, rest=rest)


def taken(handle: str = "m1", **people: Reached) -> Delivery:
    return Delivery(Outcome.DELIVERED, handle=handle, people=people)


def known(ledger: Ledger) -> list[tuple[int, str, str]]:
    return [(row.message_id, row.person, row.reached) for row in rows(ledger, message_person)]


def missed(ledger: Ledger) -> list[Missed]:
    with ledger.read() as connection:
        return receipts.missed(connection, 0)


def quiet(office: Office) -> bool:
    return NoticeState.WAITING not in office.notices() and MessageState.SENDING not in office.messages()


def deliver(office: Office, *records: Any) -> None:
    office.tell(*(records or (deal("d1"),)))
    with office.worker() as worker:
        assert go(worker, lambda: quiet(office))
        rest(worker, 0.3)


def when_unknown(office: Office, what: WhenUnknown) -> Office:
    return replace(office, plan=plan_of(replace(office.plan.routes[0], when_unknown=what)))


def test_those_whom_flow_control_kept_get_it_later_and_once(office: Office, chat: Letters) -> None:
    chat.answers.extend([partly(amy=TAKEN, ben=INVALID, cho=LATE, rest=b'{"to": "cho"}'), taken("m2", cho=TAKEN)])
    deliver(office)
    assert [chat.sent[0]["facts"], *chat.sent[1:]] == [["SO-d1 Open"], {"to": "cho"}]
    first, second = rows(office.ledger, message)
    assert (first.outcome, first.handle, second.handle, second.rest_of) == ("partly", "m1", "m2", first.id)
    assert office.messages() == [MessageState.DELIVERED] * 2
    assert office.notices() == [NoticeState.SHOWN]
    assert known(office.ledger) == [
        (first.id, "amy", "taken"),
        (first.id, "ben", "invalid"),
        (first.id, "cho", "throttled"),
        (second.id, "cho", "taken"),
    ]
    assert missed(office.ledger) == [Missed("sales", INVALID, ("ben",), first.id)]


def test_a_fact_is_not_shown_and_nothing_newer_goes_before_the_last_one_has_it(office: Office, chat: Letters) -> None:
    chat.answers.append(replace(partly(amy=TAKEN, cho=LATE, rest=b"{}"), after=timedelta(hours=1)))
    deliver(office)
    assert office.notices() == [NoticeState.FRAMED]
    office.tell(deal("d1", "Won", 1))
    with office.worker() as worker:
        rest(worker)
        assert len(chat.bodies) == 1
        with office.ledger.write() as connection:
            connection.execute(update(message).where(message.c.rest_of.is_not(None)).values(due_at=0))
        assert go(worker, lambda: office.notices() == [NoticeState.SHOWN] * 2)
    assert chat.bodies[1] == b"{}"
    assert chat.sent[2]["facts"] == ["SO-d1 Won"]


def test_it_is_shown_when_everybody_who_can_get_it_has_it(office: Office, chat: Letters) -> None:
    nobody = Delivery(Outcome.REFUSED, "nobody", "unknown", people={"cho": INVALID})
    chat.answers.extend([partly(amy=TAKEN, cho=LATE, rest=b"{}"), nobody])
    deliver(office)
    assert office.notices() == [NoticeState.SHOWN]
    assert [one.people for one in missed(office.ledger)] == [("cho",)]


def test_a_message_that_nobody_can_get_is_given_up(office: Office, chat: Letters) -> None:
    chat.answers.append(Delivery(Outcome.REFUSED, "nobody", "unknown", people={"amy": INVALID}))
    deliver(office)
    assert (office.messages(), office.notices()) == ([MessageState.DEAD], [NoticeState.DEAD])


def test_whom_a_later_message_reached_is_not_missed(office: Office, chat: Letters) -> None:
    chat.answers.extend([taken("m1", amy=Reached.FAILED, ben=Reached.FAILED), taken("m2", amy=Reached.UNREAD)])
    deliver(office, deal("d1"))
    assert [one.people for one in missed(office.ledger)] == [("amy", "ben")]
    deliver(office, deal("d2"))
    assert [one.people for one in missed(office.ledger)] == [("ben",)]


def test_the_answer_of_one_who_lost_the_message_starts_no_rest(office: Office, chat: Letters) -> None:
    chat.answers.append(Delivery(Outcome.RETRY, after=timedelta(hours=1)))
    deliver(office)
    (row,) = rows(office.ledger, message)
    late = settling.Settled(row.id, "sales", partly(amy=TAKEN, cho=LATE, rest=b"{}"), now(), None)
    with office.ledger.write() as connection:
        settling.settle(office.ledger, connection, [late], "worker-1")
    assert office.messages() == [MessageState.DUE]
    assert known(office.ledger) == []


def test_the_refusal_of_one_who_lost_the_message_ends_nothing(office: Office, chat: Letters) -> None:
    chat.answers.append(Delivery(Outcome.RETRY, after=timedelta(hours=1)))
    deliver(office)
    (row,) = rows(office.ledger, message)
    late = settling.Settled(row.id, "sales", Delivery(Outcome.REFUSED), now(), None)
    with office.ledger.write() as connection:
        settling.settle(office.ledger, connection, [late], "worker-1")
        connection.execute(update(message).values(due_at=0))
    with office.worker() as worker:
        assert go(worker, lambda: office.notices() == [NoticeState.SHOWN])


def test_without_an_answer_it_goes_once_more_with_a_mark(office: Office, chat: Letters) -> None:
    chat.answers.append(Delivery(Outcome.UNKNOWN, "timeout"))
    deliver(when_unknown(office, WhenUnknown.AGAIN))
    assert [one["facts"] for one in chat.sent] == [["SO-d1 Open"]] * 2
    assert chat.keys[0] != chat.keys[1]
    assert chat.sent[0]["notes"] == []
    assert "may be a repetition" in chat.sent[1]["notes"][0]
    assert (office.messages(), office.notices()) == ([MessageState.DEAD, MessageState.DELIVERED], [NoticeState.SHOWN])


def test_after_three_repetitions_a_person_decides(office: Office, chat: Letters) -> None:
    chat.answers.extend([Delivery(Outcome.UNKNOWN, "timeout")] * 9)
    again = when_unknown(office, WhenUnknown.AGAIN)
    again.tell(deal("d1"))
    with again.worker() as worker:
        assert go(worker, lambda: office.notices() == [NoticeState.HELD], 20)
        rest(worker)
    assert len(chat.bodies) == 1 + settling.REPEATED_AT_MOST


def test_a_newer_state_takes_the_place_of_a_repetition(office: Office, chat: Letters) -> None:
    chat.answers.append(Delivery(Outcome.UNKNOWN, "timeout"))
    again = when_unknown(office, WhenUnknown.AGAIN)
    again.tell(deal("d1"))
    with again.worker() as worker:
        assert go(worker, lambda: len(chat.bodies) == 1)
        again.tell(deal("d1", "Won", 1))
        assert go(worker, lambda: office.notices()[-1] is NoticeState.SHOWN)
    assert chat.sent[-1] == {**chat.sent[-1], "facts": ["SO-d1 Won"], "notes": []}


def test_a_route_that_holds_leaves_it_to_a_person(office: Office, chat: Letters) -> None:
    chat.answers.append(Delivery(Outcome.UNKNOWN, "timeout"))
    deliver(when_unknown(office, WhenUnknown.HOLD))
    assert len(chat.bodies) == 1
    (one,) = held(office.ledger)
    assert "may have been shown" in one.why


def test_facts_of_one_digest_go_each_its_own_way(office: Office, chat: Letters) -> None:
    both = (route("open", when_unknown=WhenUnknown.AGAIN), route("closed", when_unknown=WhenUnknown.HOLD))
    office = replace(office, plan=plan_of(*both))
    chat.windows = ()
    chat.answers.extend([Delivery(Outcome.UNKNOWN)] * 2)
    deliver(office)
    routes = {row.route: NoticeState(row.state) for row in rows(office.ledger, notice)}
    assert routes == {"open": NoticeState.SHOWN, "closed": NoticeState.HELD}


@pytest.mark.parametrize(
    ("what", "state"), [(WhenUnknown.AGAIN, NoticeState.WAITING), (WhenUnknown.HOLD, NoticeState.HELD)]
)
def test_what_lost_its_worker_goes_the_way_of_its_route(
    office: Office, chat: Letters, what: WhenUnknown, state: NoticeState
) -> None:
    chat.answers.append(Delivery(Outcome.RETRY, after=timedelta(hours=1)))
    deliver(when_unknown(office, what))
    with office.ledger.write() as connection:
        gone = {"state": int(MessageState.SENDING), "lease_until": 1, "owner": "lost"}
        connection.execute(update(message).values(**gone))
        assert settling.recover(office.ledger, connection, now()) == 1
    assert office.notices() == [state]


def test_a_rest_without_an_answer_does_not_go_to_everybody_again(office: Office, chat: Letters) -> None:
    chat.answers.extend([partly(amy=TAKEN, cho=LATE, rest=b"{}"), Delivery(Outcome.UNKNOWN, "timeout")])
    deliver(when_unknown(office, WhenUnknown.AGAIN))
    assert len(chat.bodies) == 2
    (one,) = held(office.ledger)
    assert {each.person: each.reached for each in one.people} == {"amy": TAKEN, "cho": LATE}


def test_what_is_known_of_people_goes_with_its_message(office: Office, chat: Letters) -> None:
    chat.answers.append(taken(amy=TAKEN))
    deliver(office, deal("d1"))
    deliver(office, deal("d1", "Won", 1))
    with office.ledger.write() as connection:
        everything = Limits(now() + MICROSECONDS, now() + MICROSECONDS)
        expiry.forget_arrivals(connection, expiry.arrivals(connection, 0, everything))
    assert len(rows(office.ledger, message)) == 1
    assert known(office.ledger) == []


def inquiry(office: Office, chat: Letters) -> Inquiry:
    return Inquiry(office.ledger, office.limiter, {chat.name: Channel(chat.name, chat, chat.budgets())})


def come_due(ledger: Ledger) -> None:
    with ledger.write() as connection:
        connection.execute(update(message).where(message.c.ask_at.is_not(None)).values(ask_at=now() - 1))


def test_it_is_asked_later_to_whom_a_message_came(office: Office, chat: Letters) -> None:
    chat.answers.append(taken(amy=TAKEN, ben=TAKEN))
    deliver(office)
    (row,) = rows(office.ledger, message)
    assert row.ask_at == row.settled_at + 60 * MICROSECONDS
    assert inquiry(office, chat).run() == 0
    come_due(office.ledger)
    chat.fates["m1"] = {"amy": Reached.UNREAD, "ben": Reached.CAPPED}
    assert inquiry(office, chat).run() == 1
    come_due(office.ledger)
    assert inquiry(office, chat).run() == 0
    assert chat.asked == ["m1"]
    assert [one.people for one in missed(office.ledger)] == [("ben",)]


@pytest.mark.parametrize("fate", [{}, {"ben": Reached.READ}, Retryable("no answer")])
def test_while_it_is_not_known_it_is_asked_three_times(
    office: Office, chat: Letters, fate: Mapping[str, Reached] | Exception
) -> None:
    chat.answers.append(taken(amy=TAKEN, ben=TAKEN))
    chat.fates["m1"] = fate
    deliver(office)
    for _ in range(5):
        come_due(office.ledger)
        inquiry(office, chat).run()
    assert chat.asked == ["m1"] * 3


def test_where_it_cannot_be_told_it_is_asked_once(office: Office, chat: Letters) -> None:
    chat.answers.append(taken(amy=TAKEN))
    chat.fates["m1"] = Refused("more than 100 people")
    deliver(office)
    for _ in range(3):
        come_due(office.ledger)
        inquiry(office, chat).run()
    assert chat.asked == ["m1"]


def test_what_came_before_is_nobodys_fault(office: Office, chat: Letters) -> None:
    chat.answers.append(taken(amy=TAKEN))
    chat.fates["m1"] = {"amy": Reached.REPEATED}
    deliver(office)
    come_due(office.ledger)
    assert inquiry(office, chat).run() == 1
    assert missed(office.ledger) == []
    assert [row[2] for row in known(office.ledger)] == ["repeated"]


def test_after_a_day_it_is_not_asked(office: Office, chat: Letters) -> None:
    chat.answers.append(taken(amy=TAKEN))
    deliver(office)
    come_due(office.ledger)
    with office.ledger.write() as connection:
        connection.execute(update(message).values(settled_at=now() - 25 * 3600 * MICROSECONDS))
    inquiry(office, chat).run()
    assert chat.asked == []


@pytest.mark.parametrize(("used", "asked"), [(4700, ["m1"]), (4750, [])])
def test_where_only_the_share_of_what_is_urgent_is_left_of_the_month_it_is_not_asked(
    office: Office, chat: Letters, used: int, asked: list[str]
) -> None:
    month = Budget("company", (), month=Month(5000, "Asia/Shanghai"))
    chat.answers.append(taken(amy=TAKEN))
    deliver(office)
    come_due(office.ledger)
    with office.ledger.write() as connection:
        calls = Spent(month.key, month.month or Month(1, "UTC"), Purpose.MESSAGE, now(), used)
        months.spend(office.ledger, connection, [calls])
    channel = Channel(chat.name, chat, (*chat.budgets(), month))
    Inquiry(office.ledger, office.limiter, {chat.name: channel}).run()
    assert chat.asked == asked


def recaller(office: Office, chat: Chat) -> Recaller:
    channels = {chat.name: Channel(chat.name, chat, chat.budgets())}
    return Recaller(office.ledger, office.limiter, channels, "the head of sales")


def became(office: Office, chat: Chat, what: int | str = 1) -> list[Recall]:
    one = recaller(office, chat)
    return [each.became for each in (one.message(what) if isinstance(what, int) else one.record(what))]


def test_a_message_is_taken_back_with_what_went_later(office: Office, chat: Letters) -> None:
    chat.answers.extend([partly(amy=TAKEN, cho=LATE, rest=b"{}"), taken("m2", cho=TAKEN)])
    deliver(office)
    assert became(office, chat) == [Recall.RECALLED] * 2
    assert chat.gone == ["m1", "m2"]
    assert became(office, chat) == [Recall.ALREADY] * 2
    said = [(row.message_id, row.detail) for row in rows(office.ledger, trail) if row.step == Step.RECALLED]
    assert said == [(1, "the head of sales"), (2, "the head of sales")]


def test_what_has_not_gone_out_yet_does_not_go_out(office: Office, chat: Letters) -> None:
    chat.answers.append(replace(partly(amy=TAKEN, cho=LATE, rest=b"{}"), after=timedelta(hours=1)))
    deliver(office)
    assert sorted(became(office, chat)) == [Recall.RECALLED, Recall.STOPPED]
    with office.ledger.write() as connection:
        connection.execute(update(message).values(due_at=0))
    with office.worker() as worker:
        rest(worker)
    assert len(chat.bodies) == 1
    assert office.notices() == [NoticeState.SHOWN]


def test_a_record_is_taken_back_where_it_stands_alone(office: Office, chat: Letters) -> None:
    chat.answers.extend([taken("m1"), taken("m2")])
    deliver(office, deal("d1"))
    deliver(office, deal("d2"))
    with office.ledger.write() as connection:
        connection.execute(update(message).where(message.c.handle == "m2").values(facts=2))
    assert became(office, chat, "SO-d1") == [Recall.RECALLED]
    assert became(office, chat, "SO-d2") == [Recall.SHARED]
    assert became(office, chat, "SO-d3") == []
    assert chat.gone == ["m1"]


def test_why_a_message_stays(office: Office, chat: Letters) -> None:
    chat.kept["m1"] = "recalled by nobody of this name"
    chat.answers.extend([taken("m1"), taken(""), Delivery(Outcome.REFUSED)])
    deliver(office, deal("d1"))
    deliver(office, deal("d2"))
    deliver(office, deal("d3"))
    assert became(office, chat, 1) == [Recall.REFUSED]
    assert became(office, chat, 2) == [Recall.NO_NAME]
    assert became(office, chat, 3) == [Recall.NOT_SENT]
    assert became(office, Chat(), 1) == [Recall.CANNOT]
    assert became(office, Chat("other"), 1) == [Recall.GONE]
    with office.ledger.write() as connection:
        connection.execute(update(message).values(settled_at=now() - 25 * 3600 * MICROSECONDS))
    (late,) = recaller(office, chat).message(1)
    assert (late.became, "within 24 hours" in late.sentence) == (Recall.TOO_LATE, True)


def test_a_recall_that_fails_says_why(office: Office, chat: Letters, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_handles: Sequence[str]) -> Recalled:
        raise Refused("The robot may not take messages back.")

    chat.answers.append(taken())
    deliver(office)
    monkeypatch.setattr(chat, "recall", refuse)
    (one,) = recaller(office, chat).message(1)
    assert one.sentence == "It stays: The robot may not take messages back."
    assert rows(office.ledger, message)[0].recalled_at is None


def test_what_was_held_goes_out_when_it_is_released(office: Office, chat: Letters) -> None:
    chat.answers.append(Delivery(Outcome.UNKNOWN, "timeout"))
    deliver(office)
    release(office.ledger, None, program(office.plan), 1, datetime.now(UTC))
    with office.worker() as worker:
        assert go(worker, lambda: office.notices() == [NoticeState.SHOWN])
    assert [one["facts"] for one in chat.sent] == [["SO-d1 Open"]] * 2
