"""What clients ate, meal by meal, and what they did."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "diet_entry",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("day", IsoDate(), nullable=False),
        sa.Column("meal", sa.String(40), nullable=False),
        sa.Column("foods", JsonText(), nullable=False),
        sa.Column("said", sa.String(2000), nullable=False),
        sa.Column("kcal", sa.Float(53), nullable=False),
        sa.Column("protein_g", sa.Float(53), nullable=False),
        sa.Column("fat_g", sa.Float(53), nullable=False),
        sa.Column("carb_g", sa.Float(53), nullable=False),
        sa.Column("sodium_mg", sa.Float(53), nullable=False),
        sa.Column("note", steps.long_text(), nullable=True),
        sa.Column("way", sa.String(40), nullable=False),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        indexed=("day", "at"),
    )
    steps.create_index("ix_diet_entry_patient", "diet_entry", ["patient_id", "day"])
    steps.create_record_table(
        "exercise_entry",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("item_id", Id16(), nullable=True),
        sa.Column("day", IsoDate(), nullable=False),
        sa.Column("activity", sa.String(60), nullable=False),
        sa.Column("minutes", sa.Float(53), nullable=False),
        sa.Column("met", sa.Float(53), nullable=False),
        sa.Column("kcal", sa.Float(53), nullable=True),
        sa.Column("heart_rate", sa.Float(53), nullable=True),
        sa.Column("effort", sa.Float(53), nullable=True),
        sa.Column("note", steps.long_text(), nullable=True),
        sa.Column("way", sa.String(40), nullable=False),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        indexed=("day", "at"),
    )
    steps.create_index("ix_exercise_entry_patient", "exercise_entry", ["patient_id", "day"])
