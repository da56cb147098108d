"""Assessments, the level a client has, and its history."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "risk_assessment",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("on_date", IsoDate(), nullable=False),
        sa.Column("assessed_at", UtcTime(), nullable=False),
        sa.Column("cause", sa.String(40), nullable=False),
        sa.Column("models_version", sa.String(60), nullable=False),
        sa.Column("rules_version", sa.String(60), nullable=False),
        sa.Column("colour", sa.String(40), nullable=True),
        sa.Column("high", sa.BigInteger(), nullable=False),
        sa.Column("medium", sa.BigInteger(), nullable=False),
        sa.Column("diagnosed", sa.BigInteger(), nullable=False),
        sa.Column("computed", sa.BigInteger(), nullable=False),
        sa.Column("unverified", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("inputs", JsonText(), nullable=False),
        sa.Column("outcome", JsonText(), nullable=False),
        sa.Column("detail", JsonText(), nullable=True),
        indexed=("assessed_at",),
    )
    steps.create_index("ix_risk_assessment_patient", "risk_assessment", ["patient_id", "assessed_at"])
    steps.create_record_table(
        "risk_level",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("colour", sa.String(40), nullable=True),
        sa.Column("colour_rank", sa.BigInteger(), nullable=False),
        sa.Column("automatic", sa.String(40), nullable=True),
        sa.Column("why", JsonText(), nullable=False),
        sa.Column("levels", JsonText(), nullable=False),
        sa.Column("assessment_id", Id16(), nullable=True),
        sa.Column("assessed_at", UtcTime(), nullable=True),
        sa.Column("manual", sa.String(40), nullable=True),
        sa.Column("manual_reason", steps.long_text(), nullable=True),
        sa.Column("manual_until", IsoDate(), nullable=True),
        sa.Column("manual_by", Id16(), nullable=True),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("confirmed_at", UtcTime(), nullable=True),
        sa.Column("confirmed_by", Id16(), nullable=True),
        sa.Column("confirmed_levels", JsonText(), nullable=False),
        sa.Column("risen", sa.BigInteger(), nullable=False),
        sa.Column("high_factors", JsonText(), nullable=False),
        sa.Column("noted_factors", JsonText(), nullable=False),
        sa.Column("open_factors", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        indexed=("patient_id", "colour", "manual_until", "changed_at"),
    )
    steps.create_record_table(
        "risk_level_change",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("colour_before", sa.String(40), nullable=True),
        sa.Column("colour_after", sa.String(40), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=True),
        sa.Column("valid_until", IsoDate(), nullable=True),
        sa.Column("why", JsonText(), nullable=True),
        sa.Column("assessment_id", Id16(), nullable=True),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        indexed=("patient_id", "at"),
    )
    steps.create_record_table(
        "risk_rule_set",
        sa.Column("version", sa.String(60), nullable=False),
        sa.Column("rules", JsonText(), nullable=False),
        sa.Column("reason", steps.long_text(), nullable=False),
        sa.Column("published_at", UtcTime(), nullable=False),
        sa.Column("published_by", Id16(), nullable=True),
        sa.Column("published_name", sa.String(255), nullable=False),
        indexed=("version", "published_at"),
    )
