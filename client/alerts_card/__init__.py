"""The full-window card of a critical value."""
