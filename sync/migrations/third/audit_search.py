"""Indexes for looking through a long audit by several conditions at once."""

from sync.migrations import steps


def upgrade() -> None:
    for columns in (["actor_id", "outcome"], ["command", "outcome"], ["actor_id", "command", "outcome"]):
        said = "_".join(column.removesuffix("_id") for column in columns)
        steps.create_index(f"ix_audit_entry_{said}_at", "audit_entry", [*columns, "at"])
