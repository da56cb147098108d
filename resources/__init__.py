"""Content as data, found by folder."""

from pathlib import Path


def folder(name: str) -> Path:
    """Return the folder that holds one kind of content, e.g. ``alerts`` or ``texts``."""
    return Path(__file__).parent / name
