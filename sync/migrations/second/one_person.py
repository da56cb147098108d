"""The end of a link between two records of one person."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "same_person_ended",
        sa.Column("link_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("other_id", Id16(), nullable=False),
        sa.Column("reason", steps.long_text(), nullable=False),
        sa.Column("ended_by", Id16(), nullable=True),
        sa.Column("ended_name", sa.String(255), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=False),
        indexed=(
            "link_id",
            "patient_id",
            "other_id",
            "ended_at",
        ),
    )
