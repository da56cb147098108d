"""Probes, what they read, excursions and what was decided about their tubes."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, UtcTime
from sync.migrations import steps

NUMBER = sa.Float(53)


def upgrade() -> None:
    steps.create_record_table(
        "environment_probe",
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("container_id", Id16(), nullable=True),
        sa.Column("quantity", sa.String(40), nullable=False),
        sa.Column("low", NUMBER, nullable=False),
        sa.Column("high", NUMBER, nullable=False),
        sa.Column("delay_min", sa.BigInteger(), nullable=False),
        sa.Column("rise", NUMBER, nullable=True),
        sa.Column("rise_min", sa.BigInteger(), nullable=False),
        sa.Column("lost_min", sa.BigInteger(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("added_at", UtcTime(), nullable=False),
        sa.Column("calibrated_on", IsoDate(), nullable=True),
        sa.Column("calibration_due", IsoDate(), nullable=True),
        sa.Column("snoozed_until", UtcTime(), nullable=True),
        sa.Column("snooze_reason", sa.String(1000), nullable=True),
        sa.Column("retired_at", UtcTime(), nullable=True),
        sa.UniqueConstraint("code", name="uq_environment_probe_code"),
        indexed=("container_id", "calibration_due"),
    )
    steps.create_record_table(
        "environment_reading",
        sa.Column("probe_id", Id16(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("value", NUMBER, nullable=True),
        sa.Column("source", sa.String(20), nullable=False),
        indexed=("at",),
    )
    steps.create_index("ix_environment_reading_probe", "environment_reading", ["probe_id", "at"], unique=True)
    steps.create_record_table(
        "environment_hour",
        sa.Column("probe_id", Id16(), nullable=False),
        sa.Column("hour", UtcTime(), nullable=False),
        *(sa.Column(name, NUMBER, nullable=True) for name in ("lowest", "mean", "highest")),
        sa.Column("readings", sa.BigInteger(), nullable=False),
        indexed=("hour",),
    )
    steps.create_index("ix_environment_hour_probe", "environment_hour", ["probe_id", "hour"])
    steps.create_record_table(
        "environment_excursion",
        sa.Column("probe_id", Id16(), nullable=False),
        sa.Column("probe_name", sa.String(255), nullable=False),
        sa.Column("container_id", Id16(), nullable=True),
        sa.Column("cause", sa.String(40), nullable=False),
        sa.Column("cause_words", sa.String(255), nullable=False),
        sa.Column("begun_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("worst", NUMBER, nullable=True),
        sa.Column("degree_minutes", NUMBER, nullable=True),
        sa.Column("tubes", sa.BigInteger(), nullable=True),
        sa.Column("listed_up_to", sa.String(80), nullable=True),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("assessed_by", sa.String(255), nullable=True),
        sa.Column("assessment", sa.String(2000), nullable=True),
        indexed=("probe_id", "container_id", "begun_at", "state", "due_at"),
    )
    steps.create_record_table(
        "exposed_tube",
        sa.Column("excursion_id", Id16(), nullable=False),
        sa.Column("specimen_id", Id16(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("slot", sa.String(80), nullable=False),
        sa.Column("study_id", Id16(), nullable=True),
        sa.Column("minutes", NUMBER, nullable=False),
        sa.Column("degree_minutes", NUMBER, nullable=False),
        indexed=("specimen_id", "study_id"),
    )
    steps.create_index("ix_exposed_tube_excursion", "exposed_tube", ["excursion_id", "slot"])
    steps.create_record_table(
        "excursion_decision",
        sa.Column("excursion_id", Id16(), nullable=False),
        sa.Column("study_id", Id16(), nullable=True),
        sa.Column("disposition", sa.String(40), nullable=False),
        sa.Column("tubes", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", UtcTime(), nullable=False),
        sa.Column("decided_by", sa.String(255), nullable=False),
        sa.Column("note", sa.String(1000), nullable=True),
        indexed=("excursion_id", "decided_at"),
    )
    steps.create_record_table(
        "alarm_test",
        sa.Column("probe_id", Id16(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("excursion_id", Id16(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(1000), nullable=True),
        indexed=("probe_id", "at"),
    )
