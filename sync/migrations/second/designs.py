"""Questionnaires of an institution's own, and the responses of a composite's parts."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.add_columns(
        "questionnaire_response",
        sa.Column("part_of", Id16(), nullable=True),
        sa.Column("published_id", Id16(), nullable=True),
    )
    steps.create_index("ix_questionnaire_response_part_of", "questionnaire_response", ["part_of"])
    steps.create_record_table(
        "form_design",
        sa.Column("form", sa.String(60), nullable=False),
        sa.Column("url", sa.String(255), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("origin", sa.String(40), nullable=False),
        sa.Column("based_on", sa.String(255), nullable=True),
        sa.Column("questionnaire", JsonText(), nullable=False),
        sa.Column("scoring", JsonText(), nullable=True),
        sa.Column("parts", JsonText(), nullable=True),
        sa.Column("saved_at", UtcTime(), nullable=False),
        sa.Column("saved_by", Id16(), nullable=True),
        sa.Column("saved_name", sa.String(255), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("note", steps.long_text(), nullable=True),
        sa.Column("published_at", UtcTime(), nullable=True),
        sa.Column("published_name", sa.String(255), nullable=True),
        sa.Column("everywhere", sa.Boolean(), nullable=False),
        sa.Column("places", JsonText(), nullable=True),
        sa.Column("retired_at", UtcTime(), nullable=True),
        sa.Column("retired_name", sa.String(255), nullable=True),
        sa.Column("retire_reason", steps.long_text(), nullable=True),
        indexed=("form", "saved_at"),
    )
    steps.create_record_table(
        "published_form",
        sa.Column("design_id", Id16(), nullable=False),
        sa.Column("form", sa.String(60), nullable=False),
        sa.Column("url", sa.String(255), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("questionnaire", JsonText(), nullable=False),
        sa.Column("scoring", JsonText(), nullable=True),
        sa.Column("parts", JsonText(), nullable=True),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("note", steps.long_text(), nullable=False),
        sa.Column("published_at", UtcTime(), nullable=False),
        sa.Column("published_by", Id16(), nullable=True),
        sa.Column("published_name", sa.String(255), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("retired_at", UtcTime(), nullable=True),
        sa.Column("retire_reason", steps.long_text(), nullable=True),
        indexed=("design_id", "published_at"),
    )
    steps.create_index("ix_published_form_form", "published_form", ["form", "version"])
