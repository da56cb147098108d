"""What supplements and diet come to, and the conditions by which plans are drafted."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "diet_intake",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("amounts", JsonText(), nullable=False),
        sa.Column("method", sa.String(1000), nullable=False),
        sa.Column("from_on", IsoDate(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        indexed=("at",),
    )
    steps.create_index("ix_diet_intake_patient", "diet_intake", ["patient_id", "from_on"])
    steps.create_record_table(
        "care_intake",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("nutrient", sa.String(40), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("day", IsoDate(), nullable=False),
        sa.Column("unit", sa.String(10), nullable=False),
        sa.Column("taken", sa.Float(53), nullable=False),
        sa.Column("diet", sa.Float(53), nullable=False),
        sa.Column("prescribed", sa.Float(53), nullable=False),
        sa.Column("upper", sa.Float(53), nullable=True),
        sa.Column("percent", sa.Float(53), nullable=False),
        sa.Column("why", sa.String(40), nullable=False),
        sa.Column("unverified", sa.Boolean(), nullable=False),
        sa.Column("looked_at", UtcTime(), nullable=False),
        indexed=("day",),
    )
    steps.create_index("ix_care_intake_patient", "care_intake", ["patient_id", "day"])
    steps.create_record_table(
        "care_preset",
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("conditions", JsonText(), nullable=False),
        sa.Column("said", sa.String(1000), nullable=False),
        sa.Column("colours", JsonText(), nullable=False),
        sa.Column("diseases", JsonText(), nullable=False),
        sa.Column("level", sa.String(10), nullable=True),
        sa.Column("activity", sa.String(20), nullable=False),
        sa.Column("in_force", sa.Boolean(), nullable=False),
        sa.Column("reason", steps.long_text(), nullable=False),
        sa.Column("set_at", UtcTime(), nullable=False),
        sa.Column("set_by", Id16(), nullable=True),
        sa.Column("set_name", sa.String(255), nullable=False),
        indexed=("name", "set_at"),
    )
