"""Organisations, staff and their roles, patients, workstations."""
