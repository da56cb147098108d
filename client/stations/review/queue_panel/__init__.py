"""The queue on the left: what waits, by urgency and due time."""
