"""Abnormal results until it is known what became of them, and how many were told in time."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "positive_progress",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("item", sa.String(60), nullable=False),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("grade", sa.String(40), nullable=False),
        sa.Column("marked_at", UtcTime(), nullable=False),
        sa.Column("marked", sa.String(4000), nullable=False),
        sa.Column("last_at", UtcTime(), nullable=False),
        sa.Column("last", sa.String(4000), nullable=False),
        sa.Column("flag", sa.String(10), nullable=True),
        sa.Column("rechecks", sa.BigInteger(), nullable=False),
        sa.Column("course", sa.String(40), nullable=False),
        sa.Column("change", sa.Float(), nullable=True),
        sa.Column("needed", sa.Float(), nullable=True),
        sa.Column("tracking_id", Id16(), nullable=False),
        sa.Column("follow_on", IsoDate(), nullable=True),
        indexed=("patient_id", "last_at"),
    )
    steps.create_index("ix_positive_progress_course", "positive_progress", ["course", "last_at"])
    steps.create_record_table(
        "abnormal_tracking",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("visit_id", Id16(), nullable=True),
        sa.Column("finding_id", Id16(), nullable=True),
        sa.Column("observation_id", Id16(), nullable=False),
        sa.Column("grade", sa.String(40), nullable=False),
        sa.Column("sentence", sa.String(1000), nullable=False),
        sa.Column("found_at", UtcTime(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("told_at", UtcTime(), nullable=True),
        sa.Column("told_way", sa.String(40), nullable=True),
        sa.Column("known_by", sa.String(1000), nullable=True),
        sa.Column("follow_on", IsoDate(), nullable=True),
        sa.Column("followed_at", UtcTime(), nullable=True),
        sa.Column("outcome", sa.String(40), nullable=True),
        sa.Column("note", steps.long_text(), nullable=True),
        indexed=("patient_id", "visit_id", "observation_id", "found_at", "state", "due_at"),
    )
    steps.create_index("ix_tracking_rates", "abnormal_tracking", ["org_id", "grade", "found_at"])
    steps.create_record_table(
        "tracking_step",
        sa.Column("tracking_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("way", sa.String(40), nullable=True),
        sa.Column("note", steps.long_text(), nullable=True),
        indexed=("tracking_id", "patient_id", "at"),
    )
    steps.create_record_table(
        "tracking_rate",
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("grade", sa.String(40), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("in_time", sa.Integer(), nullable=False),
        sa.Column("told_rate", sa.Float(53), nullable=True),
        sa.Column("to_follow", sa.Integer(), nullable=False),
        sa.Column("followed", sa.Integer(), nullable=False),
        sa.Column("followed_rate", sa.Float(53), nullable=True),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("referred", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("counted_at", UtcTime(), nullable=False),
        indexed=("month", "counted_at"),
    )
