"""What was shown of more than everybody may see, and to whom it should not have been."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, String, Table, text

from worker.ledger.tables.base import Id, Recipient, metadata

disclosure = Table(
    "disclosure",
    metadata,
    Column("message_id", Id, primary_key=True),
    Column("destination", Recipient, nullable=False),
    Column("classes", String(1024), nullable=False),
    Column("cleared_at", BigInteger, nullable=False, server_default=text("0")),
    Column("look_at", BigInteger),
    Column("overseen_at", BigInteger),
    Column("overseen_by", JSON),
    Column("became", String(16), nullable=False, server_default=""),
)
Index("disclosure_destination", disclosure.c.destination, disclosure.c.message_id)
_LOOK, _OVERSEEN = disclosure.c.look_at.is_not(None), disclosure.c.overseen_at.is_not(None)
Index("disclosure_look", disclosure.c.look_at, sqlite_where=_LOOK, postgresql_where=_LOOK)
Index("disclosure_overseen", disclosure.c.overseen_at, sqlite_where=_OVERSEEN, postgresql_where=_OVERSEEN)

clearance = Table(
    "clearance",
    metadata,
    Column("application", String(64), primary_key=True),
    Column("user", String(64), primary_key=True),
    Column("classes", JSON, nullable=False),
)

loss = Table(
    "loss",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("application", String(64), nullable=False),
    Column("user", String(64), nullable=False),
    Column("classes", JSON, nullable=False),
    Column("messages", Integer, nullable=False, server_default=text("0")),
    Column("destinations", JSON, nullable=False),
)
Index("loss_at", loss.c.at)
