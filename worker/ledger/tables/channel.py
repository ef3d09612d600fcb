"""What people do in a channel: signals, cards and decisions, questions and answers."""

from __future__ import annotations

from enum import IntEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    literal_column,
    text,
)

from worker.ledger.tables.base import Id, Recipient, Standing, metadata


class SignalState(IntEnum):
    """Whether what a channel said by itself was dealt with."""

    NEW = 0
    DONE = 1
    UNREADABLE = 2


class SignalForm(IntEnum):
    """What a channel said by itself."""

    PRESS = 0
    WORDS = 1
    CHANGE = 2


class CardState(IntEnum):
    """Whether the card still asks for a decision."""

    OPEN = 0
    WORKING = 1
    """Somebody pressed, and it is being carried out."""
    DECIDED = 2
    CLOSED = 3
    """It shows what no longer holds."""


class ActionState(IntEnum):
    """What became of a press."""

    HEARD = 0
    WRITING = 1
    """The source was asked to do it; until it says what became of that, it may be done."""
    UNKNOWN = 2
    """No answer came: it is being looked up."""
    DONE = 3
    REFUSED = 4
    VOID = 5
    """The record was no longer what the card showed."""
    LATE = 6
    """It had been decided, or was being decided, by somebody else."""
    FAILED = 7


class AnswerState(IntEnum):
    """Where an answer stands. `SENDING` has a lease; when that ends without an answer, nobody knows whether it came."""

    DUE = 0
    SENDING = 1
    DELIVERED = 2
    GIVEN_UP = 3


class AnswerForm(IntEnum):
    """What is answered: what was asked, that somebody asks too much, or the rest of an answer that was too long."""

    ANSWER = 0
    TOO_MANY = 1
    REST = 2


signal = Table(
    "signal",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("application", String(64), nullable=False),
    Column("form", SmallInteger, nullable=False),
    Column("signal_id", String(255), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("state", Standing, nullable=False, server_default=text("0")),
    Column("reason", String(512), nullable=False, server_default=""),
    Column("data_key", LargeBinary),
    Column("payload", LargeBinary),
    UniqueConstraint("application", "form", "signal_id", name="signal_once"),
)
Index("signal_new", signal.c.id, sqlite_where=signal.c.state == 0, postgresql_where=signal.c.state == 0)

listening = Table(
    "listening",
    metadata,
    Column("application", String(64), primary_key=True),
    Column("relay", String(64), primary_key=True),
    Column("level", String(16), nullable=False),
    Column("sentence", String(512), nullable=False),
    Column("said_at", BigInteger, nullable=False),
    Column("gaps", Integer, nullable=False, server_default=text("0")),
    Column("gap_since", BigInteger),
    Column("gap_until", BigInteger),
    Column("gap_loss", String(16), nullable=False, server_default=""),
)

card = Table(
    "card",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("message_id", Id, nullable=False),
    Column("notice_id", Id, nullable=False),
    Column("destination", Recipient, nullable=False),
    Column("route", String(64), nullable=False),
    Column("place", String(255), nullable=False),
    Column("company", String(255), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("locale", String(32), nullable=False),
    Column("aside", JSON, nullable=False),
    Column("deciders", JSON, nullable=False),
    Column("verbs", JSON, nullable=False),
    Column("compared", JSON, nullable=False),
    Column("equals", JSON, nullable=False),
    Column("source", String(64), nullable=False),
    Column("kind", String(128), nullable=False),
    Column("record_id", String(255), nullable=False),
    Column("seq", Id, nullable=False),
    Column("known_seq", Id, nullable=False),
    Column("version", String(255), nullable=False),
    Column("state", Standing, nullable=False, server_default=text("0")),
    Column("data_key", LargeBinary),
    Column("payload", LargeBinary),
    Column("revision", Integer, nullable=False, server_default=text("0")),
    Column("answered_at", BigInteger, nullable=False, server_default=text("0")),
    Column("due_at", BigInteger),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("owner", String(64), nullable=False, server_default=""),
    Column("lease_until", BigInteger, nullable=False, server_default=text("0")),
    Column("told_at", BigInteger),
)
Index(
    "card_due",
    card.c.due_at,
    card.c.key,
    sqlite_where=card.c.due_at.is_not(None),
    postgresql_where=card.c.due_at.is_not(None),
)
Index("card_open", card.c.key, sqlite_where=card.c.state == 0, postgresql_where=card.c.state == 0)
Index("card_message", card.c.message_id)

action = Table(
    "action",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("signal_id", Id, nullable=False, unique=True),
    Column("application", String(64), nullable=False),
    Column("card", String(64), nullable=False),
    Column("source", String(64), nullable=False, server_default=""),
    Column("kind", String(128), nullable=False, server_default=""),
    Column("record_id", String(255), nullable=False, server_default=""),
    Column("seq", Id),
    Column("version", String(255), nullable=False, server_default=""),
    Column("verb", String(16), nullable=False),
    Column("by", String(64), nullable=False),
    Column("actor", String(255), nullable=False, server_default=""),
    Column("key", String(64), nullable=False, server_default=""),
    Column("state", Standing, nullable=False),
    Column("reason", String(32), nullable=False, server_default=""),
    Column("detail", String(512), nullable=False, server_default=""),
    Column("pressed_at", BigInteger, nullable=False),
    Column("heard_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("looks", Integer, nullable=False, server_default=text("0")),
    Column("owner", String(64), nullable=False, server_default=""),
    Column("lease_until", BigInteger, nullable=False, server_default=text("0")),
    Column("settled_at", BigInteger),
)

_UNDER_WAY = action.c.state.in_([literal_column(str(state)) for state in (0, 1, 2)])

_STANDS = action.c.state.in_([literal_column(str(state)) for state in (0, 1, 2, 3)])
Index("action_due", action.c.due_at, action.c.id, sqlite_where=_UNDER_WAY, postgresql_where=_UNDER_WAY)
Index("action_once", action.c.card, unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS)
Index("action_record", action.c.record_id, action.c.id)
Index("action_failed", action.c.settled_at, sqlite_where=action.c.state == 7, postgresql_where=action.c.state == 7)

answer = Table(
    "answer",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("application", String(64), nullable=False),
    Column("user", String(255), nullable=False),
    Column("conversation", String(255), nullable=False),
    Column("form", SmallInteger, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("state", Standing, nullable=False, server_default=text("0")),
    Column("due_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("owner", String(64), nullable=False, server_default=""),
    Column("lease_until", BigInteger, nullable=False, server_default=text("0")),
    Column("outcome", String(16), nullable=False, server_default=""),
    Column("reason", String(512), nullable=False, server_default=""),
    Column("data_key", LargeBinary),
    Column("payload", LargeBinary),
)
Index("answer_asked", answer.c.application, answer.c.user, answer.c.asked_at)
Index(
    "answer_due", answer.c.due_at, answer.c.id, sqlite_where=answer.c.state == 0, postgresql_where=answer.c.state == 0
)
Index("answer_sending", answer.c.lease_until, sqlite_where=answer.c.state == 1, postgresql_where=answer.c.state == 1)

mute = Table(
    "mute",
    metadata,
    Column("application", String(64), primary_key=True),
    Column("user", String(64), primary_key=True),
    Column("route", String(64), primary_key=True),
    Column("until", BigInteger, nullable=False),
    Column("said_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

missed = Table(
    "missed",
    metadata,
    Column("destination", Recipient, primary_key=True),
    Column("notice_id", Id, primary_key=True),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

reader = Table(
    "reader",
    metadata,
    Column("application", String(64), primary_key=True),
    Column("reader", String(255), primary_key=True),
    Column("destination", String(64), primary_key=True),
    Column("place", Boolean, nullable=False),
    Column("since", BigInteger, nullable=False),
)
