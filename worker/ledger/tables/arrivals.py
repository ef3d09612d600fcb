"""What sources told: arrivals, last states, cursors, hints, subscriptions, what is compared."""

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
    Text,
    UniqueConstraint,
    text,
)

from worker.ledger.tables.base import Id, Standing, metadata


class InboxState(IntEnum):
    """Whether an event has been decided."""

    NEW = 0
    DECIDED = 1
    UNREADABLE = 2


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
    Column("hinted_at", BigInteger),
    Column("pushed", Boolean, nullable=False),
    Column("baseline", Boolean, nullable=False),
    Column("shard", SmallInteger, nullable=False),
    Column("state", Standing, nullable=False, server_default=text("0")),
    Column("data_key", LargeBinary),
    Column("payload", LargeBinary),
    UniqueConstraint("source", "kind", "record_id", "version", "digest", name="inbox_once"),
)
Index("inbox_new", inbox.c.seq, sqlite_where=inbox.c.state == 0, postgresql_where=inbox.c.state == 0)
Index("inbox_record", inbox.c.record_id, inbox.c.seq)
Index("inbox_source", inbox.c.source, inbox.c.pushed, inbox.c.seq)
Index("inbox_unreadable", inbox.c.seq, sqlite_where=inbox.c.state == 2, postgresql_where=inbox.c.state == 2)

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

cursor = Table(
    "cursor",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("kind", String(128), primary_key=True),
    Column("cursor", Text),
    Column("baseline", Boolean, nullable=False),
    Column("polled_at", BigInteger),
    Column("succeeded_at", BigInteger),
    Column("failure", String(512), nullable=False, server_default=""),
    Column("hints_failure", String(512), nullable=False, server_default=""),
    Column("silent_since", BigInteger),
)

hint = Table(
    "hint",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("kind", String(128), primary_key=True),
    Column("record_id", String(255), primary_key=True),
    Column("stamp", BigInteger, nullable=False),
    Column("hinted_at", BigInteger, nullable=False),
    Column("renewed", Integer, nullable=False, server_default=text("0")),
    Column("due_at", BigInteger),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("behind_since", BigInteger, nullable=False, server_default=text("0")),
    Column("read_at", BigInteger, nullable=False, server_default=text("0")),
    Column("reason", String(512), nullable=False, server_default=""),
)
Index("hint_due", hint.c.source, hint.c.kind, hint.c.due_at, hint.c.record_id)

subscription = Table(
    "subscription",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("data_key", LargeBinary),
    Column("content", LargeBinary),
    Column("renewed_at", BigInteger),
    Column("renew_at", BigInteger, nullable=False),
    Column("silent_since", BigInteger),
    Column("silent_until", BigInteger),
    Column("missed", Integer, nullable=False, server_default=text("0")),
    Column("missed_since", BigInteger),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("failure", String(512), nullable=False, server_default=""),
)

listed = Table(
    "listed",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("kind", String(128), primary_key=True),
    Column("record_id", String(255), primary_key=True),
)

completeness = Table(
    "completeness",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("kind", String(128), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("listed", BigInteger, nullable=False),
    Column("known", BigInteger, nullable=False),
    Column("fetched", BigInteger, nullable=False),
    Column("compared_at", BigInteger, nullable=False),
)

refused = Table(
    "refused",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("reason", String(32), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
)

sighting = Table(
    "sighting",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("kind", String(128), primary_key=True),
    Column("pushed", Boolean, primary_key=True),
    Column("path", String(255), primary_key=True),
    Column("types", String(128), nullable=False),
    Column("presence", String(16), nullable=False),
    Column("change", String(16), nullable=False, server_default=""),
    Column("became", String(16), nullable=False, server_default=""),
    Column("record", String(255), nullable=False, server_default=""),
    Column("changed_at", BigInteger),
    Column("turn", BigInteger, nullable=False, server_default=text("0")),
)
Index("sighting_turn", sighting.c.turn)
