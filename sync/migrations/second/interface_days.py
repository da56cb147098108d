"""Accounts of what came and went over an interface on a day."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    counts = (
        "differs", "received", "stored", "open_in", "results", "missing", "due", "delivered", "undelivered", "ordered",
        "resulted",
    )  # fmt: skip
    steps.create_record_table(
        "interface_day",
        sa.Column("partner_id", Id16(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("day", IsoDate(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in counts),
        sa.Column("findings", steps.long_text(), nullable=True),
        sa.Column("statement", steps.long_text(), nullable=False),
        sa.Column("signature", sa.String(120), nullable=False),
        sa.Column("counted_at", UtcTime(), nullable=False),
        indexed=("day", "counted_at"),
    )
    steps.create_index("ix_interface_day_partner", "interface_day", ["partner_id", "day"])
