"""Responses without a visit and their corrections, results of scales, questionnaires given out."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.add_columns(
        "questionnaire_response",
        sa.Column("authored_by", Id16(), nullable=True),
        sa.Column("source", sa.String(40), nullable=True),
        sa.Column("signature_sha256", sa.String(64), nullable=True),
        sa.Column("amends", Id16(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=True),
        sa.Column("corrected_at", UtcTime(), nullable=True),
    )
    steps.create_index("ix_questionnaire_response_amends", "questionnaire_response", ["amends"])
    steps.create_index("ix_questionnaire_response_authored_at", "questionnaire_response", ["authored_at"])
    steps.create_record_table(
        "scale_result",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("visit_id", Id16(), nullable=True),
        sa.Column("response_id", Id16(), nullable=False),
        sa.Column("scale", sa.String(60), nullable=False),
        sa.Column("scale_version", sa.String(40), nullable=False),
        sa.Column("scorer", sa.String(20), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("total", sa.Float(53), nullable=True),
        sa.Column("band", sa.String(60), nullable=True),
        sa.Column("meaning", sa.String(255), nullable=True),
        sa.Column("level", sa.String(20), nullable=True),
        sa.Column("unverified", sa.Boolean(), nullable=False),
        sa.Column("safety", sa.Boolean(), nullable=False),
        sa.Column("factors", JsonText(), nullable=False),
        sa.Column("detail", JsonText(), nullable=False),
        sa.Column("scored_at", UtcTime(), nullable=False),
        sa.Column("valid_until", IsoDate(), nullable=True),
        sa.Column("amends", Id16(), nullable=True),
        indexed=("visit_id", "response_id", "scored_at"),
    )
    steps.create_index("ix_scale_result_patient_scale", "scale_result", ["patient_id", "scale", "scored_at"])
    steps.create_record_table(
        "form_task",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("visit_id", Id16(), nullable=True),
        sa.Column("form", sa.String(120), nullable=False),
        sa.Column("form_version", sa.String(40), nullable=False),
        sa.Column("purpose", sa.String(255), nullable=True),
        sa.Column("study", sa.String(120), nullable=True),
        sa.Column("issued_by", Id16(), nullable=True),
        sa.Column("issued_at", UtcTime(), nullable=False),
        sa.Column("begun_at", UtcTime(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=True),
        indexed=("patient_id", "issued_at", "due_at"),
    )
    steps.create_index("ix_form_task_group", "form_task", ["org_id", "form", "issued_at"])
