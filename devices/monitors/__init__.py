"""Vital-sign monitors on a serial line, one driver a module."""
