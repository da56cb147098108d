"""The lines of a form, wherever they are shown."""
