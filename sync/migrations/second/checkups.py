"""Visits, results, reports, forms, alerts."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_index("ix_report_queue", "report", ["urgency", "due_at", "id"])
    steps.create_index("ix_report_counts", "report", ["state", "urgency", "due_at", "org_id"])
    steps.create_index("ix_report_issued", "report", ["issued_at", "id"])
    steps.drop_index("ix_report_org_due", "report")
    steps.drop_index("ix_report_org_issued", "report")
    steps.create_index(
        "ix_observation_to_check", "observation", ["status", "effective_at"], where="status = 'pending_check'"
    )
    steps.create_index("ix_finding_found_at", "finding", ["found_at"])
    steps.create_index("ix_alert_state_since", "alert", ["state_since"])
    steps.create_index("ix_alert_event_at", "alert_event", ["at"])
    steps.add_columns("attachment", sa.Column("added_by", Id16(), nullable=True))
    steps.create_record_table(
        "attachment_removal",
        sa.Column("attachment_id", Id16(), nullable=False),
        sa.Column("reason", steps.long_text(), nullable=False),
        sa.Column("removed_by", Id16(), nullable=True),
        sa.Column("removed_at", UtcTime(), nullable=False),
        indexed=("attachment_id",),
    )
    steps.create_record_table(
        "omission",
        sa.Column("visit_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("item", sa.String(60), nullable=False),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("reason", steps.long_text(), nullable=False),
        sa.Column("postponed_to", IsoDate(), nullable=True),
        sa.Column("signature_sha256", sa.String(64), nullable=True),
        sa.Column("witness_id", Id16(), nullable=True),
        sa.Column("witness_name", sa.String(255), nullable=True),
        sa.Column("recorded_by", Id16(), nullable=True),
        sa.Column("recorded_at", UtcTime(), nullable=False),
        indexed=("visit_id", "patient_id", "recorded_at"),
    )
    steps.create_record_table(
        "outgoing",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("what", sa.String(255), nullable=False),
        sa.Column("columns", sa.String(1000), nullable=True),
        sa.Column("filters", sa.String(1000), nullable=True),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(1000), nullable=True),
        sa.Column("destination", sa.String(40), nullable=False),
        sa.Column("patient_id", Id16(), nullable=True),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        indexed=("patient_id", "started_at"),
    )
    steps.create_record_table(
        "outgoing_end",
        sa.Column("outgoing_id", Id16(), nullable=False),
        sa.Column("result", sa.String(40), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.String(255), nullable=True),
        sa.Column("ended_at", UtcTime(), nullable=False),
        indexed=("outgoing_id",),
    )
    steps.create_record_table(
        "held_result",
        sa.Column("check_id", Id16(), nullable=False),
        sa.Column("observation_id", Id16(), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("held_at", UtcTime(), nullable=False),
        indexed=("check_id", "observation_id"),
    )
    steps.add_columns("observation", sa.Column("system", sa.String(200), nullable=True))
    steps.create_record_table(
        "system_difference",
        sa.Column("visit_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("visit_number", sa.String(40), nullable=False),
        sa.Column("item", sa.String(60), nullable=False),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("first_id", Id16(), nullable=False),
        sa.Column("first_system", sa.String(200), nullable=False),
        sa.Column("first_value", sa.String(4000), nullable=False),
        sa.Column("second_id", Id16(), nullable=False),
        sa.Column("second_system", sa.String(200), nullable=False),
        sa.Column("second_value", sa.String(4000), nullable=False),
        sa.Column("ucum", sa.String(40), nullable=True),
        sa.Column("deviation", sa.Float(53), nullable=False),
        sa.Column("found_at", UtcTime(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("settled_how", sa.String(40), nullable=True),
        sa.Column("settled_by", sa.String(255), nullable=True),
        sa.Column("note", sa.String(4000), nullable=True),
        indexed=("visit_id", "patient_id", "found_at", "due_at"),
    )
