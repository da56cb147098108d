"""Two values of one thing, side by side, decided with one key."""
