"""Readers of resident identity cards."""
