"""What stands beside the result: the widgets of each mode."""
