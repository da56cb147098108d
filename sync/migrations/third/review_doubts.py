"""Acts of review that were merged without a right."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "review_doubt",
        sa.Column("step_id", Id16(), nullable=False),
        sa.Column("report_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("level", sa.String(40), nullable=False),
        sa.Column("lack", sa.String(40), nullable=False),
        sa.Column("staff_id", Id16(), nullable=False),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("acted_at", UtcTime(), nullable=False),
        sa.Column("found_at", UtcTime(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("decided_by", Id16(), nullable=True),
        sa.Column("decided_name", sa.String(255), nullable=True),
        sa.Column("decided_why", steps.long_text(), nullable=True),
        indexed=("step_id", "report_id", "staff_id", "found_at", "state", "due_at"),
    )
