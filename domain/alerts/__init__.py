"""When somebody must be told, and what came of it."""
