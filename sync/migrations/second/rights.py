"""Rights adjusted over the roles that ship."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "rights_change",
        sa.Column("role", sa.String(40), nullable=True),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=True),
        sa.Column("permission", sa.String(80), nullable=False),
        sa.Column("covers", sa.String(500), nullable=False),
        sa.Column("effect", sa.String(40), nullable=False),
        sa.Column("delegated", sa.Boolean(), nullable=False),
        sa.Column("until", UtcTime(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=False),
        sa.Column("given_by", Id16(), nullable=False),
        sa.Column("given_name", sa.String(255), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("decided_by", Id16(), nullable=True),
        sa.Column("decided_name", sa.String(255), nullable=True),
        sa.Column("ended_why", steps.long_text(), nullable=True),
        indexed=("role", "staff_id", "given_by", "state", "state_since"),
    )
