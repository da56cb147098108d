"""Where clients are sent on, each sending on with its steps, and what came of them."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "referral_target",
        sa.Column("hospital", sa.String(255), nullable=False),
        sa.Column("department", sa.String(255), nullable=False),
        sa.Column("topics", JsonText(), nullable=False),
        sa.Column("site_id", Id16(), nullable=True),
        sa.Column("green", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("phone", sa.String(60), nullable=True),
        sa.Column("how", sa.String(500), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        indexed=("site_id", "changed_at"),
    )
    steps.create_record_table(
        "referral",
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("tracking_id", Id16(), nullable=True),
        sa.Column("causes", JsonText(), nullable=False),
        sa.Column("indication", sa.String(60), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=False),
        sa.Column("unverified", sa.Boolean(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("target_id", Id16(), nullable=True),
        sa.Column("hospital", sa.String(255), nullable=True),
        sa.Column("department", sa.String(255), nullable=True),
        sa.Column("site_id", Id16(), nullable=True),
        sa.Column("packet", JsonText(), nullable=False),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.Column("opened_name", sa.String(255), nullable=False),
        sa.Column("planned_on", IsoDate(), nullable=False),
        sa.Column("planned_at", UtcTime(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("accepted_at", UtcTime(), nullable=True),
        sa.Column("booked_at", UtcTime(), nullable=True),
        sa.Column("booked_for", UtcTime(), nullable=True),
        sa.Column("booking_no", sa.String(255), nullable=True),
        sa.Column("seen_at", UtcTime(), nullable=True),
        sa.Column("closed_at", UtcTime(), nullable=True),
        sa.Column("outcome", sa.String(40), nullable=True),
        sa.Column("feedback", steps.long_text(), nullable=True),
        sa.Column("next_step", steps.long_text(), nullable=True),
        sa.Column("ended_why", steps.long_text(), nullable=True),
        indexed=("number", "patient_id", "tracking_id", "site_id", "opened_at", "state", "due_at"),
    )
    steps.create_index("ix_referral_org_opened", "referral", ["org_id", "opened_at"])
    steps.create_record_table(
        "referral_step",
        sa.Column("referral_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("note", steps.long_text(), nullable=True),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        indexed=("referral_id", "patient_id", "at"),
    )
    steps.create_record_table(
        "referral_effect",
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("hospital", sa.String(255), nullable=False),
        sa.Column("department", sa.String(255), nullable=False),
        sa.Column("inside", sa.Boolean(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("booked", sa.BigInteger(), nullable=False),
        sa.Column("booked_in_time", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("answered", sa.BigInteger(), nullable=False),
        sa.Column("answered_rate", sa.Float(53), nullable=True),
        sa.Column("confirmed", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_rate", sa.Float(53), nullable=True),
        sa.Column("sent_back", sa.BigInteger(), nullable=False),
        sa.Column("given_up", sa.BigInteger(), nullable=False),
        sa.Column("days_to_visit", sa.Float(53), nullable=True),
        sa.Column("days_to_answer", sa.Float(53), nullable=True),
        sa.Column("counted_at", UtcTime(), nullable=False),
        indexed=("month", "counted_at"),
    )
