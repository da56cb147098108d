"""Stores, change-log transport, merge and resumable transfer."""
