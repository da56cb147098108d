"""Results are listed by their time, whoever they are of."""

from sync.migrations import steps


def upgrade() -> None:
    steps.create_index("ix_observation_effective_at", "observation", ["effective_at"])
