"""Ties between staff and their clients."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "client_tie",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("staff_id", Id16(), nullable=False),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("until", UtcTime(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=False),
        sa.Column("given_name", sa.String(255), nullable=False),
        indexed=("patient_id", "since"),
    )
    steps.create_index("ix_client_tie_staff_until", "client_tie", ["staff_id", "until"])
