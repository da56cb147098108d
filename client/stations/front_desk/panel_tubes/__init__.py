"""Labels and collection: the widgets."""
