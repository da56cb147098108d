"""The life of an alert, who is told, what people usually do, figures with a target."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.add_columns(
        "alert",
        sa.Column("revision", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("owner_id", Id16(), nullable=True),
        sa.Column("owner_name", sa.String(255), nullable=True),
        sa.Column("act_by", UtcTime(), nullable=True),
        sa.Column("shelved_until", UtcTime(), nullable=True),
        sa.Column("outcome", sa.String(40), nullable=True),
        sa.Column("digest_id", Id16(), nullable=True),
    )
    steps.create_index("ix_alert_rule_state", "alert", ["rule", "state", "org_id"])
    steps.create_index("ix_alert_digest", "alert", ["digest_id", "state"])
    steps.create_index("ix_alert_owner_id", "alert", ["owner_id"])
    waiting = "state IN ('open', 'acknowledged', 'in_hand')"
    steps.create_index("ix_alert_waiting", "alert", ["severity", "id"], where=waiting)
    steps.create_index("ix_alert_act_by", "alert", ["act_by", "id"], where="state = 'in_hand'")
    steps.create_index("ix_alert_shelved_until", "alert", ["shelved_until", "id"], where="state = 'shelved'")
    steps.drop_index("ix_alert_state", "alert")
    steps.create_index("ix_alert_opened_at", "alert", ["opened_at"])
    steps.drop_index("ix_alert_rule", "alert")
    steps.add_columns("alert_timer", sa.Column("key", Id16(), nullable=True))
    steps.create_index("ix_alert_timer_key", "alert_timer", ["key", "rule"], where="key IS NOT NULL")
    steps.create_table(
        "alert_receiver",
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("alert_id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("role", "alert_id", name="pk_alert_receiver"),
    )
    order = ["role", "rank", "opened_at", "alert_id", "org_id"]
    steps.create_index("ix_alert_receiver_order", "alert_receiver", order)
    steps.create_index("ix_alert_receiver_org", "alert_receiver", ["org_id", "role", "opened_at"])
    steps.create_index("ix_alert_receiver_alert_id", "alert_receiver", ["alert_id"])
    steps.create_table(
        "alert_baseline",
        sa.Column("rule", sa.String(20), nullable=False),
        sa.Column("who", Id16(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("rule", "who", name="pk_alert_baseline"),
    )
    steps.create_record_table(
        "alert_rule_change",
        sa.Column("rule", sa.String(20), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("patch", JsonText(), nullable=False),
        sa.Column("tested", JsonText(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=False),
        sa.Column("published_at", UtcTime(), nullable=False),
        sa.Column("published_by", Id16(), nullable=True),
        sa.Column("published_name", sa.String(255), nullable=False),
        indexed=("rule", "published_at"),
    )
    steps.create_record_table(
        "indicator",
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("day", IsoDate(), nullable=False),
        sa.Column("numerator", sa.Float(53), nullable=False),
        sa.Column("denominator", sa.Float(53), nullable=False),
        sa.Column("value", sa.Float(53), nullable=True),
        sa.Column("target", sa.Float(53), nullable=False),
        sa.Column("under", sa.Boolean(), nullable=False),
        sa.Column("under_days", sa.BigInteger(), nullable=False),
        sa.Column("under_since", IsoDate(), nullable=True),
    )
