"""Telling partner systems: writing the messages, the line, and the lanes that send."""
