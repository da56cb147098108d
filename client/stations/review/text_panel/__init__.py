"""Conclusion and advice, the remark on them, and returning."""
