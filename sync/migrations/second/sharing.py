"""Agreements to be known at other sites, and what those sites have."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "record_sharing",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("agreed", sa.String(40), nullable=False),
        sa.Column("basis", steps.long_text(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("until", IsoDate(), nullable=True),
        sa.Column("noted_by", Id16(), nullable=True),
        sa.Column("noted_name", sa.String(255), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("ended_reason", steps.long_text(), nullable=True),
        indexed=(
            "patient_id",
            "since",
            "until",
            "ended_at",
        ),
    )
    steps.create_record_table(
        "shared_portrait",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("source_site", sa.String(255), nullable=False),
        sa.Column("source_number", sa.String(40), nullable=False),
        sa.Column("colour", sa.String(10), nullable=True),
        sa.Column("tags", JsonText(), nullable=False),
        sa.Column("findings", steps.long_text(), nullable=True),
        sa.Column("last_visit", IsoDate(), nullable=True),
        sa.Column("data", JsonText(), nullable=False),
        sa.Column("valid", sa.Boolean(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        indexed=(
            "patient_id",
            "updated_at",
        ),
    )
