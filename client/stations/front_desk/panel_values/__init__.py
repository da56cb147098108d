"""Today's values and the devices: the widgets."""
