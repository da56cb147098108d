"""What became of backups."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "backup_duty",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("place", sa.String(500), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("good_at", UtcTime(), nullable=True),
        sa.Column("name", sa.String(40), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("seconds", sa.Float(53), nullable=False, server_default="0"),
        sa.Column("failures", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("problem", sa.String(1000), nullable=True),
    )
    steps.create_record_table(
        "backup_run",
        sa.Column("duty_id", Id16(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("good", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(40), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("files", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("rows", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("seconds", sa.Float(53), nullable=False, server_default="0"),
        sa.Column("problem", sa.String(1000), nullable=True),
        indexed=("duty_id", "at"),
    )
