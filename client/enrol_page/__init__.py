"""The first start: an empty machine becomes a workstation."""
