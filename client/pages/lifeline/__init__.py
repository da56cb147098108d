"""The life line of a tube: its family as a tree, its events along one time axis, checked against their chain."""
