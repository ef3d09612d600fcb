"""What channels said by themselves: stored once however often it comes, then dealt with in the order in which it came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from connectors.contract import Change, Press, Received, Words
from worker.ledger.arrivals import micros
from worker.ledger.engine import Ledger
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


def rows(application: str, received: Received, at: int, sealer: Sealer) -> list[dict[str, Any]]:
    """Return the rows of what an application said, which arrived at `at` (microseconds)."""
    said: list[Said] = [*received.presses, *received.words, *received.changes]
    return [_row(application, one, at, sealer) for one in said]


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


def put(ledger: Ledger, connection: Connection, given: Sequence[Mapping[str, Any]]) -> None:
    """Store signals; what is there already stays as it is."""
    if given:
        connection.execute(ledger.insert_new(signal), given)


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
