"""Taking over a new version: fetched and proven in the background, tried on a copy of the store, begun when idle."""
