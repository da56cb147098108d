"""The log, its cursors, the audit chain."""

import sqlalchemy as sa

from domain.kernel.columns import Id16
from sync.migrations import steps


def upgrade() -> None:
    steps.add_columns("audit_entry", sa.Column("format", sa.Integer(), nullable=False, server_default="1"))
    steps.create_table(
        "audit_subject",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record_id", Id16(), nullable=False),
        sa.Column("entity", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("number", "record_id", "entity", name="pk_audit_subject"),
        sqlite_with_rowid=False,
    )
    steps.create_index("ix_audit_subject_record_id", "audit_subject", ["record_id"])
