"""Informed consent: versions, consents with their sealed files, and who seals."""

import sqlalchemy as sa

from domain.kernel.columns import LONGEST, Id16, JsonText, UtcTime
from sync.migrations import steps


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def upgrade() -> None:
    steps.create_record_table(
        "consent_document",
        sa.Column("study_id", Id16(), nullable=False),
        _text("version", 40),
        _text("title", 255),
        sa.Column("body", steps.long_text(), nullable=False),
        sa.Column("uses", JsonText(), nullable=False),
        sa.Column("valid_days", sa.BigInteger(), nullable=True),
        sa.Column("renews", sa.Boolean(), nullable=False),
        _text("approval", 120),
        sa.Column("published_at", UtcTime(), nullable=False),
        _text("published_name", 255),
        indexed=("published_at",),
    )
    steps.create_index("ix_consent_document_study", "consent_document", ["study_id", "published_at"])
    steps.create_record_table(
        "consent",
        sa.Column("subject_id", Id16(), nullable=False),
        sa.Column("study_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("document_id", Id16(), nullable=False),
        _text("version", 40),
        sa.Column("uses", JsonText(), nullable=False),
        _text("way", 40),
        _text("signer_name", 255),
        _text("relation", 40),
        _text("proof", 40),
        sa.Column("witness_id", Id16(), nullable=True),
        _text("witness_name", 255),
        sa.Column("signed_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=True),
        _text("shown_sha256", 64),
        sa.Column("shown_bytes", sa.BigInteger(), nullable=False),
        _text("sha256", 64),
        sa.Column("evidence", JsonText(), nullable=False),
        _text("evidence_sha256", 64),
        sa.Column("outdated", sa.Boolean(), nullable=False),
        _text("state", 40),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=True),
        indexed=("subject_id", "patient_id", "signed_at", "due_at"),
    )
    steps.create_index("ix_consent_document_state", "consent", ["document_id", "state"])
    steps.create_record_table(
        "consent_file",
        sa.Column("consent_id", Id16(), nullable=False),
        sa.Column("study_id", Id16(), nullable=False),
        _text("sha256", 64),
        sa.Column("content", sa.LargeBinary(LONGEST), nullable=False),
        indexed=("consent_id",),
    )
    steps.create_record_table(
        "seal_authority",
        _text("name", 255),
        _text("fingerprint", 64),
        sa.Column("certificate", steps.long_text(), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.UniqueConstraint("fingerprint", name="uq_seal_authority_fingerprint"),
        indexed=("made_at",),
    )
    steps.create_record_table(
        "seal_key",
        _text("fingerprint", 64),
        sa.Column("certificate", steps.long_text(), nullable=False),
        sa.Column("private_key", sa.LargeBinary(LONGEST), nullable=False),
    )
