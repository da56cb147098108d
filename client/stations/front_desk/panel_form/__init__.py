"""The short form: the widgets."""
