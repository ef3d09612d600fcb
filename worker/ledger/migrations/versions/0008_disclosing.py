"""What was shown of more than everybody may see, and to whom it should not have been."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "disclosure",
        sa.Column("message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("destination", sa.String(length=320), nullable=False),
        sa.Column("classes", sa.String(length=1024), nullable=False),
        sa.Column("cleared_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("look_at", sa.BigInteger(), nullable=True),
        sa.Column("overseen_at", sa.BigInteger(), nullable=True),
        sa.Column("overseen_by", sa.JSON(), nullable=True),
        sa.Column("became", sa.String(length=16), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("message_id"),
    )
    looked, overseen = sa.text("look_at IS NOT NULL"), sa.text("overseen_at IS NOT NULL")
    with op.batch_alter_table("disclosure", schema=None) as batch_op:
        batch_op.create_index("disclosure_destination", ["destination", "message_id"], unique=False)
        batch_op.create_index(
            "disclosure_look", ["look_at"], unique=False, sqlite_where=looked, postgresql_where=looked
        )
        batch_op.create_index(
            "disclosure_overseen", ["overseen_at"], unique=False, sqlite_where=overseen, postgresql_where=overseen
        )
    op.create_table(
        "clearance",
        sa.Column("application", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("classes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("application", "user"),
    )
    op.create_table(
        "loss",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("application", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("classes", sa.JSON(), nullable=False),
        sa.Column("messages", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("destinations", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("loss", schema=None) as batch_op:
        batch_op.create_index("loss_at", ["at"], unique=False)
