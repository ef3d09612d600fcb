"""What calls and messages use up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "budget",
        sa.Column("destination", sa.String(length=320), nullable=False),
        sa.Column("called_at", sa.BigInteger(), nullable=False),
        sa.Column("blocked_until", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("free_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("waits_for", sa.String(length=32), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("destination"),
    )
    op.create_table(
        "meter",
        sa.Column("budget", sa.String(length=255), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("allowed", sa.BigInteger(), nullable=False),
        sa.Column("observed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("budget"),
    )
    op.create_table(
        "month",
        sa.Column("budget", sa.String(length=255), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("allowed", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("budget", "month"),
    )
    op.create_table(
        "spent",
        sa.Column("budget", sa.String(length=255), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("budget", "day", "purpose"),
    )
    op.create_table(
        "stopped",
        sa.Column("budget", sa.String(length=255), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("budget"),
    )
    op.create_table(
        "peace",
        sa.Column("destination", sa.String(length=255), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("said", sa.String(length=64), nullable=False),
        sa.Column("gathers", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("destination"),
    )
