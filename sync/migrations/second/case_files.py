"""Which cases wait for files at the centre."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "case_files",
        sa.Column("visit_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("visit_number", sa.String(40), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("missing", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.UniqueConstraint("visit_id", name="uq_case_files_visit_id"),
        indexed=("due_at",),
    )
