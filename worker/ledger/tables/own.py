"""What the program keeps of itself: configurations, words, faults, schedules, secrets."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from worker.ledger.tables.base import Id, metadata

schedule = Table(
    "schedule",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("due_at", BigInteger, nullable=False),
    Column("times", String(32), nullable=False, server_default=""),
    Column("owner", String(64), nullable=False, server_default=""),
    Column("lease_until", BigInteger, nullable=False, server_default=text("0")),
)

recovery = Table(
    "recovery",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("taken_at", BigInteger, nullable=False),
    Column("restored_at", BigInteger, nullable=False),
)

configuration = Table(
    "configuration",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("plan_id", Id, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

attestation = Table(
    "attestation",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("destination", String(64), nullable=False),
    Column("by", String(255), nullable=False),
    Column("on", Date, nullable=False),
    Column("until", Date, nullable=False),
    Column("classes", JSON, nullable=False),
    Column("at", BigInteger, nullable=False),
)

secret = Table(
    "secret",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("data_key", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

plan = Table(
    "plan",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("fingerprint", String(64), nullable=False, unique=True),
    Column("at", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

fault = Table(
    "fault",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("sentence", String(512), nullable=False),
    Column("said", Text, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("told_at", BigInteger, nullable=False, server_default=text("0")),
    Column("count", Integer, nullable=False),
    Column("open", Boolean, nullable=False),
)

telling = Table(
    "telling",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("way", String(16), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("failure", String(512), nullable=False, server_default=""),
)
