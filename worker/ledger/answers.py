"""What the robot owes an answer: stored in the transaction that settles the question, and sent at most once.

The row holds the question and not the answer, so that what is said is right when it is said. A row is set to `SENDING`
just before the request leaves. No channel recognises an answer that comes again, so one whose worker died then stays
unknown: a second answer would be worse than none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, delete, func, select, update

from connectors.contract import Outcome, Words
from worker.ledger.engine import MICROSECONDS, Ledger, lock_names
from worker.ledger.seal import Unsealable
from worker.ledger.signals import Signal
from worker.ledger.tables import AnswerForm, AnswerState, answer

ANSWER = b"answer"
MINUTE = 60 * MICROSECONDS
LONGEST_ID = 255

LATE_S = 600
"""How long after the question an answer still helps whoever asked."""

WAITING = "waiting"
TOO_LATE = "nobody waits for it any more"
UNREADABLE = "the question cannot be read: it was sealed under another key, or written by another version"
UNANSWERED = "the worker stopped before the answer came"

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Question:
    """What waits for its answer; `asked_at` in microseconds."""

    id: int
    application: str
    form: AnswerForm
    words: Words
    asked_at: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Pile:
    """How many answers of one application came to one end: an outcome, or `waiting`."""

    application: str
    end: str
    count: int


def owe(ledger: Ledger, connection: Connection, signal: Signal, words: Words, most: int) -> AnswerForm | None:
    """Store that the words of a signal are to be answered; returns in which form, None where they are not.

    A person gets `most` answers a minute, then one word that this is too much, then nothing until the minute is over.
    """
    user = (words.by or words.union)[:LONGEST_ID]
    lock_names(connection, [f"asker {signal.application} {user}"])
    theirs = (answer.c.application == signal.application) & (answer.c.user == user)
    recent = answer.c.asked_at > signal.received_at - MINUTE
    query = select(answer.c.form, func.count()).where(theirs, recent).group_by(answer.c.form)
    given = {AnswerForm(form): count for form, count in connection.execute(query)}
    form = AnswerForm.ANSWER if given.get(AnswerForm.ANSWER, 0) < most else AnswerForm.TOO_MANY
    if given.get(AnswerForm.TOO_MANY) and form is AnswerForm.TOO_MANY:
        return None
    connection.execute(answer.insert(), _row(ledger, connection, signal.application, form, words, signal.received_at))
    return form


def go_on(ledger: Ledger, connection: Connection, one: Question, text: str) -> None:
    """Store that an answer has a rest, which `text` asks for. It does not count among what a person asks."""
    words, at = replace(one.words, text=text), ledger.now(connection)
    connection.execute(answer.insert(), _row(ledger, connection, one.application, AnswerForm.REST, words, at))


def _row(
    ledger: Ledger, connection: Connection, application: str, form: AnswerForm, words: Words, asked_at: int
) -> dict[str, Any]:
    key = ledger.sealer.fresh()
    return {
        "application": application,
        "user": (words.by or words.union)[:LONGEST_ID],
        "conversation": words.conversation[:LONGEST_ID],
        "form": form,
        "asked_at": asked_at,
        "due_at": ledger.now(connection),
        "data_key": key.wrapped,
        "payload": key.seal(_encode(words), ANSWER),
    }


def any_due(connection: Connection, at: int) -> bool:
    """Tell whether an answer is due at `at` (microseconds), or has lost its worker."""
    due = select(answer.c.id).where(answer.c.state == AnswerState.DUE, answer.c.due_at <= at)
    lost = select(answer.c.id).where(answer.c.state == AnswerState.SENDING, answer.c.lease_until < at)
    queries = (due.order_by(answer.c.due_at, answer.c.id), lost.order_by(answer.c.lease_until))
    return any(connection.execute(query.limit(1)).first() is not None for query in queries)


def due(ledger: Ledger, connection: Connection, at: int, most: int) -> tuple[list[Question], dict[int, str]]:
    """Return the questions that are due at `at` (microseconds), oldest first; why others are not answered, by id."""
    query = select(answer).where(answer.c.state == AnswerState.DUE, answer.c.due_at <= at)
    found: list[Question] = []
    hopeless: dict[int, str] = {}
    for row in connection.execute(query.order_by(answer.c.due_at, answer.c.id).limit(most)):
        if row.asked_at <= at - LATE_S * MICROSECONDS:
            hopeless[row.id] = row.reason or TOO_LATE
            continue
        try:
            words = msgspec.json.decode(ledger.sealer.open(row.data_key).unseal(row.payload, ANSWER), type=Words)
        except (Unsealable, msgspec.MsgspecError):
            hopeless[row.id] = UNREADABLE
        else:
            found.append(Question(row.id, row.application, AnswerForm(row.form), words, row.asked_at, row.attempts))
    return found, hopeless


def take(connection: Connection, id_: int, owner: str, lease_until: int) -> bool:
    """Say that an answer leaves now; False when another worker was faster."""
    mine = update(answer).where(answer.c.id == id_, answer.c.state == AnswerState.DUE)
    values = {"state": AnswerState.SENDING, "owner": owner, "lease_until": lease_until}
    return connection.execute(mine.values(**values, attempts=answer.c.attempts + 1)).rowcount > 0


def postpone(connection: Connection, one: Question, due_at: int, *, taken: bool, reason: str = "") -> None:
    """Let an answer that certainly was not shown wait until `due_at` (microseconds); `taken`: by this worker."""
    again = update(answer).where(_stands(one, taken=taken))
    connection.execute(again.values(state=AnswerState.DUE, due_at=due_at, owner="", reason=reason[:512]))


def settle(connection: Connection, one: Question, outcome: Outcome, reason: str = "", *, taken: bool) -> None:
    """Say what became of an answer, and forget what was asked; `taken`: by this worker."""
    connection.execute(update(answer).where(_stands(one, taken=taken)).values(**_ended(outcome, reason)))


def drop(connection: Connection, hopeless: Mapping[int, str]) -> None:
    """Give up what is due and cannot be answered, each for the reason beside it."""
    for id_, reason in hopeless.items():
        still = update(answer).where(answer.c.id == id_, answer.c.state == AnswerState.DUE)
        connection.execute(still.values(**_ended(Outcome.REFUSED, reason)))


def _stands(one: Question, *, taken: bool) -> ColumnElement[bool]:
    """Tell that nobody else has moved it: each time that one is taken is counted."""
    state = AnswerState.SENDING if taken else AnswerState.DUE
    return and_(answer.c.id == one.id, answer.c.state == state, answer.c.attempts == one.attempts + taken)


def _ended(outcome: Outcome, reason: str) -> dict[str, Any]:
    state = AnswerState.DELIVERED if outcome is Outcome.DELIVERED else AnswerState.GIVEN_UP
    return {"state": state, "outcome": outcome, "reason": reason[:512], "data_key": None, "payload": None}


def give_up_lost(connection: Connection, at: int) -> int:
    """Settle as unknown what lost its worker on the way; returns how many."""
    lost = update(answer).where(answer.c.state == AnswerState.SENDING, answer.c.lease_until < at)
    return connection.execute(lost.values(**_ended(Outcome.UNKNOWN, UNANSWERED))).rowcount


def piles(connection: Connection) -> list[Pile]:
    """Return how many answers that the ledger remembers came to which end, by application."""
    columns = (answer.c.application, answer.c.outcome)
    query = select(*columns, func.count()).group_by(*columns).order_by(*columns)
    return [Pile(name, outcome or WAITING, count) for name, outcome, count in connection.execute(query)]


def forget(connection: Connection, before: int) -> None:
    """Delete what was asked before `before` (microseconds) and is settled."""
    connection.execute(delete(answer).where(answer.c.asked_at < before, answer.c.state >= AnswerState.DELIVERED))
