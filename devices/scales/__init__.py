"""Weighing and height scales, one driver a module."""
