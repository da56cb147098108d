"""Which WeChat account may look at which client."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "portal_binding",
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("account", sa.String(60), nullable=False),
        sa.Column("openid", sa.String(120), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("relation", sa.String(40), nullable=False),
        sa.Column("consent", sa.String(20), nullable=False),
        sa.Column("link_id", Id16(), nullable=False),
        sa.Column("bound_at", UtcTime(), nullable=False),
        sa.Column("unbound_at", UtcTime(), nullable=True),
        sa.Column("unbound_why", sa.String(255), nullable=True),
        sa.Column("unbound_by", Id16(), nullable=True),
        indexed=("patient_id", "bound_at", "unbound_at"),
    )
    steps.create_index("ix_portal_binding_openid", "portal_binding", ["openid", "account"])
