"""The HTTP interface: routes read input, run a command or a query, and shape the answer."""
