"""When a workstation last heard the centre, and how far a role reaches as an institution set it."""

import sqlalchemy as sa

from sync.migrations import steps


def upgrade() -> None:
    steps.create_table(
        "centre_contact",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_centre_contact"),
    )
    steps.add_columns("rights_change", sa.Column("value", sa.String(40), nullable=True))
