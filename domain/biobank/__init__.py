"""Specimens, what happens to them, and where they lie."""
