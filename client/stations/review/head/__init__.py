"""The head of a case: whose it is."""
