"""The review of reports: schemes of an institution's own, tasks of experts, and what each takes on."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "review_scheme",
        sa.Column("site_id", Id16(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("levels", JsonText(), nullable=False),
        sa.Column("first_roles", JsonText(), nullable=False),
        sa.Column("second_roles", JsonText(), nullable=False),
        sa.Column("third_roles", JsonText(), nullable=False),
        sa.Column("fourth_roles", JsonText(), nullable=False),
        sa.Column("final_roles", JsonText(), nullable=False),
        sa.Column("drafting_hours", sa.BigInteger(), nullable=False),
        sa.Column("first_hours", sa.BigInteger(), nullable=False),
        sa.Column("second_hours", sa.BigInteger(), nullable=False),
        sa.Column("third_hours", sa.BigInteger(), nullable=False),
        sa.Column("fourth_hours", sa.BigInteger(), nullable=False),
        sa.Column("final_hours", sa.BigInteger(), nullable=False),
        sa.Column("returned_hours", sa.BigInteger(), nullable=False),
        sa.Column("urgent_hours", sa.BigInteger(), nullable=False),
        sa.Column("accept_minutes", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(4000), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.Column("changed_by", Id16(), nullable=True),
        sa.Column("changed_name", sa.String(255), nullable=False),
        indexed=("changed_at",),
    )
    steps.create_index("ix_review_scheme_site", "review_scheme", ["site_id", "number"])
    steps.create_record_table(
        "review_task",
        sa.Column("report_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("level", sa.String(40), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("urgency", sa.BigInteger(), nullable=False),
        sa.Column("topics", JsonText(), nullable=False),
        sa.Column("owner_id", Id16(), nullable=True),
        sa.Column("owner_name", sa.String(255), nullable=True),
        sa.Column("assigned_why", sa.String(40), nullable=True),
        sa.Column("declined", JsonText(), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("assigned_at", UtcTime(), nullable=True),
        sa.Column("accepted_at", UtcTime(), nullable=True),
        sa.Column("done_at", UtcTime(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        indexed=("report_id", "made_at", "due_at"),
    )
    steps.create_index("ix_review_task_owner", "review_task", ["owner_id", "state", "due_at"])
    steps.create_index("ix_review_task_open", "review_task", ["state", "urgency", "due_at"])
    steps.create_index("ix_review_task_done", "review_task", ["done_at", "id"])
    steps.create_record_table(
        "review_task_event",
        sa.Column("task_id", Id16(), nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("to_name", sa.String(255), nullable=True),
        sa.Column("note", sa.String(4000), nullable=True),
        sa.Column("facts", JsonText(), nullable=True),
        indexed=("task_id", "at"),
    )
    steps.create_record_table(
        "reviewer",
        sa.Column("staff_id", Id16(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("specialties", JsonText(), nullable=False),
        sa.Column("task_limit", sa.BigInteger(), nullable=False),
        sa.Column("on_duty", sa.Boolean(), nullable=False),
        sa.Column("weekdays", JsonText(), nullable=False),
        sa.Column("away_from", IsoDate(), nullable=True),
        sa.Column("away_until", IsoDate(), nullable=True),
        sa.Column("open_tasks", sa.BigInteger(), nullable=False),
        sa.Column("urgent_open", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.String(7), nullable=True),
        sa.Column("given", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("given_back", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", UtcTime(), nullable=True),
        indexed=("staff_id", "counted_at"),
    )
