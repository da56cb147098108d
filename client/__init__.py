"""The Qt application of a branch workstation."""
