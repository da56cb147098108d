"""Who has no report after a batch, and why."""
