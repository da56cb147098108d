"""Simulators of the vendors: local services that check what is sent, keep it, and fail as they are told.

For tests, demonstrations and training; they ship like those of the devices. ``python -m
server.channels.simulators`` runs them.
"""
