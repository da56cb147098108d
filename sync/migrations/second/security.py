"""What looks wrong in what people did, and what was found out."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "security_finding",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("until", UtcTime(), nullable=False),
        sa.Column("detail", sa.String(1000), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("conclusion", sa.String(40), nullable=True),
        sa.Column("explanation", steps.long_text(), nullable=True),
        sa.Column("concluded_by", Id16(), nullable=True),
        sa.Column("concluded_name", sa.String(255), nullable=True),
        indexed=("kind", "until", "state", "state_since"),
    )
    steps.create_record_table(
        "audit_anchor",
        sa.Column("device_id", Id16(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("anchored_at", UtcTime(), nullable=False),
        indexed=("device_id", "anchored_at"),
    )
    steps.create_record_table(
        "audit_report",
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("exported", sa.BigInteger(), nullable=False),
        sa.Column("findings", sa.BigInteger(), nullable=False),
        sa.Column("open_findings", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.String(200), nullable=False),
        sa.Column("figures", JsonText(), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        indexed=("month", "made_at"),
    )
