"""The second shape of a store: what this release adds to the tables of 0001.

One migration a release. Until the release is out every change of the declarations is written here, each in the
part it belongs to, with the steps of `sync.migrations.steps` (they may be taken twice, which MariaDB needs). Types
are written out as they are stored today, never taken from the declarations, which go on changing.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from domain.kernel.columns import Id16, IsoDate, JsonText, UtcTime  # noqa: F401  (for whichever part needs them)
from sync.migrations import steps

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    _people()
    _checkups()
    _specimens()
    _writing()
    _transfer()
    _uploads()
    _trust()


def downgrade() -> None:
    raise NotImplementedError(
        "a store is not taken back: the copy made before the migration is put in its place"
    )


def _people() -> None:
    """Organisations, staff, patients, contacts."""
    steps.add_columns("staff", sa.Column("password_past", JsonText(), nullable=True))


def _checkups() -> None:
    """Visits, results, reports, forms, alerts."""
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


def _specimens() -> None:
    """Specimens, boxes, labels, devices."""
    steps.create_index("ix_specimen_event_occurred_at", "specimen_event", ["occurred_at"])


def _writing() -> None:
    """The log, its cursors, the audit chain."""


def _transfer() -> None:
    """Bundles, verdicts, conflicts, snapshots."""
    steps.create_table(
        "pull_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("life", sa.String(length=64), nullable=False),
        sa.Column("compared_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pull_state")),
    )
    steps.create_table(
        "pull_mark",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("txn_id", Id16(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_pull_mark")),
    )
    steps.create_table(
        "erased_record",
        sa.Column("record_id", Id16(), nullable=False),
        sa.Column("entity", sa.String(length=60), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_erased_record")),
    )
    steps.create_table(
        "scrubbed_entry",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("by_position", sa.BigInteger(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_scrubbed_entry")),
    )
    steps.create_table(
        "log_life",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("life", sa.String(length=64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_log_life")),
    )


def _uploads() -> None:
    """Files and their transfers."""


def _trust() -> None:
    """Passwords, enrolment, sessions, search at the centre."""
