"""Label templates of an institution's own: drawn by keys, seen in the dots of a printer, published to sites."""
