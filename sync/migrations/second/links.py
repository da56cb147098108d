"""Links by which clients go on with a questionnaire, or read their risk report, on their phones."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "person_link",
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("visit_id", Id16(), nullable=True),
        sa.Column("purpose", sa.String(40), nullable=False),
        sa.Column("task_id", Id16(), nullable=True),
        sa.Column("form", sa.String(120), nullable=True),
        sa.Column("form_version", sa.String(40), nullable=True),
        sa.Column("draft", JsonText(), nullable=True),
        sa.Column("saved_at", UtcTime(), nullable=True),
        sa.Column("issued_by", Id16(), nullable=True),
        sa.Column("issued_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("most_openings", sa.Integer(), nullable=False),
        sa.Column("openings", sa.Integer(), nullable=False),
        sa.Column("opened_at", UtcTime(), nullable=True),
        sa.Column("uploads", sa.Integer(), nullable=False),
        sa.Column("used_at", UtcTime(), nullable=True),
        sa.Column("revoked_at", UtcTime(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=True),
        indexed=("token_sha256", "patient_id", "task_id", "issued_at"),
    )
