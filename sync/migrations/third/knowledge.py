"""The library of knowledge and programmes: entries as they count, and their versions."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "knowledge_entry",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("code", sa.String(80), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("diseases", JsonText(), nullable=False),
        sa.Column("groups", JsonText(), nullable=False),
        sa.Column("age_from", sa.BigInteger(), nullable=True),
        sa.Column("age_to", sa.BigInteger(), nullable=True),
        sa.Column("tags", JsonText(), nullable=False),
        sa.Column("points", steps.long_text(), nullable=False),
        sa.Column("source", sa.String(300), nullable=False),
        sa.Column("unverified", sa.Boolean(), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("shipped", sa.BigInteger(), nullable=False),
        sa.Column("newer", sa.BigInteger(), nullable=True),
        sa.Column("kept_in", sa.String(40), nullable=True),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.Column("reviewed_at", UtcTime(), nullable=True),
        sa.Column("reviewed_name", sa.String(255), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.UniqueConstraint("code", name="uq_knowledge_entry_code"),
        indexed=("kind", "changed_at", "due_at"),
    )
    steps.create_record_table(
        "knowledge_version",
        sa.Column("knowledge_entry_id", Id16(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("body", JsonText(), nullable=False),
        sa.Column("reason", steps.long_text(), nullable=False),
        sa.Column("written_at", UtcTime(), nullable=False),
        sa.Column("written_by", Id16(), nullable=True),
        sa.Column("written_name", sa.String(255), nullable=False),
        indexed=("written_at",),
    )
    steps.create_index("ix_knowledge_version_entry", "knowledge_version", ["knowledge_entry_id", "version"])
