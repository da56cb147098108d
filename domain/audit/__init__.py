"""The chain that shows whether the record of what happened was touched."""
