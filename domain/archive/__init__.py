"""One health record a client: what it holds of checkups, hospital, receptions and talks, and how standard it is."""
