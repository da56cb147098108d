"""Files that came by links, until it is known what became of them."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "page_upload",
        sa.Column("link_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("uploaded_at", UtcTime(), nullable=False),
        sa.Column("looked_at", UtcTime(), nullable=True),
        indexed=("link_id", "patient_id", "sha256", "looked_at"),
    )
