"""The index of health records over all sites."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "health_archive",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("missing", sa.String(255), nullable=True),
        sa.Column("results", sa.BigInteger(), nullable=False),
        sa.Column("coded", sa.BigInteger(), nullable=False),
        sa.Column("coded_percent", sa.Float(53), nullable=True),
        sa.Column("visits", sa.BigInteger(), nullable=False),
        sa.Column("reports", sa.BigInteger(), nullable=False),
        sa.Column("hospital", sa.BigInteger(), nullable=False),
        sa.Column("receptions", sa.BigInteger(), nullable=False),
        sa.Column("talks", sa.BigInteger(), nullable=False),
        sa.Column("tags", sa.BigInteger(), nullable=False),
        sa.Column("last_visit", IsoDate(), nullable=True),
        sa.Column("last_hospital", UtcTime(), nullable=True),
        sa.Column("last_reception", UtcTime(), nullable=True),
        sa.Column("last_talk", UtcTime(), nullable=True),
        sa.Column("updated_at", UtcTime(), nullable=False),
        indexed=(
            "patient_id",
            "missing",
            "updated_at",
        ),
    )
