"""The chosen element."""
