"""PINs of a workstation, for changing persons at a shared desk."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "quick_pin",
        sa.Column("staff_id", Id16(), nullable=False),
        sa.Column("pin_hash", sa.String(200), nullable=False),
        sa.Column("set_at", UtcTime(), nullable=False),
        sa.Column("password_at", UtcTime(), nullable=True),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("staff_id", name="uq_quick_pin_staff_id"),
    )
