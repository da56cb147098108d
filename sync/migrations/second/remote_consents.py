"""Consents that are signed on phones, and what a link is about."""

import sqlalchemy as sa

from domain.kernel.columns import LONGEST, Id16, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "remote_consent",
        sa.Column("subject_id", Id16(), nullable=False),
        sa.Column("study_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("document_id", Id16(), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("signer_name", sa.String(255), nullable=False),
        sa.Column("relation", sa.String(40), nullable=False),
        sa.Column("sent_at", UtcTime(), nullable=False),
        sa.Column("sent_name", sa.String(255), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=True),
        sa.Column("progress", JsonText(), nullable=True),
        sa.Column("question", sa.String(2000), nullable=True),
        sa.Column("answer", steps.long_text(), nullable=True),
        sa.Column("answered_name", sa.String(255), nullable=True),
        sa.Column("uses", JsonText(), nullable=True),
        sa.Column("shown_sha256", sa.String(64), nullable=True),
        sa.Column("shown_bytes", sa.BigInteger(), nullable=True),
        sa.Column("shown", sa.LargeBinary(LONGEST), nullable=True),
        sa.Column("content", sa.LargeBinary(LONGEST), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("signed_at", UtcTime(), nullable=True),
        sa.Column("consent_id", Id16(), nullable=True),
        indexed=("subject_id", "patient_id", "sent_at", "due_at"),
    )
    steps.add_columns("person_link", sa.Column("about_id", Id16(), nullable=True))
    steps.create_index("ix_person_link_about_id", "person_link", ["about_id"])
