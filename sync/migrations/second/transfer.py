"""Bundles, verdicts, conflicts, snapshots."""

import sqlalchemy as sa
from alembic import op

from domain.kernel.columns import Id16, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_table(
        "sync_node",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("contact", sa.String(length=40), nullable=False),
        sa.Column("contact_since", UtcTime(), nullable=False),
        sa.Column("last_contact", UtcTime(), nullable=True),
        sa.Column("version", sa.String(length=40), nullable=True),
        sa.Column("stage", sa.String(length=20), nullable=True),
        sa.Column("skew_s", sa.BigInteger(), nullable=False),
        sa.Column("backlog", sa.BigInteger(), nullable=False),
        sa.Column("backlog_bytes", sa.BigInteger(), nullable=False),
        sa.Column("waits_s", sa.BigInteger(), nullable=False),
        sa.Column("files", sa.BigInteger(), nullable=False),
        sa.Column("file_bytes", sa.BigInteger(), nullable=False),
        sa.Column("rate", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("refusals", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("parked", sa.BigInteger(), nullable=False),
        sa.Column("conflicts", sa.BigInteger(), nullable=False),
        sa.Column("oldest_conflict_s", sa.BigInteger(), nullable=False),
        sa.Column("conflicts_permille", sa.Float(), nullable=False),
        sa.Column("trouble", sa.BigInteger(), nullable=False),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_node")),
    )
    steps.create_index("ix_sync_node_org_id", "sync_node", ["org_id"])
    steps.add_columns(
        "conflict",
        sa.Column("theirs_by", Id16(), nullable=True),
        sa.Column("theirs_command", sa.String(length=80), nullable=True),
        sa.Column("theirs_at", UtcTime(), nullable=True),
    )
    steps.add_columns(
        "device_state",
        sa.Column("position", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("backlog", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("backlog_bytes", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("oldest_s", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("files", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("file_bytes", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("stage", sa.String(length=20), nullable=False, server_default=""),
        sa.Column("rate", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("refusals", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("closed", sa.Boolean(), nullable=False, server_default="0"),
    )
    steps.add_columns("outbound_bundle", sa.Column("file_key", sa.LargeBinary(length=32), nullable=True))
    steps.create_table(
        "pull_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("life", sa.String(length=64), nullable=False),
        sa.Column("compared_at", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("manifest", sa.LargeBinary(length=2**24 - 1), nullable=True),
        sa.Column("snapshot_key", sa.LargeBinary(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pull_state")),
    )
    steps.create_table(
        "snapshot_part",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("hot", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_snapshot_part")),
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
    steps.create_table(
        "spent_nonce",
        sa.Column("device_id", Id16(), nullable=False),
        sa.Column("digest", Id16(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "digest", name="pk_spent_nonce"),
    )
    steps.create_index("ix_spent_nonce_at", "spent_nonce", ["at"])
