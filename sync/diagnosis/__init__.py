"""How an installation is, in checks that are found by being there, and what of it may go to who helps from afar."""
