"""Messages that were given up: what they said, why they did not get through, and sending it once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import Connection, insert, select

from pipelines.plan import Lane
from pipelines.texts import text
from worker.explain.story import LOCALE
from worker.ledger import held as store
from worker.ledger.decisions import entry
from worker.ledger.engine import Ledger
from worker.ledger.held import Slip
from worker.ledger.history import Sending, sendings
from worker.ledger.tables import MessageState, NoticeState, Step, message, notice, trail

BATCH = 500
"""Messages that are read at once."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A fact in a message: the record, and the values that its notice holds, as text; `withheld` were left out."""

    notice_id: int
    source: str
    kind: str
    record_id: str
    number: str
    url: str
    route: str
    fields: Mapping[str, str]
    withheld: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A message with what it carries. `message.tries` are its attempts."""

    message: Sending
    facts: tuple[Carried, ...]


class Replay(StrEnum):
    """What became of a notice or message that was to be sent again."""

    WAITS = "waits"
    UNKNOWN_ID = "unknown_id"
    UNDER_WAY = "under_way"
    NOT_SENT = "not_sent"
    OLDER = "older"
    ERASED = "erased"


SENTENCES: Mapping[Replay, str] = {
    Replay.WAITS: "It is sent again to {destination}, as a message of its own.",
    Replay.UNKNOWN_ID: "There is no such message or notice.",
    Replay.UNDER_WAY: "It is not repeated: it is still on its way to {destination}.",
    Replay.NOT_SENT: "It is not repeated: it never went into a message that was delivered or given up.",
    Replay.OLDER: "It is not repeated: {destination} is told of a later state of this record already. "
    "Ask for older states too if you want it all the same.",
    Replay.ERASED: "It is not repeated: its content was erased.",
}


@dataclass(frozen=True, slots=True)
class Replayed:
    """The answer for one notice (0: none was found); `as_notice` is the new one."""

    notice_id: int
    became: Replay
    sentence: str
    as_notice: int | None = None


def dead(ledger: Ledger) -> list[Sending]:
    """Return the messages that were given up, oldest first, with their attempts."""
    with ledger.read() as connection:
        query = select(message.c.id).where(message.c.state == MessageState.DEAD).order_by(message.c.id)
        ids = list(connection.execute(query).scalars())
        batches = (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))
        return [one for batch in batches for one in sendings(connection, batch)]


def dead_show(ledger: Ledger, message_id: int, zone: str = "UTC") -> Shown | None:
    """Return a message with its facts, times in `zone`; None when there is none."""
    with ledger.read() as connection:
        found = sendings(connection, [message_id])
        if not found:
            return None
        carried = store.slips(ledger, connection, notice.c.id.in_(store.carried_by(connection, [message_id])))
        facts = tuple(_carried(connection, one, zone) for one in carried)
    return Shown(found[0], facts)


def _carried(connection: Connection, slip: Slip, zone: str) -> Carried:
    query = select(trail.c.detail).where(trail.c.notice_id == slip.id, trail.c.step == Step.FRAMED)
    withheld = [name for detail in connection.execute(query).scalars() for name in detail.split(", ")]
    source, kind, id_ = slip.subject
    told = slip.notice
    return Carried(
        notice_id=slip.id,
        source=source,
        kind=kind,
        record_id=id_,
        number=told.number if told else "",
        url=told.url if told else "",
        route=slip.route,
        fields={n: text(v, zone, LOCALE) for n, v in told.fields.items() if n not in withheld} if told else {},
        withheld=tuple(dict.fromkeys(withheld)),
    )


def replay(
    ledger: Ledger, *, messages: Sequence[int] = (), notices: Sequence[int] = (), even_if_older: bool = False
) -> list[Replayed]:
    """Have the facts of these messages, and these notices, sent again; returns what became of each.

    Each becomes a new notice of the same arrival in lane `BULK`, so that the clearance and quota of today apply.
    A fact is not repeated after a later state of its record on the same route, unless `even_if_older`; one that waits
    together with a later state is superseded by it all the same.
    """
    with ledger.read() as connection:
        known = set(connection.execute(select(message.c.id).where(message.c.id.in_(messages))).scalars())
        ids = list(dict.fromkeys([*store.carried_by(connection, messages), *notices]))
        found = {one.id: one for one in store.slips(ledger, connection, notice.c.id.in_(ids))}
        told = {
            id_: store.since_told(ledger, connection, one, replace(one.notice, lane=Lane.BULK))
            for id_, one in found.items()
            if one.notice is not None
        }
    answers = [_answer(0, Replay.UNKNOWN_ID) for id_ in messages if id_ not in known]
    with ledger.write_alone(notice) as connection:
        at = ledger.now(connection)
        for id_ in ids:
            slip = found.get(id_)
            refusal = _refusal(connection, slip, even_if_older=even_if_older)
            if slip is None or slip.key is None or refusal is not Replay.WAITS:
                answers.append(_answer(id_, refusal, slip))
                continue
            new = store.repeat(connection, slip, told[id_], slip.key, at)
            connection.execute(insert(trail), entry(at, Step.REPLAYED, notice_id=id_, detail=str(new)))
            answers.append(_answer(id_, Replay.WAITS, slip, new))
    return answers


def _refusal(connection: Connection, slip: Slip | None, *, even_if_older: bool) -> Replay:
    if slip is None:
        return Replay.UNKNOWN_ID
    state = connection.execute(select(notice.c.state).where(notice.c.id == slip.id)).scalar()
    if state in {NoticeState.WAITING, NoticeState.FRAMED} or store.again_already(connection, slip) is not None:
        return Replay.UNDER_WAY
    if state not in {NoticeState.DEAD, NoticeState.SHOWN}:
        return Replay.NOT_SENT
    if slip.notice is None:
        return Replay.ERASED
    if not even_if_older and store.newer(connection, slip, store.AHEAD) is not None:
        return Replay.OLDER
    return Replay.WAITS


def _answer(id_: int, became: Replay, slip: Slip | None = None, new: int | None = None) -> Replayed:
    destination = slip.destination if slip else ""
    return Replayed(id_, became, SENTENCES[became].format(destination=destination), new)
