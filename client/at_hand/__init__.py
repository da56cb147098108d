"""What is at hand while somebody talks with a client: scripts, handouts and forms, by one key, over any dialog."""
