"""The form of one rule."""
