"""Blocks of time, appointments, units with their events, and service packages."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "slot_block",
        sa.Column("staff_id", Id16(), nullable=False),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("starts_at", UtcTime(), nullable=False),
        sa.Column("ends_at", UtcTime(), nullable=False),
        sa.Column("slot_minutes", sa.BigInteger(), nullable=False),
        sa.Column("device_id", Id16(), nullable=False),
        sa.Column("device_name", sa.String(255), nullable=False),
        sa.Column("given_at", UtcTime(), nullable=False),
        indexed=("staff_id", "starts_at", "device_id"),
    )
    steps.create_record_table(
        "appointment",
        sa.Column("block_id", Id16(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("slot_key", sa.String(60), nullable=True),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("task_id", Id16(), nullable=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("staff_id", Id16(), nullable=False),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("starts_at", UtcTime(), nullable=False),
        sa.Column("ends_at", UtcTime(), nullable=False),
        sa.Column("note", steps.long_text(), nullable=True),
        sa.Column("moved_to", Id16(), nullable=True),
        sa.Column("arrived_at", UtcTime(), nullable=True),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("steps", JsonText(), nullable=True),
        sa.Column("course", steps.long_text(), nullable=True),
        sa.Column("next_step", steps.long_text(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.UniqueConstraint("slot_key", name="uq_appointment_slot_key"),
        indexed=("block_id", "patient_id", "task_id", "starts_at", "due_at"),
    )
    steps.create_index("ix_appointment_staff_day", "appointment", ["staff_id", "starts_at"])
    steps.create_record_table(
        "client_unit",
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("parent_id", Id16(), nullable=True),
        sa.Column("contact", sa.String(255), nullable=True),
        sa.Column("phone", sa.String(40), nullable=True),
        sa.Column("manager_id", Id16(), nullable=True),
        sa.Column("manager_name", sa.String(255), nullable=True),
        sa.Column("added_at", UtcTime(), nullable=False),
        indexed=("name", "parent_id", "added_at"),
    )
    steps.create_record_table(
        "group_event",
        sa.Column("unit_id", Id16(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("place", sa.String(255), nullable=True),
        sa.Column("starts_at", UtcTime(), nullable=False),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=True),
        sa.Column("expected", sa.BigInteger(), nullable=False),
        sa.Column("least_percent", sa.BigInteger(), nullable=False),
        sa.Column("enrolled", sa.BigInteger(), nullable=False),
        sa.Column("attended", sa.BigInteger(), nullable=False),
        sa.Column("short_by", sa.BigInteger(), nullable=False),
        sa.Column("materials", JsonText(), nullable=False),
        sa.Column("steps", JsonText(), nullable=False),
        sa.Column("course", steps.long_text(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        indexed=("unit_id", "starts_at", "due_at"),
    )
    steps.create_record_table(
        "event_place",
        sa.Column("event_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("enrolled_at", UtcTime(), nullable=True),
        sa.Column("attended_at", UtcTime(), nullable=True),
        sa.Column("withdrawn_at", UtcTime(), nullable=True),
        indexed=("event_id", "patient_id", "enrolled_at"),
    )
    steps.create_record_table(
        "service_contract",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("package", sa.String(255), nullable=False),
        sa.Column("manager_id", Id16(), nullable=True),
        sa.Column("manager_name", sa.String(255), nullable=True),
        sa.Column("expert_id", Id16(), nullable=True),
        sa.Column("expert_name", sa.String(255), nullable=True),
        sa.Column("starts_on", IsoDate(), nullable=False),
        sa.Column("ends_on", IsoDate(), nullable=False),
        sa.Column("renews", Id16(), nullable=True),
        sa.Column("signed_by", Id16(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        indexed=("patient_id", "ends_on", "due_at"),
    )
