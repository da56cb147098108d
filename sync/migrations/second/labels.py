"""What waits at label printers, why a label did not come out, and templates of an institution's own."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.add_columns("label_print", sa.Column("fault", sa.String(40), nullable=True))
    steps.create_record_table(
        "label_job",
        sa.Column("batch_id", Id16(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("specimen_id", Id16(), nullable=True),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("purpose", sa.String(40), nullable=False),
        sa.Column("device_id", Id16(), nullable=False),
        sa.Column("printer", sa.String(120), nullable=False),
        sa.Column("fields", JsonText(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=True),
        sa.Column("reprint", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(255), nullable=True),
        sa.Column("fault", sa.String(40), nullable=True),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("queued_at", UtcTime(), nullable=False),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        indexed=("batch_id", "specimen_id", "queued_at"),
    )
    steps.create_index("ix_label_job_device", "label_job", ["device_id", "state"])
    steps.create_record_table(
        "label_design",
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(40), nullable=False),
        sa.Column("content", JsonText(), nullable=False),
        sa.Column("based_on", sa.String(120), nullable=True),
        sa.Column("saved_at", UtcTime(), nullable=False),
        sa.Column("saved_name", sa.String(255), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("note", steps.long_text(), nullable=True),
        sa.Column("published_at", UtcTime(), nullable=True),
        sa.Column("published_name", sa.String(255), nullable=True),
        indexed=("code", "saved_at"),
    )
    steps.create_record_table(
        "label_in_use",
        sa.Column("design_id", Id16(), nullable=False),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(40), nullable=False),
        sa.Column("content", JsonText(), nullable=False),
        sa.Column("published_at", UtcTime(), nullable=False),
        sa.Column("published_name", sa.String(255), nullable=False),
        indexed=("design_id", "code", "published_at"),
    )
    steps.create_record_table(
        "label_choice",
        sa.Column("purpose", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("printer", sa.String(120), nullable=False),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("chosen_at", UtcTime(), nullable=False),
        sa.Column("chosen_name", sa.String(255), nullable=False),
        indexed=("chosen_at",),
    )
