"""Arrival and exit check: the widgets."""
