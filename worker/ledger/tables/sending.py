"""What is told: facts, messages, what became of them, and the trail."""

from __future__ import annotations

from enum import IntEnum

from sqlalchemy import (
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
    and_,
    literal_column,
    text,
)

from connectors.contract import Reached
from worker.ledger.tables.base import Id, Recipient, Standing, metadata


class NoticeState(IntEnum):
    """Where a notice stands."""

    WAITING = 0
    FRAMED = 1
    SHOWN = 2
    SUPERSEDED = 3
    HELD = 4
    DROPPED = 5
    DEAD = 6


class MessageState(IntEnum):
    """Where a message stands. `SENDING` has a lease; when that ends without an answer, the message is due again."""

    DUE = 0
    SENDING = 1
    DELIVERED = 2
    DEAD = 3


class Step(IntEnum):
    """What a trail entry tells of."""

    DECIDED = 1
    SUPERSEDED = 2
    HELD = 3
    RELEASED = 4
    DROPPED = 5
    FRAMED = 6
    ATTEMPT = 7
    REPLAYED = 8
    UNREADABLE = 9
    CLOSED = 10
    REPEATED = 11
    RECALLED = 12
    ADDRESSED = 13
    OVERSEEN = 14
    TIMED = 20


notice = Table(
    "notice",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("seq", Id, nullable=False),
    Column("route", String(64), nullable=False),
    Column("destination", Recipient, nullable=False),
    Column("subject", LargeBinary(16), nullable=False),
    Column("lane", SmallInteger, nullable=False),
    Column("state", Standing, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("detail", String(255), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("source_at", BigInteger, nullable=False),
    Column("again", SmallInteger, nullable=False, server_default=text("0")),
    Column("unanswered", SmallInteger, nullable=False, server_default=text("0")),
    Column("parted", Boolean, nullable=False, server_default=text("false")),
    Column("payload", LargeBinary),
    UniqueConstraint("seq", "route", "destination", "again", name="notice_once"),
)
Index(
    "notice_waiting",
    notice.c.destination,
    notice.c.lane,
    notice.c.id,
    sqlite_where=notice.c.state == 0,
    postgresql_where=notice.c.state == 0,
)
Index(
    "notice_states",
    notice.c.destination,
    notice.c.subject,
    sqlite_where=notice.c.state == 0,
    postgresql_where=notice.c.state == 0,
)
Index("notice_held", notice.c.id, sqlite_where=notice.c.state == 4, postgresql_where=notice.c.state == 4)
Index("notice_dead", notice.c.id, sqlite_where=notice.c.state == 6, postgresql_where=notice.c.state == 6)

OPEN = notice.c.state.in_([literal_column(str(int(state))) for state in (NoticeState.HELD, NoticeState.DEAD)])
"""What a later state of the record closes, in the words of the index: a bound list would not match it."""
Index(
    "notice_open",
    notice.c.destination,
    notice.c.subject,
    notice.c.route,
    sqlite_where=OPEN,
    postgresql_where=OPEN,
)
Index(
    "notice_in_flight",
    notice.c.destination,
    notice.c.subject,
    notice.c.route,
    unique=True,
    sqlite_where=notice.c.state == 1,
    postgresql_where=notice.c.state == 1,
)

message = Table(
    "message",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("destination", Recipient, nullable=False),
    Column("key", String(64), nullable=False, unique=True),
    Column("lane", SmallInteger, nullable=False),
    Column("state", Standing, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("owner", String(64), nullable=False, server_default=""),
    Column("lease_until", BigInteger, nullable=False, server_default=text("0")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("framed_at", BigInteger, nullable=False),
    Column("first_sent_at", BigInteger),
    Column("settled_at", BigInteger),
    Column("outcome", String(16), nullable=False, server_default=""),
    Column("code", String(64), nullable=False, server_default=""),
    Column("reason", String(512), nullable=False, server_default=""),
    Column("repeatable", Boolean, nullable=False),
    Column("facts", Integer, nullable=False),
    Column("withheld", Integer, nullable=False),
    Column("handle", String(255), nullable=False, server_default=""),
    Column("rest_of", Id),
    Column("ask_at", BigInteger),
    Column("asked", SmallInteger, nullable=False, server_default=text("0")),
    Column("recalled_at", BigInteger),
    Column("data_key", LargeBinary),
    Column("payload", LargeBinary),
)
Index(
    "message_due",
    message.c.due_at,
    message.c.id,
    sqlite_where=message.c.state == 0,
    postgresql_where=message.c.state == 0,
)
Index(
    "message_sending",
    message.c.lease_until,
    sqlite_where=message.c.state == 1,
    postgresql_where=message.c.state == 1,
)
Index(
    "message_told",
    message.c.destination,
    message.c.settled_at,
    sqlite_where=message.c.state == 2,
    postgresql_where=message.c.state == 2,
)

UNANSWERED = and_(message.c.state == 3, message.c.outcome == literal_column("'unknown'"))
"""A message of which nobody knows whether it came, and that is not sent again, in the words of the index."""
Index("message_unanswered", message.c.destination, sqlite_where=UNANSWERED, postgresql_where=UNANSWERED)

message_notice = Table(
    "message_notice",
    metadata,
    Column("notice_id", Id, primary_key=True),
    Column("message_id", Id, primary_key=True),
    Column("again", Boolean, nullable=False, server_default=text("false")),
)
Index("message_notice_message", message_notice.c.message_id)

trail = Table(
    "trail",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("step", SmallInteger, nullable=False),
    Column("seq", Id),
    Column("notice_id", Id),
    Column("message_id", Id),
    Column("reason", String(32), nullable=False),
    Column("detail", String(512), nullable=False),
    Column("payload", LargeBinary),
)

_UNMAPPED = (trail.c.step == 1) & (trail.c.reason == "unmapped")
Index("trail_unmapped", trail.c.seq, sqlite_where=_UNMAPPED, postgresql_where=_UNMAPPED)
Index("trail_seq", trail.c.seq, sqlite_where=trail.c.seq.is_not(None), postgresql_where=trail.c.seq.is_not(None))
Index(
    "trail_notice",
    trail.c.notice_id,
    sqlite_where=trail.c.notice_id.is_not(None),
    postgresql_where=trail.c.notice_id.is_not(None),
)
Index(
    "trail_message",
    trail.c.message_id,
    sqlite_where=trail.c.message_id.is_not(None),
    postgresql_where=trail.c.message_id.is_not(None),
)

message_person = Table(
    "message_person",
    metadata,
    Column("message_id", Id, primary_key=True),
    Column("person", String(255), primary_key=True),
    Column("reached", String(16), nullable=False),
    Column("at", BigInteger, nullable=False),
)

MISSED = message_person.c.reached.in_(
    [literal_column(f"'{reached}'") for reached in (Reached.INVALID, Reached.CAPPED, Reached.FORBIDDEN, Reached.FAILED)]
)
"""Whom a message did not come to and will not, in the words of the index."""
Index("message_person_missed", message_person.c.at, sqlite_where=MISSED, postgresql_where=MISSED)
Index(
    "message_ask",
    message.c.ask_at,
    sqlite_where=message.c.ask_at.is_not(None),
    postgresql_where=message.c.ask_at.is_not(None),
)
Index(
    "message_rest",
    message.c.rest_of,
    sqlite_where=message.c.rest_of.is_not(None),
    postgresql_where=message.c.rest_of.is_not(None),
)
