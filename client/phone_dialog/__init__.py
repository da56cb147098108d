"""The code that a client scans to open something of his own on the phone."""
