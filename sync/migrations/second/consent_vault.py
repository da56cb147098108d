"""Keys by which the files of consents are locked, and who was let have them."""

import sqlalchemy as sa

from domain.kernel.columns import LONGEST, Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "vault_recipient",
        sa.Column("device_id", Id16(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("public_key", sa.String(64), nullable=False),
        sa.Column("centre", sa.Boolean(), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.UniqueConstraint("public_key", name="uq_vault_recipient_public_key"),
        indexed=("device_id", "made_at"),
    )
    steps.create_record_table(
        "vault_grant",
        sa.Column("recipient_id", Id16(), nullable=False),
        sa.Column("public_key", sa.String(64), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(LONGEST), nullable=False),
        sa.Column("granted_at", UtcTime(), nullable=False),
        sa.UniqueConstraint("recipient_id", name="uq_vault_grant_recipient_id"),
        indexed=("granted_at",),
    )
    steps.create_record_table(
        "vault_key",
        sa.Column("public_key", sa.String(64), nullable=False),
        sa.Column("private_key", sa.LargeBinary(LONGEST), nullable=False),
    )
