"""Lists of people whose identity is checked together, and whose is still to be checked."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, JsonText, UtcTime
from sync.migrations import steps


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def upgrade() -> None:
    steps.create_record_table(
        "identity_batch",
        _text("name", 255), _text("file_name", 255), _text("sha256", 64), _number("rows"), _number("checked"),
        _number("green"), _number("yellow"), _number("red"), sa.Column("outside", sa.Boolean(), nullable=False),
        sa.Column("imported_at", UtcTime(), nullable=False), sa.Column("staff_id", Id16(), nullable=True),
        _text("staff_name", 255),
        indexed=("sha256", "imported_at"),
    )  # fmt: skip
    steps.create_record_table(
        "identity_entry",
        sa.Column("batch_id", Id16(), nullable=False), _number("row"), _text("said_name", 255),
        _text("said_sex", 40), sa.Column("said_birth_date", IsoDate(), nullable=True),
        _text("said_id_number", 40, nullable=True), _text("said_phone", 40, nullable=True),
        sa.Column("compared_with", Id16(), nullable=True), _text("light", 40),
        sa.Column("reasons", JsonText(), nullable=False), sa.Column("compared", JsonText(), nullable=False),
        sa.Column("remarks", steps.long_text(), nullable=True), _text("outside", 40), _number("tries"),
        sa.Column("checked_at", UtcTime(), nullable=False),
        indexed=("said_id_number", "compared_with", "outside", "checked_at"),
    )  # fmt: skip
    steps.create_index("ix_identity_entry_batch", "identity_entry", ["batch_id", "row"])
    steps.create_record_table(
        "identity_duty",
        _text("source", 40), sa.Column("patient_id", Id16(), nullable=True),
        sa.Column("entry_id", Id16(), nullable=True), sa.Column("check_id", Id16(), nullable=True),
        _text("said_name", 255), _text("light", 40, nullable=True), sa.Column("reasons", JsonText(), nullable=True),
        sa.Column("basis", steps.long_text(), nullable=True), _text("state", 40),
        sa.Column("state_since", UtcTime(), nullable=False), sa.Column("due_at", UtcTime(), nullable=True),
        indexed=("patient_id", "entry_id", "check_id", "state", "due_at"),
    )  # fmt: skip
