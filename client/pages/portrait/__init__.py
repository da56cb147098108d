"""The health portrait of a client: everything that was assessed, on one page."""
