"""Sending a client on: where to, why, how it goes there, and what came of it; between sites too."""
