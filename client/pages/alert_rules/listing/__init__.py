"""The list of the rules."""
