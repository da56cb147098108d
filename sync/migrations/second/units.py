"""A unit's own flow, notes, chat, and the figures sent to its contact."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "unit_flow",
        sa.Column("unit_id", Id16(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("steps", JsonText(), nullable=False),
        sa.Column("materials", JsonText(), nullable=False),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.Column("saved_by", Id16(), nullable=True),
        sa.Column("saved_name", sa.String(255), nullable=False),
        sa.Column("saved_at", UtcTime(), nullable=False),
        indexed=("saved_at",),
    )
    steps.create_index("ix_unit_flow_unit", "unit_flow", ["unit_id", "kind", "version"])
    steps.create_record_table(
        "unit_note",
        sa.Column("unit_id", Id16(), nullable=False),
        sa.Column("event_id", Id16(), nullable=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("step", sa.String(100), nullable=True),
        sa.Column("with_whom", sa.String(100), nullable=True),
        sa.Column("text", sa.String(4000), nullable=False),
        sa.Column("next_step", sa.String(4000), nullable=True),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        indexed=("unit_id", "event_id", "at"),
    )
    steps.create_record_table(
        "unit_chat",
        sa.Column("unit_id", Id16(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("owner_id", Id16(), nullable=False),
        sa.Column("owner_name", sa.String(255), nullable=False),
        sa.Column("config_id", sa.String(120), nullable=True),
        sa.Column("join_url", sa.String(400), nullable=True),
        sa.Column("chat_ids", JsonText(), nullable=True),
        sa.Column("members", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("looked_at", UtcTime(), nullable=True),
        sa.Column("problem", sa.String(255), nullable=True),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        indexed=("unit_id", "asked_at", "due_at"),
    )
    steps.create_record_table(
        "unit_digest",
        sa.Column("unit_id", Id16(), nullable=False),
        sa.Column("unit_name", sa.String(255), nullable=False),
        sa.Column("figures", JsonText(), nullable=False),
        sa.Column("contact", sa.String(255), nullable=False),
        sa.Column("phone", sa.String(40), nullable=False),
        sa.Column("message_id", Id16(), nullable=True),
        sa.Column("token_sha256", sa.String(64), nullable=True),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("wrong", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", UtcTime(), nullable=True),
        sa.Column("openings", sa.BigInteger(), nullable=False),
        sa.Column("sent_by", Id16(), nullable=True),
        sa.Column("sent_at", UtcTime(), nullable=False),
        indexed=("unit_id", "token_sha256", "sent_at"),
    )
