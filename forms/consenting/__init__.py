"""A consent as it is shown, the seal that is put behind exactly those bytes, and the check of it."""
