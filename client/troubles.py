"""What can be wrong with a store as a whole, by code, and what it means for a program that runs."""

FIRST_START = frozenset({"store.first_start", "store.not_enrolled"})
"""This machine has not joined: the page of the first start is shown."""

HALTING = frozenset({"store.damaged", "store.wrong_key"})
"""All work ends, and this run of the program does not read the store again."""

TROUBLES = frozenset({"store.disk_full", "store.read_only", "store.cannot_open"})
"""Told over whatever is open; work may go on when it is mended."""
