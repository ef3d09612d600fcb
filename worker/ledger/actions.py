"""Actions: presses that were heard, one row each, and what became of them.

At most one action of a card is under way or done: an index sees to it, whoever presses and however often.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select, tuple_, update

from worker.ledger.decisions import Subject
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.tables import ActionState, action

UNDER_WAY = (ActionState.HEARD, ActionState.WRITING, ActionState.UNKNOWN)


class Why(StrEnum):
    """Why a press came to nothing, or waits. `explain` has a sentence for each."""

    NO_CARD = "no_card"
    NO_BUTTON = "no_button"
    OUTSIDER = "outsider"
    FORWARDED = "forwarded"
    NOT_ASKED = "not_asked"
    UNMATCHED = "unmatched"
    AMBIGUOUS = "ambiguous"
    # somebody was faster
    UNDER_WAY = "under_way"
    DECIDED = "decided"
    CLOSED = "closed"
    # the record is not what was shown
    CHANGED = "changed"
    SAVED_AGAIN = "saved_again"
    # the source's word
    DENIED = "denied"
    RULES = "rules"
    # it cannot be carried out
    WAITS = "waits"
    NO_ANSWER = "no_answer"
    NO_SOURCE = "no_source"
    NOT_SEEN = "not_seen"
    MISCONFIGURED = "misconfigured"


@dataclass(frozen=True, slots=True)
class Claimed:
    """An action that this worker carries out now. Times in microseconds; `looks` is how often it was looked up."""

    id: int
    owner: str
    card: str
    subject: Subject
    seq: int
    version: str
    verb: str
    by: str
    actor: str
    key: str
    state: ActionState
    heard_at: int
    attempts: int
    looks: int


@dataclass(frozen=True, slots=True)
class Settled:
    """The end of an action: `detail` is a sentence of the source or of the program."""

    state: ActionState
    why: Why | None = None
    detail: str = ""


def put(ledger: Ledger, connection: Connection, values: Mapping[str, Any]) -> bool:
    """Write down a press; False when it was written before, or when another of its card is under way or done."""
    return bool(connection.execute(ledger.insert_new(action), [values]).rowcount)


def known(connection: Connection, signal_id: int) -> bool:
    """Tell whether a press was written down."""
    return connection.execute(select(action.c.id).where(action.c.signal_id == signal_id)).first() is not None


_DUE = select(action).where(action.c.state.in_(UNDER_WAY)).order_by(action.c.due_at, action.c.id)


def claim(connection: Connection, owner: str, at: int, lease_s: float) -> Claimed | None:
    """Take the action that is due longest, for so many seconds."""
    for row in connection.execute(_DUE.where(action.c.due_at <= at, action.c.lease_until <= at).limit(5)).all():
        mine = update(action).where(action.c.id == row.id, action.c.lease_until <= at, action.c.state == row.state)
        lease = {"owner": owner, "lease_until": at + int(lease_s * MICROSECONDS), "attempts": action.c.attempts + 1}
        if connection.execute(mine.values(lease)).rowcount:
            return _claimed(row, owner)
    return None


def any_due(connection: Connection, at: int) -> bool:
    """Tell whether an action is due by `at`, also one whose worker was lost."""
    due = _DUE.where(action.c.due_at <= at, action.c.lease_until <= at)
    return connection.execute(due.limit(1)).first() is not None


def keep(connection: Connection, of: Claimed, **values: Any) -> bool:
    """Write of a claimed action; False when somebody else has it by now."""
    mine = update(action).where(action.c.id == of.id, action.c.owner == of.owner, action.c.state.in_(UNDER_WAY))
    return bool(connection.execute(mine.values(values)).rowcount)


def settle(connection: Connection, of: Claimed, end: Settled, at: int) -> bool:
    """Write the end of a claimed action; False when somebody else has it by now."""
    reason = str(end.why or "")
    return keep(
        connection, of, state=int(end.state), reason=reason, detail=end.detail[:512], lease_until=0, settled_at=at
    )


def give_back(connection: Connection, owner: str) -> None:
    """Give back what an owner had claimed and did not bring to an end."""
    mine = update(action).where(action.c.owner == owner, action.c.state.in_(UNDER_WAY), action.c.lease_until > 0)
    connection.execute(mine.values(lease_until=0))


def free(connection: Connection, worker: str) -> None:
    """Give back what a worker had taken that starts again."""
    mine = update(action).where(action.c.owner.startswith(f"{worker} ", autoescape=True))
    connection.execute(mine.where(action.c.state.in_(UNDER_WAY)).values(lease_until=0))


@dataclass(frozen=True, slots=True)
class Deed:
    """A press as it is told to operators. Times in microseconds; `settled_at` is None while it is under way."""

    id: int
    card: str
    source: str
    kind: str
    record_id: str
    seq: int | None
    verb: str
    by: str
    actor: str
    state: ActionState
    why: str
    detail: str
    pressed_at: int
    settled_at: int | None
    attempts: int


def of_record(connection: Connection, subject: Subject) -> list[Deed]:
    """Return the presses about a record, in the order in which they were heard."""
    source, kind, record_id = subject
    query = select(action).where(action.c.source == source, action.c.kind == kind, action.c.record_id == record_id)
    return [_deed(row) for row in connection.execute(query.order_by(action.c.id))]


def acted_on(connection: Connection, subjects: Collection[Subject], since: int) -> frozenset[Subject]:
    """Return those of these records on which somebody decided after `since` (microseconds), or is just doing so."""
    key = tuple_(action.c.source, action.c.kind, action.c.record_id)
    states = (*UNDER_WAY, ActionState.DONE)
    query = select(action.c.source, action.c.kind, action.c.record_id).where(
        key.in_(list(subjects)), action.c.state.in_(states), action.c.heard_at >= since
    )
    return frozenset((row.source, row.kind, row.record_id) for row in connection.execute(query))


def listed(connection: Connection, states: Sequence[ActionState], most: int) -> list[Deed]:
    """Return presses in these states, newest first."""
    query = select(action).where(action.c.state.in_(states)).order_by(action.c.id.desc()).limit(most)
    return [_deed(row) for row in connection.execute(query)]


def failed_since(connection: Connection, at: int) -> int:
    """Return how many actions came to nothing since `at`, for a reason that an operator should know."""
    query = select(action.c.id).where(action.c.state == ActionState.FAILED, action.c.settled_at >= at)
    return len(connection.execute(query).all())


def oldest_under_way(connection: Connection) -> int | None:
    """Return when the oldest action that is under way was heard."""
    query = select(action.c.heard_at).where(action.c.state.in_(UNDER_WAY)).order_by(action.c.heard_at).limit(1)
    return connection.execute(query).scalar()


def _claimed(row: Any, owner: str) -> Claimed:
    return Claimed(
        id=row.id,
        owner=owner,
        card=row.card,
        subject=(row.source, row.kind, row.record_id),
        seq=row.seq,
        version=row.version,
        verb=row.verb,
        by=row.by,
        actor=row.actor,
        key=row.key,
        state=ActionState(row.state),
        heard_at=row.heard_at,
        attempts=row.attempts + 1,
        looks=row.looks,
    )


def _deed(row: Any) -> Deed:
    return Deed(
        id=row.id,
        card=row.card,
        source=row.source,
        kind=row.kind,
        record_id=row.record_id,
        seq=row.seq,
        verb=row.verb,
        by=row.by,
        actor=row.actor,
        state=ActionState(row.state),
        why=row.reason,
        detail=row.detail,
        pressed_at=row.pressed_at,
        settled_at=row.settled_at,
        attempts=row.attempts,
    )
