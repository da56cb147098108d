"""Which workstations run which version."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "version_ring",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("target_id", Id16(), nullable=True),
        sa.Column("target", sa.String(255), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        indexed=("target_id",),
    )
