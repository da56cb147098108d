"""Why it came to an alert."""

import sqlalchemy as sa

from sync.migrations import steps


def upgrade() -> None:
    steps.add_columns("alert", sa.Column("root_cause", sa.String(40), nullable=True))
