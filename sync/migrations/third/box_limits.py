"""Containers that are kept for studies."""

import sqlalchemy as sa

from domain.kernel.columns import JsonText
from sync.migrations import steps


def upgrade() -> None:
    steps.add_columns("storage_container", sa.Column("studies", JsonText(), nullable=True))
