"""The tree of containers, how full boxes are, and searches in the store."""

from typing import Any

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.add_columns(
        "storage_container",
        sa.Column("at", sa.String(10), nullable=True),
        sa.Column("place_key", sa.String(80), nullable=True),
        sa.Column("tube_kind", sa.String(40), nullable=True),
        sa.Column("blocked", JsonText(), nullable=True),
        sa.Column("door_order", sa.BigInteger(), nullable=False, server_default="0"),
    )
    steps.create_index("ix_storage_container_parent_id", "storage_container", ["parent_id"])
    steps.create_index("ix_storage_container_place_key", "storage_container", ["place_key"])
    steps.create_record_table("container_fill", sa.Column("used", sa.BigInteger(), nullable=False))
    steps.create_record_table(
        "container_fill_day",
        sa.Column("container_id", Id16(), nullable=False),
        sa.Column("day", IsoDate(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
    )
    steps.create_index("ix_container_fill_day_day", "container_fill_day", ["day", "container_id"])
    steps.create_record_table(
        "storage_task",
        sa.Column("cause", sa.String(40), nullable=False),
        sa.Column("number", sa.String(80), nullable=False),
        sa.Column("specimen_id", Id16(), nullable=True),
        sa.Column("place", sa.String(120), nullable=True),
        sa.Column("found_place", sa.String(120), nullable=True),
        sa.Column("note", sa.String(1000), nullable=True),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.Column("opened_by", sa.String(255), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("outcome", sa.String(40), nullable=True),
        sa.Column("closed_by", sa.String(255), nullable=True),
        sa.Column("closed_note", sa.String(1000), nullable=True),
        indexed=("number", "specimen_id", "opened_at", "state", "due_at"),
    )
    steps.create_record_table(
        "inventory",
        sa.Column("container_id", Id16(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        *(
            sa.Column(n, sa.BigInteger(), nullable=False)
            for n in ("expected", "matched", "missing", "surplus")
        ),
        *(sa.Column(n, sa.BigInteger(), nullable=False) for n in ("misplaced", "unread")),
        indexed=("container_id", "at"),
    )
    _picks()


def _picks() -> None:
    state: tuple[sa.Column[Any], ...] = (
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
    )
    steps.create_record_table(
        "pick_list",
        sa.Column("purpose", sa.String(200), nullable=False),
        sa.Column("asked_by_id", Id16(), nullable=True),
        sa.Column("asked_by", sa.String(255), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("approved_by", sa.String(255), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=False),
        *(column._copy() for column in state),
        indexed=("asked_at", "state", "due_at"),
    )
    steps.create_record_table(
        "pick_line",
        sa.Column("pick_list_id", Id16(), nullable=False),
        sa.Column("specimen_id", Id16(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("place", sa.String(80), nullable=False),
        sa.Column("path", sa.String(255), nullable=False),
        sa.Column("route", sa.String(255), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("done_at", UtcTime(), nullable=True),
        sa.Column("done_by", sa.String(255), nullable=True),
        indexed=("specimen_id",),
    )
    steps.create_index("ix_pick_line_list", "pick_line", ["pick_list_id", "route"])
    steps.create_record_table(
        "shipment",
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("receiver", sa.String(255), nullable=False),
        sa.Column("condition", sa.String(40), nullable=False),
        sa.Column("courier", sa.String(255), nullable=True),
        sa.Column("logger", sa.String(255), nullable=True),
        sa.Column("packed_by", sa.String(255), nullable=False),
        sa.Column("packed_at", UtcTime(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("arrived", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", UtcTime(), nullable=True),
        sa.Column("manifest", steps.long_text(), nullable=True),
        sa.Column("manifest_sha256", sa.String(64), nullable=True),
        sa.Column("received_by", sa.String(255), nullable=True),
        *(column._copy() for column in state),
        sa.UniqueConstraint("number", name="uq_shipment_number"),
        indexed=("packed_at", "state", "due_at"),
    )
    steps.create_record_table(
        "shipment_line",
        sa.Column("shipment_id", Id16(), nullable=False),
        sa.Column("specimen_id", Id16(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("type", sa.String(10), nullable=False),
        sa.Column("remaining_ul", sa.BigInteger(), nullable=True),
        sa.Column("out_s", sa.BigInteger(), nullable=False),
        sa.Column("way_s", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        indexed=("specimen_id",),
    )
    steps.create_index("ix_shipment_line_shipment", "shipment_line", ["shipment_id", "number"])
    steps.create_record_table(
        "manifest_key",
        sa.Column("private_key", sa.LargeBinary(16777215), nullable=False),
        sa.Column("public_key", sa.String(64), nullable=False),
    )
