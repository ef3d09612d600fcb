"""What waits for a time, and by which key a record of another source is looked for."""

from __future__ import annotations

from enum import IntEnum

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    LargeBinary,
    String,
    Table,
    text,
)

from worker.ledger.tables.base import Standing, metadata


class TimerState(IntEnum):
    """Whether a timer still waits for its time. `TOLD` stays as long as the condition holds, so that it is told once."""

    WAITING = 0
    TOLD = 1


timer = Table(
    "timer",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("kind", String(128), primary_key=True),
    Column("record_id", String(255), primary_key=True),
    Column("route", String(128), primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("state", Standing, nullable=False, server_default=text("0")),
)

Index("timer_due", timer.c.due_at, sqlite_where=timer.c.state == 0, postgresql_where=timer.c.state == 0)

lookup = Table(
    "lookup",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("kind", String(128), primary_key=True),
    Column("field", String(64), primary_key=True),
    Column("record_id", String(255), primary_key=True),
    Column("mark", LargeBinary(16), nullable=False),
)

Index("lookup_mark", lookup.c.source, lookup.c.kind, lookup.c.field, lookup.c.mark)
