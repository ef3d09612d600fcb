"""What calls and messages use up."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    String,
    Table,
    text,
)

from worker.ledger.tables.base import Recipient, metadata

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
    Column("destination", Recipient, primary_key=True),
    Column("called_at", BigInteger, nullable=False),
    Column("blocked_until", BigInteger, nullable=False, server_default=text("0")),
    Column("free_at", BigInteger, nullable=False, server_default=text("0")),
    Column("waits_for", String(32), nullable=False, server_default=""),
)

month = Table(
    "month",
    metadata,
    Column("budget", String(255), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("zone", String(64), nullable=False),
    Column("allowed", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False),
)

spent = Table(
    "spent",
    metadata,
    Column("budget", String(255), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("purpose", String(16), primary_key=True),
    Column("calls", BigInteger, nullable=False),
)

stopped = Table(
    "stopped",
    metadata,
    Column("budget", String(255), primary_key=True),
    Column("until", BigInteger, nullable=False),
)

peace = Table(
    "peace",
    metadata,
    Column("destination", String(255), primary_key=True),
    Column("until", BigInteger, nullable=False),
    Column("why", String(16), nullable=False),
    Column("said", String(64), nullable=False),
    Column("gathers", BigInteger, nullable=False),
)
