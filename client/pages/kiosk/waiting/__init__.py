"""The screen that waits for the next client."""
