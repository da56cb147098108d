"""What the check of a text remarks, on the screen."""
