"""Who is who, and who reads what."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    text,
)

from worker.ledger.tables.base import Id, Recipient, metadata

match = Table(
    "match",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("source_user", String(255), primary_key=True),
    Column("application", String(64), nullable=False),
    Column("user", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("detail", String(255), nullable=False, server_default=""),
    Column("matched_at", BigInteger, nullable=False),
    Column("data_key", LargeBinary),
    Column("payload", LargeBinary),
)
Index("match_user", match.c.application, match.c.user)

matching = Table(
    "matching",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("keys", String(64), nullable=False),
    Column("seq", Id, nullable=False),
    Column("people_at", BigInteger, nullable=False),
    Column("matched_at", BigInteger, nullable=False),
)

directory = Table(
    "directory",
    metadata,
    Column("application", String(64), primary_key=True),
    Column("read_at", BigInteger),
    Column("changed_at", BigInteger, nullable=False, server_default=text("0")),
    Column("departments_stale_at", BigInteger, nullable=False, server_default=text("0")),
    Column("roles_stale_at", BigInteger, nullable=False, server_default=text("0")),
    Column("failure", String(512), nullable=False, server_default=""),
)

person = Table(
    "person",
    metadata,
    Column("application", String(64), primary_key=True),
    Column("user", String(64), primary_key=True),
    Column("union_id", String(255), nullable=False, server_default=""),
    Column("active", Boolean, nullable=False, server_default=text("false")),
    Column("read_at", BigInteger, nullable=False, server_default=text("0")),
    Column("stale_at", BigInteger, nullable=False, server_default=text("0")),
    Column("left_at", BigInteger),
    Column("data_key", LargeBinary),
    Column("payload", LargeBinary),
)

_STALE = person.c.stale_at > 0
Index("person_stale", person.c.application, person.c.user, sqlite_where=_STALE, postgresql_where=_STALE)

department = Table(
    "department",
    metadata,
    Column("application", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("parent", String(64), nullable=False),
)

role = Table(
    "role",
    metadata,
    Column("application", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("family", String(255), nullable=False),
)

role_person = Table(
    "role_person",
    metadata,
    Column("application", String(64), primary_key=True),
    Column("role", String(64), primary_key=True),
    Column("user", String(64), primary_key=True),
)
Index("role_person_user", role_person.c.application, role_person.c.user)

audience = Table(
    "audience",
    metadata,
    Column("place", String(255), primary_key=True),
    Column("state", String(16), nullable=False, server_default=""),
    Column("reason", String(32), nullable=False, server_default=""),
    Column("sentence", String(512), nullable=False, server_default=""),
    Column("people", Integer, nullable=False, server_default=text("0")),
    Column("outsiders", Integer, nullable=False, server_default=text("0")),
    Column("open_history", Boolean),
    Column("read_at", BigInteger, nullable=False, server_default=text("0")),
    Column("stale_at", BigInteger, nullable=False, server_default=text("0")),
    Column("changed_at", BigInteger, nullable=False, server_default=text("0")),
    Column("changed", String(32), nullable=False, server_default=""),
    Column("lost_at", BigInteger, nullable=False, server_default=text("0")),
    Column("failure", String(512), nullable=False, server_default=""),
    Column("data_key", LargeBinary),
    Column("payload", LargeBinary),
)

vouched = Table(
    "vouched",
    metadata,
    Column("destination", Recipient, primary_key=True),
    Column("place", String(255), nullable=False, server_default=""),
    Column("word", String(64), nullable=False, server_default=""),
    Column("attested_at", BigInteger, nullable=False, server_default=text("0")),
)

sitting = Table(
    "sitting",
    metadata,
    Column("place", String(255), primary_key=True),
    Column("user", String(64), primary_key=True),
    Column("since", BigInteger, primary_key=True, autoincrement=False),
    Column("until", BigInteger),
)
Index("sitting_user", sitting.c.user)
