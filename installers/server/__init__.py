"""The server's deployment: units, proxy, container and settings, made of one plan, checked by the real programs."""
