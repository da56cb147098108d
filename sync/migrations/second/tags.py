"""Tags of clients, and what their WeCom contacts have been marked with."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "client_tag",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("off_at", UtcTime(), nullable=True),
        sa.Column("good_until", IsoDate(), nullable=True),
        sa.Column("changed_by", Id16(), nullable=True),
        sa.Column("note", sa.String(255), nullable=True),
        indexed=("patient_id", "since", "good_until"),
    )
    steps.create_index("ix_client_tag_kind_name", "client_tag", ["kind", "name"])
    steps.create_record_table(
        "contact_mark",
        sa.Column("address_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("marked", JsonText(), nullable=False),
        sa.Column("pending", sa.BigInteger(), nullable=False),
        sa.Column("try_at", UtcTime(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(60), nullable=True),
        sa.Column("detail", sa.String(255), nullable=True),
        sa.Column("synced_at", UtcTime(), nullable=True),
        indexed=("address_id", "patient_id", "synced_at"),
    )
    steps.create_index("ix_contact_mark_pending", "contact_mark", ["pending", "try_at"])
    steps.add_columns("message_template", sa.Column("fits", JsonText(), nullable=True))
    steps.add_columns(
        "mass_sending",
        sa.Column("send_at", UtcTime(), nullable=True),
        sa.Column("paused_at", UtcTime(), nullable=True),
        sa.Column("stopped_at", UtcTime(), nullable=True),
    )
    steps.add_columns(
        "channel_state",
        sa.Column("usable", JsonText(), nullable=True),
        sa.Column("degraded", JsonText(), nullable=True),
        sa.Column("probed_at", UtcTime(), nullable=True),
    )
