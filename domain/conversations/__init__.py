"""What clients write and what we answer, from every channel: owed until answered, not until read."""
