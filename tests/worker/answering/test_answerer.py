"""Each answer goes out once at most, by one of all workers, soon or not at all."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from connectors.contract import Budget, Delivery, Outcome, Window, Words
from tests.worker.answering.robots import APP, LONG_AGO, Robot, Room, words
from tests.worker.stand_ins import plan_of, within
from worker.answering.answerer import JOB, NO_APPLICATION
from worker.ledger import answers
from worker.ledger.answers import TOO_LATE, UNANSWERED, UNREADABLE
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.tables import AnswerForm, AnswerState, SignalState, answer, schedule
from worker.limiter import Limiter

DELIVERED = (AnswerState.DELIVERED, "delivered")


@pytest.fixture
def room(ledger: Ledger, limiter: Limiter) -> Room:
    return Room(ledger, limiter, plan_of(), {})


def owed(room: Room) -> list[AnswerForm]:
    with room.ledger.read() as connection:
        return [AnswerForm(form) for form in connection.execute(select(answer.c.form).order_by(answer.c.id)).scalars()]


def reasons(room: Room) -> list[str]:
    with room.ledger.read() as connection:
        return list(connection.execute(select(answer.c.reason).order_by(answer.c.id)).scalars())


def any_due(room: Room, at: int | None = None) -> bool:
    with room.ledger.read() as connection:
        return answers.any_due(connection, now() if at is None else at)


def test_words_are_answered_once_and_then_forgotten(room: Room) -> None:
    said = words("/help")
    room.hear(said)
    assert any_due(room)
    assert room.answerer().run() == 1
    assert room.answerer().run() == 0
    assert [one.id for one, _ in room.robot.said] == [said.id]
    assert room.states() == [DELIVERED]
    assert not any_due(room)
    with room.ledger.read() as connection:
        (row,) = connection.execute(answer.select()).all()
    assert (row.application, row.user, row.payload, row.data_key) == (APP, "u-amy", None, None)


def test_the_same_words_again_are_no_second_question(room: Room) -> None:
    said = words("/help")
    room.hear(said)
    room.hear(said)
    assert room.answerer().run() == 1
    assert len(room.robot.said) == 1


def test_unknown_words_get_the_list_of_commands(room: Room) -> None:
    said = room.ask("what is this?")
    assert "/why SO-1042" in said
    assert "/help" in said
    assert said == room.ask("/help") == room.ask("", form="picture")


def test_one_from_outside_is_answered_only_where_a_group_hears_it(room: Room) -> None:
    room.hear(words(by="", union="union-x", conversation="single"))
    room.hear(words(by="", union="union-x", conversation="cid", in_group=True))
    room.answerer().run()
    assert [one.conversation for one, _ in room.robot.said] == ["cid"]
    assert room.signals() == [SignalState.DONE] * 2


def test_several_workers_answer_once(room: Room) -> None:
    room.most = 100
    room.hear(*(words() for _ in range(30)))
    workers = [room.answerer(f"worker-{n}") for n in range(3)]
    threads = [threading.Thread(target=one.run) for one in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len({one.id for one, _ in room.robot.said}) == len(room.robot.said) == 30
    assert room.states() == [DELIVERED] * 30


@pytest.mark.parametrize("outcome", [Outcome.RETRY, Outcome.THROTTLED])
def test_what_was_certainly_not_shown_goes_later(room: Room, outcome: Outcome) -> None:
    room.robot.outcomes.append(Delivery(outcome, "1", "busy", timedelta(seconds=40)))
    room.hear(words())
    assert room.answerer().run() == 0
    assert room.states() == [(AnswerState.DUE, "")]
    assert not any_due(room, now() + 30 * MICROSECONDS)
    assert any_due(room, now() + 45 * MICROSECONDS)
    with room.ledger.read() as connection:
        (due_at,) = connection.execute(select(schedule.c.due_at).where(schedule.c.name == JOB)).scalars()
    assert due_at <= now() + 41 * MICROSECONDS


def test_what_was_postponed_is_answered_when_it_is_due(room: Room) -> None:
    room.robot.outcomes.append(Delivery(Outcome.RETRY, "1", "busy"))
    room.hear(words())
    room.answerer().run()
    room.make_due()
    assert room.answerer().run() == 1
    assert room.states() == [DELIVERED]


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.REFUSED, Outcome.MISCONFIGURED])
def test_what_may_have_been_shown_or_never_will_be_is_given_up(room: Room, outcome: Outcome) -> None:
    room.robot.outcomes.append(Delivery(outcome, "1", "why"))
    room.hear(words())
    assert room.answerer().run() == 0
    assert room.states() == [(AnswerState.GIVEN_UP, str(outcome))]
    assert reasons(room) == ["why"]
    room.make_due()
    assert room.answerer().run() == 0
    assert len(room.robot.said) == 1


def test_a_client_that_fails_may_have_answered(room: Room) -> None:
    room.robot.outcomes.append(ValueError("secret"))
    room.hear(words())
    room.answerer().run()
    assert room.states() == [(AnswerState.GIVEN_UP, "unknown")]
    assert "secret" not in reasons(room)[0]


def test_an_answer_that_comes_too_late_is_given_up(room: Room) -> None:
    room.hear(words(), at=now() - LONG_AGO)
    room.hear(words())
    room.answerer().run()
    assert room.states() == [(AnswerState.GIVEN_UP, "refused"), DELIVERED]
    assert reasons(room)[0] == TOO_LATE


def test_what_lost_its_worker_on_the_way_is_not_said_again(room: Room) -> None:
    room.hear(words())
    with room.ledger.write() as connection:
        (found,), _ = answers.due(room.ledger, connection, now(), 10)
        assert answers.take(connection, found.id, "worker-9", now() - 1)
        assert not answers.take(connection, found.id, "worker-8", now())
    assert any_due(room)
    room.answerer().run()
    assert room.robot.said == []
    assert room.states() == [(AnswerState.GIVEN_UP, "unknown")]
    assert reasons(room) == [UNANSWERED]


def test_who_comes_late_moves_nothing_of_another(room: Room) -> None:
    room.hear(words())
    with room.ledger.write() as connection:
        (found,), _ = answers.due(room.ledger, connection, now(), 10)
        answers.take(connection, found.id, "worker-9", now() + 30 * MICROSECONDS)
        answers.postpone(connection, found, 0, taken=False)
        answers.settle(connection, found, Outcome.REFUSED, taken=False)
        answers.drop(connection, {found.id: "no"})
    assert room.states() == [(AnswerState.SENDING, "")]


def test_while_one_answer_hangs_another_worker_gives_the_others(room: Room) -> None:
    room.robot.gate = threading.Event()
    room.hear(words(by="u-amy"))
    slow = threading.Thread(target=room.answerer("worker-1").run)
    slow.start()
    assert within(10, lambda: len(room.robot.said) == 1)
    room.robot, stuck = Robot(), room.robot
    room.hear(words(by="u-ben"))
    assert room.answerer("worker-2").run() == 1
    assert stuck.gate is not None
    stuck.gate.set()
    slow.join(20)
    assert room.states() == [DELIVERED] * 2


def test_a_full_quota_lets_the_answer_wait(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def budgets(_self: Robot, _words: Words) -> list[Budget]:
        return [Budget("robot:one", (Window(1, 60.0),))]

    monkeypatch.setattr(Robot, "answer_budgets", budgets)
    monkeypatch.setattr("worker.answering.answerer.PATIENCE_S", 0.0)
    room.hear(words(), words())
    assert room.answerer().run() == 1
    assert room.states() == [DELIVERED, (AnswerState.DUE, "")]


def test_a_person_gets_so_many_answers_a_minute_and_one_word_that_it_is_too_much(room: Room) -> None:
    room.most = 3
    for _ in range(6):
        room.hear(words(by="u-amy"))
    room.hear(words(by="u-ben"))
    assert owed(room) == [AnswerForm.ANSWER] * 3 + [AnswerForm.TOO_MANY, AnswerForm.ANSWER]
    room.answerer().run()
    assert "a lot" in room.robot.texts[3]
    assert len(room.robot.said) == 5
    assert room.signals() == [SignalState.DONE] * 7


def test_after_a_minute_a_person_is_answered_again(room: Room) -> None:
    room.most = 1
    start = now() - 61 * MICROSECONDS
    for second in (0, 1, 2, 61):
        room.hear(words(), at=start + second * MICROSECONDS)
    assert owed(room) == [AnswerForm.ANSWER, AnswerForm.TOO_MANY, AnswerForm.ANSWER]


def test_an_application_that_is_gone_answers_nobody(room: Room) -> None:
    room.hear(words())
    room.answerer(name="another").run()
    assert room.states() == [(AnswerState.GIVEN_UP, "refused")]
    assert reasons(room) == [NO_APPLICATION]


def test_a_question_that_cannot_be_read_stops_nobody(room: Room) -> None:
    room.hear(words())
    with room.ledger.write() as connection:
        connection.execute(answer.update().values(payload=b"x" * 40))
    room.hear(words())
    assert room.answerer().run() == 1
    assert room.states() == [(AnswerState.GIVEN_UP, "refused"), DELIVERED]
    assert reasons(room)[0] == UNREADABLE


def test_what_is_settled_is_forgotten_after_its_time(room: Room) -> None:
    room.hear(words())
    room.answerer().run()
    room.hear(words())
    with room.ledger.write() as connection:
        answers.forget(connection, now() + MICROSECONDS)
    assert room.states() == [(AnswerState.DUE, "")]
    with room.ledger.read() as connection:
        (pile,) = answers.piles(connection)
    assert (pile.application, pile.end, pile.count) == (APP, "waiting", 1)
