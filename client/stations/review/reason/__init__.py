"""Asking why a text that scores too low is handed in as it is."""
