"""A client's portrait and tags at another site of the group: only while the client agrees, and no more."""
