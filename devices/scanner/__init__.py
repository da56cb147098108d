"""Barcode scanners: serial, and those that type like a keyboard."""
