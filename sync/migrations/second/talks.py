"""Pictures, voices and videos in conversations, questions asked again and again, who is on duty, consultations counted."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.add_columns(
        "conversation_message",
        sa.Column("media_state", sa.String(20), nullable=True),
        sa.Column("media_tries", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("automatic", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("waited_s", sa.BigInteger(), nullable=True),
        sa.Column("in_time", sa.Boolean(), nullable=True),
    )
    steps.create_index("ix_conversation_message_media", "conversation_message", ["media_state", "at"])
    steps.create_index("ix_conversation_message_staff", "conversation_message", ["staff_id", "at"])
    steps.add_columns(
        "service_performance",
        sa.Column("consults", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("consults_in_time", sa.BigInteger(), nullable=False, server_default="0"),
    )
    steps.create_record_table(
        "faq_entry",
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("question", sa.String(200), nullable=False),
        sa.Column("variants", JsonText(), nullable=False),
        sa.Column("answer", sa.String(4000), nullable=False),
        sa.Column("advice", sa.Boolean(), nullable=False),
        sa.Column("sources", JsonText(), nullable=True),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("reason", steps.long_text(), nullable=False),
        sa.Column("saved_by", Id16(), nullable=True),
        sa.Column("saved_name", sa.String(255), nullable=False),
        sa.Column("saved_at", UtcTime(), nullable=False),
        indexed=("saved_at",),
    )
    steps.create_index("ix_faq_entry_code", "faq_entry", ["org_id", "code", "version"])
    steps.create_record_table(
        "duty_shift",
        sa.Column("staff_id", Id16(), nullable=False),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("starts_at", UtcTime(), nullable=False),
        sa.Column("ends_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        indexed=("staff_id", "starts_at"),
    )
