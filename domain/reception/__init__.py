"""Receiving clients after their checkup: one by one by appointment, and whole units at events; service packages."""
