"""Time stamps and electronic seals of consents."""

import sqlalchemy as sa

from domain.kernel.columns import LONGEST, Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "consent_attestation",
        sa.Column("consent_id", Id16(), nullable=False),
        sa.Column("study_id", Id16(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("token", sa.LargeBinary(LONGEST), nullable=False),
        sa.Column("attested_by", sa.String(255), nullable=False),
        sa.Column("attested_at", UtcTime(), nullable=False),
        indexed=("consent_id", "attested_at"),
    )
