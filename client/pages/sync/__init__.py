"""The exchange with the centre: what waits, what was refused and why."""
