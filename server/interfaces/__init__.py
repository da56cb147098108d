"""What the server speaks with other systems."""
