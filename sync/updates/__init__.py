"""Signed updates: how a version is packed, how it is trusted, how it travels."""
