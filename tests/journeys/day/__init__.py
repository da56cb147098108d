"""A branch's whole day with real processes: what ``./dev demo`` plays and the journey test checks."""
