"""Specimens, boxes, labels, devices."""

from sync.migrations import steps


def upgrade() -> None:
    steps.create_index("ix_specimen_event_occurred_at", "specimen_event", ["occurred_at"])
