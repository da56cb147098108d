"""Blood pressure, weight and height: the widgets."""
