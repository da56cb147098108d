"""The picture of the label."""
