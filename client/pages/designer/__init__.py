"""The form designer: outline, properties of the chosen item, and beside them preview, scoring and mistakes."""
