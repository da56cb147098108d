"""Panes side by side with a quiet gap between them."""
