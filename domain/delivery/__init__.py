"""Signed reports on their way: to the branch, read back by it, handed over to the client, corrected."""
