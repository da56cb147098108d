"""How the centre is, looked at once a minute; what a workstation has to fulfil to join, and how each stands."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "platform_check",
        sa.Column("probe", sa.String(40), nullable=False),
        sa.Column("value", sa.String(200), nullable=False),
        sa.Column("wanted", sa.String(200), nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.UniqueConstraint("probe", name="uq_platform_check_probe"),
        indexed=("seen_at", "due_at"),
    )
    steps.create_record_table(
        "admission_standard",
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("least_version", sa.String(40), nullable=False),
        sa.Column("most_skew_s", sa.BigInteger(), nullable=False),
        sa.Column("most_rejected", sa.BigInteger(), nullable=False),
        sa.Column("most_waits_h", sa.BigInteger(), nullable=False),
        sa.Column("settings_in_force", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(4000), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.Column("changed_name", sa.String(255), nullable=False),
        sa.UniqueConstraint("number", name="uq_admission_standard_number"),
        indexed=("changed_at",),
    )
    steps.create_record_table(
        "node_admission",
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("standard", sa.BigInteger(), nullable=False),
        sa.Column("lacks", JsonText(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("judged_at", UtcTime(), nullable=False),
        sa.Column("node_id", Id16(), nullable=False),
        sa.UniqueConstraint("node_id", name="uq_node_admission_node_id"),
        indexed=("due_at", "judged_at"),
    )
