"""Items of visits, and nodes, items and packages of an institution's own."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "process_content_version",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("summary", sa.String(1000), nullable=False),
        sa.Column("body", JsonText(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("reason", steps.long_text(), nullable=False),
        sa.Column("written_at", UtcTime(), nullable=False),
        sa.Column("written_by", Id16(), nullable=True),
        sa.Column("written_name", sa.String(255), nullable=False),
        indexed=("written_at",),
    )
    steps.create_index(
        "ix_process_content_version_code", "process_content_version", ["kind", "code", "version"]
    )
    steps.create_record_table(
        "visit_item",
        sa.Column("visit_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("visit_number", sa.String(40), nullable=False),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("node", sa.String(60), nullable=False),
        sa.Column("node_name", sa.String(255), nullable=False),
        sa.Column("package", sa.String(120), nullable=True),
        sa.Column("key", sa.Boolean(), nullable=False),
        sa.Column("results", JsonText(), nullable=False),
        sa.Column("specimen", sa.Boolean(), nullable=False),
        sa.Column("form", sa.String(120), nullable=True),
        sa.Column("performed_at", UtcTime(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("cause", sa.String(40), nullable=True),
        sa.Column("cause_note", steps.long_text(), nullable=True),
        sa.Column("cause_by", sa.String(255), nullable=True),
        sa.Column("cause_at", UtcTime(), nullable=True),
        sa.Column("waived_note", steps.long_text(), nullable=True),
        sa.Column("waived_by", sa.String(255), nullable=True),
        indexed=("visit_id", "patient_id", "due_at"),
    )
    steps.create_index("ix_visit_item_open", "visit_item", ["state", "due_at"])
