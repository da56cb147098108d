"""Dictionaries and judged observations as data."""
