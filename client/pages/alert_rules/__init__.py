"""The alert rules, for an administrator: found, changed, tried on what is stored, published, taken back."""
