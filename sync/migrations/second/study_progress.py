"""What is counted of studies, and the clocks of their visits."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "research_task",
        sa.Column("study_id", Id16(), nullable=False),
        sa.Column("subject_id", Id16(), nullable=False),
        sa.Column("subject_visit_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("owner_name", sa.String(255), nullable=True),
        sa.Column("began_at", UtcTime(), nullable=False),
        sa.Column("done_at", UtcTime(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        indexed=("study_id", "done_at", "due_at"),
    )
    steps.create_index("ix_research_task_visit", "research_task", ["subject_visit_id", "kind"])
    steps.create_record_table(
        "collection_rate",
        sa.Column("study_id", Id16(), nullable=False),
        sa.Column("requirement_id", Id16(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("window_from", IsoDate(), nullable=False),
        sa.Column("owed", sa.BigInteger(), nullable=False),
        sa.Column("collected", sa.BigInteger(), nullable=False),
        sa.Column("rate", sa.Float(53), nullable=True),
        sa.Column("causes", JsonText(), nullable=False),
        sa.Column("trend", JsonText(), nullable=False),
        sa.Column("days", JsonText(), nullable=False),
        sa.Column("told", JsonText(), nullable=False),
        sa.Column("falling", sa.Boolean(), nullable=False),
        sa.Column("counted_at", UtcTime(), nullable=False),
        indexed=("study_id", "counted_at"),
    )
    steps.create_record_table(
        "study_progress",
        sa.Column("study_id", Id16(), nullable=False),
        sa.Column("code", sa.String(12), nullable=False),
        sa.Column("measure", sa.String(40), nullable=False),
        sa.Column("planned", sa.BigInteger(), nullable=False),
        sa.Column("actual", sa.BigInteger(), nullable=False),
        sa.Column("rate", sa.Float(53), nullable=True),
        sa.Column("counted_on", IsoDate(), nullable=False),
        sa.Column("counted_at", UtcTime(), nullable=False),
        indexed=("study_id", "counted_at"),
    )
