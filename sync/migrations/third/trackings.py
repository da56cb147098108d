"""What is to be done next about a marked value."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate
from sync.migrations import steps


def upgrade() -> None:
    steps.add_columns(
        "positive_progress",
        sa.Column("next_step", sa.String(40), nullable=True),
        sa.Column("next_on", IsoDate(), nullable=True),
        sa.Column("advised_for", Id16(), nullable=True),
    )
