"""Finding and registering a client: the widgets."""
