"""Properties that are lists of rows."""
