"""Who is who, and who reads what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "match",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("source_user", sa.String(length=255), nullable=False),
        sa.Column("application", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.String(length=255), server_default="", nullable=False),
        sa.Column("matched_at", sa.BigInteger(), nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("source", "source_user"),
    )
    with op.batch_alter_table("match", schema=None) as batch_op:
        batch_op.create_index("match_user", ["application", "user"], unique=False)
    op.create_table(
        "matching",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("keys", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("people_at", sa.BigInteger(), nullable=False),
        sa.Column("matched_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source"),
    )
    op.create_table(
        "directory",
        sa.Column("application", sa.String(length=64), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("departments_stale_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("roles_stale_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("failure", sa.String(length=512), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("application"),
    )
    op.create_table(
        "person",
        sa.Column("application", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("union_id", sa.String(length=255), server_default="", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("read_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("stale_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.Column("data_key", sa.LargeBinary(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("application", "user"),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(
            "person_stale",
            ["application", "user"],
            unique=False,
            sqlite_where=sa.text("stale_at > 0"),
            postgresql_where=sa.text("stale_at > 0"),
        )
    op.create_table(
        "department",
        sa.Column("application", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("parent", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("application", "id"),
    )
    op.create_table(
        "role",
        sa.Column("application", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("family", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("application", "id"),
    )
    op.create_table(
        "role_person",
        sa.Column("application", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("application", "role", "user"),
    )
    with op.batch_alter_table("role_person", schema=None) as batch_op:
        batch_op.create_index("role_person_user", ["application", "user"], unique=False)
    op.create_table(
        "audience",
        sa.Column("place", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), server_default="", nullable=False),
        sa.Column("reason", sa.String(length=32), server_default="", nullable=False),
        sa.Column("sentence", sa.String(length=512), server_default="", nullable=False),
        sa.Column("people", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("outsiders", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("open_history", sa.Boolean(), nullable=True),
        sa.Column("read_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("stale_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("changed", sa.String(length=32), server_default="", nullable=False),
        sa.Column("lost_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("failure", sa.String(length=512), server_default="", nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("place"),
    )
    op.create_table(
        "vouched",
        sa.Column("destination", sa.String(length=320), nullable=False),
        sa.Column("place", sa.String(length=255), server_default="", nullable=False),
        sa.Column("word", sa.String(length=64), server_default="", nullable=False),
        sa.Column("attested_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("destination"),
    )
    op.create_table(
        "sitting",
        sa.Column("place", sa.String(length=255), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("place", "user", "since"),
    )
    with op.batch_alter_table("sitting", schema=None) as batch_op:
        batch_op.create_index("sitting_user", ["user"], unique=False)
