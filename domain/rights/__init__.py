"""Rights that an institution adjusts over the roles that ship: by role or person, for a time, with a reason."""
