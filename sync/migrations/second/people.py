"""Organisations, staff, patients, contacts."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_index("ix_patient_birth_date_name", "patient", ["birth_date", "name"])
    steps.add_columns("staff", sa.Column("password_past", JsonText(), nullable=True))
    steps.create_record_table(
        "identity_change",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("summary", sa.String(1000), nullable=False),
        sa.Column("reason", steps.long_text(), nullable=False),
        sa.Column("difference", sa.String(255), nullable=True),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        indexed=("patient_id", "changed_at"),
    )
    steps.create_record_table(
        "identity_check",
        sa.Column("patient_id", Id16(), nullable=True),
        sa.Column("visit_id", Id16(), nullable=True),
        sa.Column("visit_number", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
        sa.Column("other_person", sa.Boolean(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("said_name", sa.String(255), nullable=False),
        sa.Column("said_sex", sa.String(40), nullable=False),
        sa.Column("said_birth_date", IsoDate(), nullable=True),
        sa.Column("said_id_number", sa.String(40), nullable=True),
        sa.Column("message_id", sa.String(200), nullable=False),
        sa.Column("found_at", UtcTime(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("settled_by", Id16(), nullable=True),
        sa.Column("basis", steps.long_text(), nullable=True),
        indexed=("patient_id", "visit_id", "said_id_number", "state", "due_at"),
    )
