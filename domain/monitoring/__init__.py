"""Devices of clients: watches, bands and meters that send what they measure, and files their makers export."""
