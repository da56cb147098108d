"""What is told to people outside the program, and how its channels fare."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.add_columns("person_link", sa.Column("message_id", Id16(), nullable=True))
    steps.create_index("ix_person_link_message_id", "person_link", ["message_id"])
    steps.create_record_table(
        "contact_address",
        sa.Column("patient_id", Id16(), nullable=True),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("address", sa.String(255), nullable=False),
        sa.Column("via", sa.String(100), nullable=True),
        sa.Column("opted_out_at", UtcTime(), nullable=True),
        sa.Column("opted_out_why", sa.String(255), nullable=True),
        sa.Column("consents", sa.BigInteger(), nullable=True),
        sa.Column("bound_at", UtcTime(), nullable=False),
        sa.Column("bound_by", Id16(), nullable=True),
        indexed=("patient_id", "staff_id"),
    )
    steps.create_index("ix_contact_address_address", "contact_address", ["channel", "address"])
    steps.create_record_table(
        "messaging_preference",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("paused_at", UtcTime(), nullable=True),
        sa.Column("paused_why", sa.String(255), nullable=True),
        sa.Column("opted_out", JsonText(), nullable=False),
        sa.Column("daily_cap", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.Column("changed_by", Id16(), nullable=True),
        indexed=("patient_id",),
    )
    steps.create_record_table(
        "message_template",
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("label", sa.String(100), nullable=False),
        sa.Column("category", sa.String(40), nullable=False),
        sa.Column("channels", JsonText(), nullable=False),
        sa.Column("title", sa.String(60), nullable=False),
        sa.Column("text", steps.long_text(), nullable=False),
        sa.Column("sources", JsonText(), nullable=True),
        sa.Column("important", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("saved_at", UtcTime(), nullable=False),
        sa.Column("saved_by", Id16(), nullable=True),
        indexed=("code", "saved_at"),
    )
    steps.create_record_table(
        "outbox_message",
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("category", sa.String(40), nullable=False),
        sa.Column("template", sa.String(60), nullable=False),
        sa.Column("patient_id", Id16(), nullable=True),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("address_id", Id16(), nullable=True),
        sa.Column("title", sa.String(60), nullable=False),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("body", steps.long_text(), nullable=True),
        sa.Column("params", JsonText(), nullable=True),
        sa.Column("sources", JsonText(), nullable=True),
        sa.Column("important", sa.Boolean(), nullable=False),
        sa.Column("repeats_id", Id16(), nullable=True),
        sa.Column("about", sa.String(60), nullable=True),
        sa.Column("about_id", Id16(), nullable=True),
        sa.Column("mass_id", Id16(), nullable=True),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("queued_at", UtcTime(), nullable=False),
        sa.Column("queued_by", Id16(), nullable=True),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("send_at", UtcTime(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("reason", sa.String(60), nullable=True),
        sa.Column("detail", sa.String(255), nullable=True),
        sa.Column("vendor_id", sa.String(120), nullable=True),
        sa.Column("read_at", UtcTime(), nullable=True),
        sa.Column("unread_stage", sa.BigInteger(), nullable=False),
        indexed=("staff_id", "repeats_id", "about_id", "mass_id", "queued_at", "state_since", "due_at"),
    )
    steps.create_index("ix_outbox_message_person", "outbox_message", ["patient_id", "queued_at"])
    steps.create_index("ix_outbox_message_state_send", "outbox_message", ["state", "rank", "send_at"])
    steps.create_index("ix_outbox_message_vendor", "outbox_message", ["vendor_id"])
    steps.create_record_table(
        "mass_sending",
        sa.Column("label", sa.String(100), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("template", sa.String(60), nullable=False),
        sa.Column("chosen", sa.String(1000), nullable=False),
        sa.Column("wanted", sa.BigInteger(), nullable=False),
        sa.Column("queued", sa.BigInteger(), nullable=False),
        sa.Column("left_out", JsonText(), nullable=True),
        sa.Column("budget_left", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_at", UtcTime(), nullable=False),
        sa.Column("confirmed_by", Id16(), nullable=True),
        indexed=("confirmed_at",),
    )
    steps.create_record_table(
        "channel_state",
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("account", sa.String(60), nullable=False),
        sa.Column("paused", sa.BigInteger(), nullable=False),
        sa.Column("paused_at", UtcTime(), nullable=True),
        sa.Column("reason", sa.String(60), nullable=True),
        sa.Column("detail", sa.String(255), nullable=True),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("error_percent", sa.BigInteger(), nullable=False),
        sa.Column("recent", JsonText(), nullable=False),
        sa.Column("trouble", sa.BigInteger(), nullable=False),
        sa.Column("dead", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("quota", sa.BigInteger(), nullable=True),
        sa.Column("checked_at", UtcTime(), nullable=False),
    )
    steps.create_record_table(
        "channel_budget",
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("quota", sa.BigInteger(), nullable=True),
        sa.Column("paused", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(60), nullable=True),
        sa.Column("published_at", UtcTime(), nullable=False),
        indexed=("channel",),
    )
    steps.create_record_table(
        "conversation",
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("account", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("address_id", Id16(), nullable=False),
        sa.Column("nickname", sa.String(100), nullable=True),
        sa.Column("patient_id", Id16(), nullable=True),
        sa.Column("owner_id", Id16(), nullable=True),
        sa.Column("labels", JsonText(), nullable=False),
        sa.Column("handed_on", sa.BigInteger(), nullable=False),
        sa.Column("owed_since", UtcTime(), nullable=True),
        sa.Column("last_at", UtcTime(), nullable=False),
        sa.Column("last_text", sa.String(200), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        indexed=("address_id", "patient_id", "last_at", "due_at"),
    )
    steps.create_index("ix_conversation_owner_last", "conversation", ["owner_id", "last_at"])
    steps.create_index("ix_conversation_state_due", "conversation", ["state", "due_at"])
    steps.create_record_table(
        "conversation_message",
        sa.Column("conversation_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=True),
        sa.Column("direction", sa.String(40), nullable=False),
        sa.Column("form", sa.String(20), nullable=False),
        sa.Column("text", steps.long_text(), nullable=False),
        sa.Column("media", sa.String(255), nullable=True),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=True),
        sa.Column("outbox_id", Id16(), nullable=True),
        sa.Column("at", UtcTime(), nullable=False),
        indexed=("patient_id", "outbox_id", "at"),
    )
    steps.create_index("ix_conversation_message_in", "conversation_message", ["conversation_id", "at"])
