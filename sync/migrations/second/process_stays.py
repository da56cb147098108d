"""Where clients are and were: stays at nodes and their scans."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "process_stay",
        sa.Column("visit_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("visit_number", sa.String(40), nullable=False),
        sa.Column("node", sa.String(60), nullable=False),
        sa.Column("node_name", sa.String(255), nullable=False),
        sa.Column("exit", sa.Boolean(), nullable=False),
        sa.Column("arrived_at", UtcTime(), nullable=False),
        sa.Column("began_at", UtcTime(), nullable=True),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("inferred", sa.Boolean(), nullable=False),
        sa.Column("skip_reason", steps.long_text(), nullable=True),
        sa.Column("moved_at", UtcTime(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        indexed=("visit_id", "patient_id", "arrived_at"),
    )
    steps.create_index("ix_process_stay_open", "process_stay", ["state", "due_at"])
    steps.create_index("ix_process_stay_ended", "process_stay", ["node", "ended_at"])
    steps.create_record_table(
        "process_event",
        sa.Column("visit_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("visit_number", sa.String(40), nullable=False),
        sa.Column("stay_id", Id16(), nullable=True),
        sa.Column("from_stay_id", Id16(), nullable=True),
        sa.Column("node", sa.String(60), nullable=False),
        sa.Column("node_name", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("by_id", Id16(), nullable=True),
        sa.Column("by_name", sa.String(255), nullable=False),
        sa.Column("note", steps.long_text(), nullable=True),
        indexed=("visit_id", "patient_id", "from_stay_id", "at"),
    )
