"""How far behind the knowledge of the head office each workstation is."""

import sqlalchemy as sa

from domain.kernel.columns import UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.add_columns(
        "device_state", sa.Column("knowledge", sa.Integer(), nullable=False, server_default="-1")
    )
    steps.add_columns(
        "sync_node",
        sa.Column("knowledge_behind", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("knowledge_since", UtcTime(), nullable=True),
    )
