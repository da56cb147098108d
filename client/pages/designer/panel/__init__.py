"""The properties of the chosen item."""
