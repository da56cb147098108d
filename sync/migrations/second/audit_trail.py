"""The audit is looked through by person, function or outcome, each in the order of time."""

from sync.migrations import steps


def upgrade() -> None:
    steps.create_index("ix_audit_entry_actor_at", "audit_entry", ["actor_id", "at"])
    steps.create_index("ix_audit_entry_command_at", "audit_entry", ["command", "at"])
    steps.create_index("ix_audit_entry_outcome_at", "audit_entry", ["outcome", "at"])
    steps.drop_index("ix_audit_entry_actor_id", "audit_entry")
