"""Visits, results, critical values, reports and their three-level review."""
