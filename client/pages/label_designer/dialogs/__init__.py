"""The questions of the designer."""
