"""Alerts that come before a person by themselves: a card at the corner, a sound, or the whole window."""
