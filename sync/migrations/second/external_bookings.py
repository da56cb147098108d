"""Partners that book, and what they booked."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "booking_key",
        sa.Column("partner_name", sa.String(60), nullable=False),
        sa.Column("key_sha256", sa.String(64), nullable=False),
        sa.Column("set_at", UtcTime(), nullable=False),
        sa.Column("set_by", Id16(), nullable=True),
        sa.Column("set_name", sa.String(255), nullable=False),
        indexed=("key_sha256", "set_at"),
    )
    steps.create_record_table(
        "external_booking",
        sa.Column("partner_id", Id16(), nullable=False),
        sa.Column("partner_name", sa.String(60), nullable=False),
        sa.Column("external_id", sa.String(120), nullable=False),
        sa.Column("appointment_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("booked_at", UtcTime(), nullable=False),
        indexed=("partner_id", "appointment_id", "patient_id", "booked_at"),
    )
