"""Signed editions of reports on their way to the branch and to the client."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "report_change",
        sa.Column("delivery_id", Id16(), nullable=False),
        sa.Column("report_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("places", sa.String(1000), nullable=False),
        sa.Column("differs", sa.String(64), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("settled_by", sa.String(255), nullable=True),
        sa.Column("settled_why", sa.String(1000), nullable=True),
        sa.UniqueConstraint("delivery_id", name="uq_report_change_delivery_id"),
        indexed=("report_id", "due_at"),
    )
    steps.create_record_table(
        "report_delivery",
        sa.Column("report_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("issued_at", UtcTime(), nullable=False),
        sa.Column("amends", sa.String(1000), nullable=True),
        sa.Column("replaces_handed", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("sent_at", UtcTime(), nullable=True),
        sa.Column("received_at", UtcTime(), nullable=True),
        sa.Column("received_by", sa.String(255), nullable=True),
        sa.Column("received_sha256", sa.String(64), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("fault", sa.String(60), nullable=True),
        sa.Column("withdrawn_at", UtcTime(), nullable=True),
        sa.Column("withdrawn_by", sa.String(255), nullable=True),
        sa.Column("withdrawn_why", sa.String(1000), nullable=True),
        sa.Column("handed_at", UtcTime(), nullable=True),
        sa.Column("told_at", UtcTime(), nullable=True),
        indexed=("report_id", "patient_id", "issued_at", "state", "due_at", "handed_at"),
    )
    steps.create_record_table(
        "report_hand_over",
        sa.Column("delivery_id", Id16(), nullable=False),
        sa.Column("report_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("way", sa.String(40), nullable=False),
        sa.Column("taker", sa.String(40), nullable=False),
        sa.Column("taker_name", sa.String(255), nullable=False),
        sa.Column("proof", sa.String(255), nullable=False),
        sa.Column("receipt", sa.String(255), nullable=False),
        sa.Column("given_at", UtcTime(), nullable=False),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        indexed=("delivery_id", "report_id", "patient_id", "given_at"),
    )
