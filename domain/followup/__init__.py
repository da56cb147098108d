"""Following clients up after their checkup: groups, plans, tasks, and what they thought of it."""
