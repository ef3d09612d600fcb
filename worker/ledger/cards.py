"""Cards: messages that ask for a decision, and what they are to show of it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, case, exists, insert, select, update

from connectors.contract import Aside, Value
from pipelines.approval import Holding
from pipelines.notice import Notice, State
from pipelines.sentence import Sentence
from worker.ledger.arrivals import subject
from worker.ledger.decisions import NOTICE, SNAPSHOT, Subject
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.seal import Unsealable
from worker.ledger.tables import CardState, MessageState, card, inbox, message, notice, snapshot

CARD = b"card"
ANSWER_S = 2.0
"""A channel waits so long for the answer to a press; a card is not changed before that."""

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Asked:
    """What a message asks, of whom, and how its readers are spoken to.

    `deciders` are the channel's user ids, `verbs` its buttons, `holding` what must hold of the record until it is pressed;
    `place` is where the message stands and `company` in whose organisation, as a press names them; `zone` is an IANA name, `locale` one of Babel's.
    """

    deciders: tuple[str, ...]
    verbs: tuple[str, ...]
    holding: Holding
    place: str
    company: str
    aside: Aside
    zone: str
    locale: str


@dataclass(frozen=True, slots=True)
class Card:
    """A message that asks: its record, the state of it that it shows (`seq`, `version`), and where it stands."""

    key: str
    asked: Asked
    destination: str
    notice_id: int
    subject: Subject
    seq: int
    version: str
    state: CardState


@dataclass(frozen=True, slots=True)
class Said:
    """What a card says: `standing` to everybody, `note` to the person `to` alone."""

    standing: Sentence
    to: str = ""
    note: Sentence | None = None

    def dump(self) -> bytes:
        """Return it as bytes, for sealing."""
        return _encode([self.standing.dump(), self.to, self.note and self.note.dump()])

    @staticmethod
    def load(dumped: bytes) -> Said:
        """Return what was dumped."""
        standing, to, note = msgspec.json.decode(dumped)
        return Said(Sentence.load(standing), to, Sentence.load(note) if note else None)


@dataclass(frozen=True, slots=True)
class Untold:
    """A card that is to be changed: `revision` is which change it is; `said` is None where it cannot be read."""

    card: Card
    said: Said | None
    revision: int
    attempts: int


def lay(connection: Connection, message_id: int, key: str, notice_id: int, asked: Asked) -> None:
    """Remember that a message asks for a decision on the record of its notice."""
    told = select(
        notice.c.destination, notice.c.route, notice.c.seq, *(inbox.c[name] for name in _RECORD), inbox.c.version
    ).join(inbox, inbox.c.seq == notice.c.seq)
    of = connection.execute(told.where(notice.c.id == notice_id)).mappings().one()
    values = {
        **of,
        "key": key,
        "message_id": message_id,
        "notice_id": notice_id,
        "known_seq": of["seq"],
        "place": asked.place,
        "company": asked.company,
        "zone": asked.zone,
        "locale": asked.locale,
        "aside": [asked.aside.note, asked.aside.may_decide],
        "deciders": list(asked.deciders),
        "verbs": list(asked.verbs),
        "compared": list(asked.holding.compared),
        "equals": dict(asked.holding.equals),
        "state": int(CardState.OPEN),
    }
    connection.execute(insert(card).values(values))


_RECORD = ("source", "kind", "record_id")


def find(connection: Connection, key: str) -> Card | None:
    """Return a card by the key of its message."""
    row = connection.execute(select(card).where(card.c.key == key)).first()
    return _card(row) if row else None


def said(ledger: Ledger, connection: Connection, key: str) -> Said | None:
    """Return what a card says since somebody pressed; None: nothing, or it cannot be read."""
    row = connection.execute(select(card.c.data_key, card.c.payload).where(card.c.key == key)).first()
    return _said(ledger, row) if row else None


def take(ledger: Ledger, connection: Connection, key: str, saying: Said, at: int) -> bool:
    """Let one press of an open card pass; False when another was first."""
    values = {"state": int(CardState.WORKING), "answered_at": at + int(ANSWER_S * MICROSECONDS)}
    mine = update(card).where(card.c.key == key, card.c.state == CardState.OPEN)
    if not connection.execute(mine.values(values)).rowcount:
        return False
    say(ledger, connection, key, saying, at)
    return True


def say(ledger: Ledger, connection: Connection, key: str, saying: Said, at: int) -> None:
    """Have a card changed for everybody, though not before its last press is answered."""
    fresh = ledger.sealer.fresh()
    values: dict[str, Any] = {
        "data_key": fresh.wrapped,
        "payload": fresh.seal(saying.dump(), CARD),
        "revision": card.c.revision + 1,
        "due_at": case((card.c.answered_at > at, card.c.answered_at), else_=at),
        "attempts": 0,
    }
    connection.execute(update(card).where(card.c.key == key).values(values))


def move(connection: Connection, key: str, state: CardState, version: str | None = None) -> None:
    """Say where a card stands, and of which version of its record."""
    values: dict[str, Any] = {"state": int(state)}
    if version is not None:
        values["version"] = version
    connection.execute(update(card).where(card.c.key == key).values(values))


_UNTOLD = (
    select(card)
    .join(message, message.c.id == card.c.message_id)
    .where(card.c.due_at.is_not(None), message.c.state == MessageState.DELIVERED)
    .order_by(card.c.due_at, card.c.key)
)


def claim_untold(ledger: Ledger, connection: Connection, owner: str, at: int, lease_s: float) -> Untold | None:
    """Take the card that is to be changed longest, for so many seconds; its message has been delivered."""
    waiting = _UNTOLD.where(card.c.due_at <= at, card.c.lease_until <= at).limit(5)
    for row in connection.execute(waiting).all():
        mine = update(card).where(card.c.key == row.key, card.c.lease_until <= at, card.c.revision == row.revision)
        lease = {"owner": owner, "lease_until": at + int(lease_s * MICROSECONDS), "attempts": card.c.attempts + 1}
        if connection.execute(mine.values(lease)).rowcount:
            return Untold(_card(row), _said(ledger, row), row.revision, row.attempts + 1)
    return None


def any_untold(connection: Connection, at: int) -> bool:
    """Tell whether a card is to be changed by `at`."""
    return connection.execute(_UNTOLD.where(card.c.due_at <= at).limit(1)).first() is not None


def told(connection: Connection, of: Untold, owner: str, at: int, again_at: int | None) -> None:
    """Give a card back: it shows what it was to show (`again_at` None), or is tried again then.

    What was said meanwhile stays due.
    """
    mine = and_(card.c.key == of.card.key, card.c.owner == owner)
    same = card.c.revision == of.revision
    due_at = case((same, again_at), else_=card.c.due_at)
    shown = at if again_at is None else card.c.told_at
    connection.execute(update(card).where(mine).values(lease_until=0, due_at=due_at, told_at=shown))


def free(connection: Connection, worker: str) -> None:
    """Give back what a worker had taken that starts again."""
    mine = update(card).where(card.c.owner.startswith(f"{worker} ", autoescape=True), card.c.lease_until > 0)
    connection.execute(mine.values(lease_until=0))


_LATER = and_(
    *(snapshot.c[name] == card.c[name] for name in _RECORD),
    snapshot.c.seq > card.c.known_seq,
)
_STALE = select(card).where(card.c.state == CardState.OPEN, exists().where(_LATER))


@dataclass(frozen=True, slots=True)
class Stale:
    """An open card of whose record a later state is known; `state` is None where that cannot be read."""

    card: Card
    seq: int
    version: str
    state: State | None


def any_stale(connection: Connection) -> bool:
    """Tell whether a later state is known of a record that an open card shows."""
    return connection.execute(_STALE.limit(1)).first() is not None


def stale(ledger: Ledger, connection: Connection, most: int) -> list[Stale]:
    """Return open cards of whose records a later state is known."""
    found = []
    for row in connection.execute(_STALE.order_by(card.c.key).limit(most)).all():
        kept = select(snapshot, inbox.c.version).join(inbox, inbox.c.seq == snapshot.c.seq, isouter=True)
        now = connection.execute(kept.where(*(snapshot.c[name] == getattr(row, name) for name in _RECORD))).one()
        state = None
        with suppress(Unsealable):
            state = State.load(ledger.sealer.open(now.data_key).unseal(now.payload, SNAPSHOT))
        found.append(Stale(_card(row), now.seq, now.version or "", state))
    return found


def keep(connection: Connection, of: Stale, *, still: bool) -> bool:
    """Say that an open card shows a later state as well, or that it no longer holds; False: it is not open any more."""
    values: dict[str, Any] = {"known_seq": of.seq}
    values |= {"version": of.version} if still else {"state": int(CardState.CLOSED)}
    mine = update(card).where(card.c.key == of.card.key, card.c.state == CardState.OPEN)
    return bool(connection.execute(mine.values(values)).rowcount)


def told_anew(connection: Connection, of: Card) -> bool:
    """Tell whether the readers of a card are told of a later state of its record as well."""
    way = (select(notice.c.route).where(notice.c.id == of.notice_id)).scalar_subquery()
    later = select(notice.c.id).where(
        notice.c.subject == subject(*of.subject),
        notice.c.destination == of.destination,
        notice.c.route == way,
        notice.c.seq > of.seq,
    )
    return connection.execute(later.limit(1)).first() is not None


def shown(ledger: Ledger, connection: Connection, of: Card) -> Mapping[str, Value] | None:
    """Return the fields that a card shows, by the names of the mapping; None when they can no longer be read."""
    query = select(notice.c.payload, notice.c.destination, inbox.c.data_key).join(inbox, inbox.c.seq == notice.c.seq)
    row = connection.execute(query.where(notice.c.id == of.notice_id)).first()
    if row is None:
        return None
    with suppress(Unsealable):
        return Notice.load(ledger.sealer.open(row.data_key).unseal(row.payload, NOTICE), row.destination).fields
    return None


def _card(row: Any) -> Card:
    return Card(
        key=row.key,
        asked=Asked(
            deciders=tuple(row.deciders),
            verbs=tuple(row.verbs),
            holding=Holding(tuple(row.compared), row.equals),
            place=row.place,
            company=row.company,
            aside=Aside(*row.aside),
            zone=row.zone,
            locale=row.locale,
        ),
        destination=row.destination,
        notice_id=row.notice_id,
        subject=(row.source, row.kind, row.record_id),
        seq=row.seq,
        version=row.version,
        state=CardState(row.state),
    )


def _said(ledger: Ledger, row: Any) -> Said | None:
    if row.payload is None:
        return None
    with suppress(Unsealable):
        return Said.load(ledger.sealer.open(row.data_key).unseal(row.payload, CARD))
    return None
