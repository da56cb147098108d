"""A form in the hands of the client at the desk: full screen, nothing else within reach."""
