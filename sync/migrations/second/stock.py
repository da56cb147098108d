"""What is in store and was used, with its limits; until when a tube may be kept."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, UtcTime
from sync.migrations import steps


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def upgrade() -> None:
    steps.add_columns("specimen", sa.Column("keep_until", UtcTime(), nullable=True))
    steps.create_record_table(
        "stock_rule",
        sa.Column("study_id", Id16(), nullable=True), sa.Column("type", sa.String(40), nullable=False),
        _number("least"), _number("keep_days", nullable=True), sa.Column("set_at", UtcTime(), nullable=False),
        sa.Column("set_name", sa.String(255), nullable=False),
        indexed=("study_id", "set_at"),
    )  # fmt: skip
    steps.create_record_table(
        "stock_level",
        sa.Column("study_id", Id16(), nullable=True), sa.Column("study_code", sa.String(40), nullable=False),
        sa.Column("type", sa.String(40), nullable=False), _number("available"), _number("frozen"), _number("out"),
        _number("remaining_ul"), _number("least"), _number("missing"),
        sa.Column("counted_at", UtcTime(), nullable=False),
        indexed=("study_id", "counted_at"),
    )  # fmt: skip
    steps.create_record_table(
        "stock_use",
        sa.Column("study_id", Id16(), nullable=True), sa.Column("study_code", sa.String(40), nullable=False),
        sa.Column("type", sa.String(40), nullable=False), sa.Column("month", IsoDate(), nullable=False),
        _number("times"), _number("tubes"), _number("used_ul"), _number("stored"), _number("discarded"),
        sa.Column("counted_at", UtcTime(), nullable=False),
        indexed=("counted_at",),
    )  # fmt: skip
    steps.create_index("ix_stock_use_month", "stock_use", ["month", "study_id"])
