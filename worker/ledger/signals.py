"""What channels said by themselves: stored once however often it comes, then dealt with in the order in which it came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select, update

from connectors.contract import Change, Charged, Press, Purpose, Received, Topic, Words
from worker.ledger import cursors, months
from worker.ledger.arrivals import micros
from worker.ledger.engine import Ledger
from worker.ledger.months import Spent
from worker.ledger.seal import Sealer, Unsealable
from worker.ledger.tables import SignalForm, SignalState, signal

SIGNAL = b"signal"
LONGEST_ID = 255

Said = Press | Words | Change
_TYPES: Mapping[SignalForm, type[Said]] = {
    SignalForm.PRESS: Press,
    SignalForm.WORDS: Words,
    SignalForm.CHANGE: Change,
}
_FORMS: Mapping[type[Said], SignalForm] = {type_: form for form, type_ in _TYPES.items()}
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that an application said; `received_at` in microseconds."""

    id: int
    application: str
    said: Said
    received_at: int


Identity = tuple[str, int, str]
"""What makes one signal of repetitions: the application, the form, the vendor's id."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What a signal uses of a month once it is stored; `is_last`: the vendor says that nothing of the month is left."""

    identity: Identity
    spent: Spent
    is_last: bool


def rows(application: str, received: Received, at: int, sealer: Sealer) -> list[dict[str, Any]]:
    """Return the rows of what an application said, which arrived at `at` (microseconds)."""
    said: list[Said] = [*received.presses, *received.words, *received.changes]
    return [_row(application, one, at, sealer) for one in said]


def charges(application: str, client: object, received: Received, at: int) -> list[Charge]:
    """Return what is charged of what an application said, which arrived at `at` (microseconds), by what `client` says."""
    said: list[Said] = [*received.presses, *received.words, *received.changes]
    month = client.pushes.month if said and isinstance(client, Charged) else None
    if not isinstance(client, Charged) or month is None:
        return []
    spent = Spent(client.pushes.key, month, Purpose.HEARD, at)
    return [Charge(_identity(application, one), spent, _is_last(one)) for one in said if client.is_charged(one)]


def _identity(application: str, said: Said) -> Identity:
    return application, int(_FORMS[type(said)]), said.id[:LONGEST_ID]


def _is_last(said: Said) -> bool:
    return isinstance(said, Change) and said.topic is Topic.QUOTA_SPENT


def _row(application: str, said: Said, at: int, sealer: Sealer) -> dict[str, Any]:
    key = sealer.fresh()
    return {
        "application": application,
        "form": _FORMS[type(said)],
        "signal_id": said.id[:LONGEST_ID],
        "at": micros(said.at),
        "received_at": at,
        "data_key": key.wrapped,
        "payload": key.seal(_encode(said), SIGNAL),
    }


def put(ledger: Ledger, connection: Connection, given: Sequence[Mapping[str, Any]]) -> set[Identity]:
    """Store signals; what is there already stays as it is. Returns which are new."""
    if not given:
        return set()
    stored = ledger.insert_new(signal).returning(signal.c.application, signal.c.form, signal.c.signal_id)
    return {(row.application, int(row.form), row.signal_id) for row in connection.execute(stored, given)}


def charge(ledger: Ledger, connection: Connection, given: Sequence[Charge], stored: set[Identity]) -> None:
    """Count what is charged of the signals that were stored. Last in a transaction, as `months.spend` is."""
    due = {one.identity: one for one in given if one.identity in stored}.values()
    used_up = {one.spent.budget: one.spent.month.limit for one in due if one.is_last}
    cursors.observe(ledger, connection, {key: (limit, limit) for key, limit in used_up.items()})
    months.spend(ledger, connection, [one.spent for one in due])


def new(ledger: Ledger, connection: Connection, most: int) -> Iterator[Signal | int]:
    """Give the oldest signals that nobody has dealt with; of one that cannot be read its id alone."""
    query = select(signal).where(signal.c.state == SignalState.NEW).order_by(signal.c.id).limit(most)
    for row in connection.execute(query):
        try:
            payload = ledger.sealer.open(row.data_key).unseal(row.payload, SIGNAL)
            said: Said = msgspec.json.decode(payload, type=_TYPES[SignalForm(row.form)])
        except (Unsealable, msgspec.MsgspecError):  # a key that is gone, or the form of another version
            yield row.id
        else:
            yield Signal(row.id, row.application, said, row.received_at)


def any_new(connection: Connection) -> bool:
    """Tell whether there is a signal that nobody has dealt with."""
    query = select(signal.c.id).where(signal.c.state == SignalState.NEW).limit(1)
    return connection.execute(query).first() is not None


def any_new_change(connection: Connection, since: int) -> bool:
    """Tell whether a change that came after `since` (microseconds) waits to be dealt with."""
    query = select(signal.c.id).where(
        signal.c.state == SignalState.NEW, signal.c.form == SignalForm.CHANGE, signal.c.received_at > since
    )
    return connection.execute(query.limit(1)).first() is not None


def settle(connection: Connection, id_: int, state: SignalState, reason: str = "") -> bool:
    """Say that a signal was dealt with; False when somebody else was faster."""
    settled = update(signal).where(signal.c.id == id_, signal.c.state == SignalState.NEW)
    return connection.execute(settled.values(state=state, reason=reason[:512])).rowcount > 0


def forget(connection: Connection, before: int, most: int) -> bool:
    """Forget at most so many signals that were dealt with and came before then (microseconds); tells whether any went."""
    first = select(signal.c.id).order_by(signal.c.id).limit(most).subquery()
    old = select(first.c.id).join(signal, signal.c.id == first.c.id)
    gone = old.where(signal.c.state != SignalState.NEW, signal.c.received_at < before)
    ids = connection.execute(gone).scalars().all()
    connection.execute(delete(signal).where(signal.c.id.in_(ids)))
    return bool(ids)
