"""The tables. Payload columns are sealed; what claims and conflation need stays clear.

An index for a claim is partial and matches the claim's ORDER BY exactly; without that a claim sorts all that waits.
"""

from __future__ import annotations

from enum import IntEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    text,
)

metadata = MetaData()

Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only for INTEGER


class InboxState(IntEnum):
    """Whether an event has been decided."""

    NEW = 0
    DECIDED = 1
    UNREADABLE = 2


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


inbox = Table(
    "inbox",
    metadata,
    Column("seq", Id, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    Column("kind", String(128), nullable=False),
    Column("record_id", String(255), nullable=False),
    Column("version", String(255), nullable=False),
    Column("digest", LargeBinary(16), nullable=False),
    Column("stamp", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("pushed", Boolean, nullable=False),
    Column("baseline", Boolean, nullable=False),
    Column("shard", SmallInteger, nullable=False),
    Column("state", SmallInteger, nullable=False, server_default=text("0")),
    Column("data_key", LargeBinary),
    Column("payload", LargeBinary),
    UniqueConstraint("source", "kind", "record_id", "version", "digest", name="inbox_once"),
)
Index("inbox_new", inbox.c.seq, sqlite_where=inbox.c.state == 0, postgresql_where=inbox.c.state == 0)

snapshot = Table(
    "snapshot",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("kind", String(128), primary_key=True),
    Column("record_id", String(255), primary_key=True),
    Column("seq", Id, nullable=False),
    Column("stamp", BigInteger, nullable=False),
    Column("number", String(255), nullable=False),
    Column("url", String(2048), nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("data_key", LargeBinary),
    Column("payload", LargeBinary),
)
Index("snapshot_number", snapshot.c.number)

notice = Table(
    "notice",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("seq", Id, nullable=False),
    Column("route", String(64), nullable=False),
    Column("destination", String(64), nullable=False),
    Column("subject", LargeBinary(16), nullable=False),
    Column("lane", SmallInteger, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("detail", String(255), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("source_at", BigInteger, nullable=False),
    Column("again", SmallInteger, nullable=False, server_default=text("0")),
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
    Column("destination", String(64), nullable=False),
    Column("key", String(64), nullable=False, unique=True),
    Column("lane", SmallInteger, nullable=False),
    Column("state", SmallInteger, nullable=False),
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
Index("message_dead", message.c.id, sqlite_where=message.c.state == 3, postgresql_where=message.c.state == 3)

message_notice = Table(
    "message_notice",
    metadata,
    Column("notice_id", Id, primary_key=True),
    Column("message_id", Id, primary_key=True),
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

cursor = Table(
    "cursor",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("kind", String(128), primary_key=True),
    Column("cursor", String(4096)),
    Column("baseline", Boolean, nullable=False),
    Column("polled_at", BigInteger),
    Column("succeeded_at", BigInteger),
    Column("failure", String(512), nullable=False, server_default=""),
)

schedule = Table(
    "schedule",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("due_at", BigInteger, nullable=False),
    Column("times", String(32), nullable=False, server_default=""),
    Column("owner", String(64), nullable=False, server_default=""),
    Column("lease_until", BigInteger, nullable=False, server_default=text("0")),
)

meter = Table(
    "meter",
    metadata,
    Column("budget", String(255), primary_key=True),
    Column("used", BigInteger, nullable=False),
    Column("allowed", BigInteger, nullable=False),
    Column("observed_at", BigInteger, nullable=False),
)

budget = Table(
    "budget",
    metadata,
    Column("destination", String(64), primary_key=True),
    Column("called_at", BigInteger, nullable=False),
    Column("blocked_until", BigInteger, nullable=False, server_default=text("0")),
    Column("free_at", BigInteger, nullable=False, server_default=text("0")),
    Column("waits_for", String(32), nullable=False, server_default=""),
)

refused = Table(
    "refused",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("reason", String(32), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
)

plan = Table(
    "plan",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("fingerprint", String(64), nullable=False, unique=True),
    Column("at", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
