"""Care plans: items with schedules, dated nodes, what was done, and how each stands."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    life = ("state", "due_at")
    steps.create_record_table(
        "care_plan",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("goal", steps.long_text(), nullable=True),
        sa.Column("programme", sa.String(60), nullable=True),
        sa.Column("programme_version", sa.String(40), nullable=True),
        sa.Column("unverified", sa.Boolean(), nullable=False),
        sa.Column("notes", JsonText(), nullable=True),
        sa.Column("owner_id", Id16(), nullable=True),
        sa.Column("starts_on", IsoDate(), nullable=False),
        sa.Column("ends_on", IsoDate(), nullable=False),
        sa.Column("signed_by", Id16(), nullable=True),
        sa.Column("signed_name", sa.String(255), nullable=True),
        sa.Column("signed_at", UtcTime(), nullable=True),
        sa.Column("outcome", steps.long_text(), nullable=True),
        *_life(),
        indexed=("patient_id", "owner_id", "signed_at", *life),
    )
    steps.create_record_table(
        "care_item",
        sa.Column("plan_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("target_value", sa.Float(53), nullable=True),
        sa.Column("target_unit", sa.String(40), nullable=True),
        sa.Column("detail", JsonText(), nullable=True),
        sa.Column("watched", sa.String(60), nullable=True),
        sa.Column("schedule", JsonText(), nullable=False),
        sa.Column("from_on", IsoDate(), nullable=False),
        sa.Column("to_on", IsoDate(), nullable=True),
        sa.Column("began_at", UtcTime(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=True),
        *_life(),
        indexed=("plan_id", "patient_id", "watched", *life),
    )
    steps.create_record_table(
        "care_node",
        sa.Column("plan_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("planned_on", IsoDate(), nullable=False),
        sa.Column("result", steps.long_text(), nullable=True),
        *_life(),
        indexed=("plan_id", "patient_id", *life),
    )
    steps.create_record_table(
        "care_event",
        sa.Column("plan_id", Id16(), nullable=False),
        sa.Column("item_id", Id16(), nullable=True),
        sa.Column("node_id", Id16(), nullable=True),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=True),
        sa.Column("occasion_at", UtcTime(), nullable=True),
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("value", sa.Float(53), nullable=True),
        sa.Column("unit", sa.String(40), nullable=True),
        sa.Column("note", steps.long_text(), nullable=True),
        sa.Column("way", sa.String(40), nullable=False),
        sa.Column("observation_id", Id16(), nullable=True),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        indexed=("plan_id", "item_id", "patient_id", "at"),
    )
    steps.create_index("ix_care_event_occasions", "care_event", ["item_id", "occasion_at"])
    steps.create_index("ix_care_event_days", "care_event", ["plan_id", "at"])
    _standings()


def _standings() -> None:
    steps.create_record_table(
        "care_standing",
        sa.Column("plan_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("missed_run", sa.BigInteger(), nullable=False),
        sa.Column("missed_days", sa.BigInteger(), nullable=False),
        sa.Column("missed_since", UtcTime(), nullable=True),
        sa.Column("behind_since", UtcTime(), nullable=True),
        sa.Column("late_days", sa.BigInteger(), nullable=False),
        sa.Column("silent_days", sa.BigInteger(), nullable=False),
        sa.Column("last_done_at", UtcTime(), nullable=True),
        sa.Column("week_due", sa.BigInteger(), nullable=False),
        sa.Column("week_done", sa.BigInteger(), nullable=False),
        sa.Column("week_rate", sa.Float(53), nullable=True),
        sa.Column("low_since", UtcTime(), nullable=True),
        sa.Column("looked_at", UtcTime(), nullable=False),
        indexed=("plan_id", "patient_id", "due_at", "looked_at"),
    )
    steps.create_record_table(
        "care_week",
        sa.Column("item_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("monday", IsoDate(), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("due", "done", "part", "missed", "excused")
        ),
        sa.Column("rate", sa.Float(53), nullable=True),
        indexed=("item_id", "patient_id", "monday"),
    )
    steps.create_record_table(
        "care_client",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("overdue_kinds", sa.BigInteger(), nullable=False),
        sa.Column("overdue", JsonText(), nullable=False),
        sa.Column("overdue_names", sa.String(200), nullable=False),
        sa.Column("overdue_since", UtcTime(), nullable=True),
        sa.Column("overdue_on", IsoDate(), nullable=True),
        sa.Column("next_item_id", Id16(), nullable=True),
        sa.Column("next_step", sa.String(300), nullable=False),
        sa.Column("looked_at", UtcTime(), nullable=False),
        indexed=("patient_id", "overdue_kinds", "looked_at"),
    )


def _life() -> tuple[sa.Column[str], ...]:
    return (
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
    )
