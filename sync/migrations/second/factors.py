"""Second factors of accounts at the centre."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "second_factor",
        sa.Column("staff_id", Id16(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("pending", sa.LargeBinary(), nullable=True),
        sa.Column("pending_until", UtcTime(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("recovery", JsonText(), nullable=True),
        sa.Column("recovery_left", sa.BigInteger(), nullable=False),
        sa.Column("since", UtcTime(), nullable=True),
        sa.Column("bound", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("staff_id", name="uq_second_factor_staff_id"),
        indexed=("since",),
    )
