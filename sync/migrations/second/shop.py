"""Service packages that clients buy on their phone."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "package_offer",
        sa.Column("package", sa.String(255), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("days", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.String(4000), nullable=False),
        sa.Column("published_by", Id16(), nullable=True),
        sa.Column("published_at", UtcTime(), nullable=False),
        sa.Column("withdrawn_at", UtcTime(), nullable=True),
        indexed=("published_at",),
    )
    steps.create_record_table(
        "package_order",
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("offer_id", Id16(), nullable=False),
        sa.Column("package", sa.String(255), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("days", sa.BigInteger(), nullable=False),
        sa.Column("placed_at", UtcTime(), nullable=False),
        sa.Column("trade_no", sa.String(80), nullable=True),
        sa.Column("paid_at", UtcTime(), nullable=True),
        sa.Column("contract_id", Id16(), nullable=True),
        sa.Column("refund_no", sa.String(80), nullable=True),
        sa.Column("refund_reason", sa.String(400), nullable=True),
        sa.Column("refunded_at", UtcTime(), nullable=True),
        sa.Column("asked_by", Id16(), nullable=True),
        sa.Column("problem", sa.String(255), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.UniqueConstraint("number", name="uq_package_order_number"),
        indexed=("patient_id", "placed_at", "due_at"),
    )
