"""A client's care plans side by side: what each asks for, what was done, what changed; one is chosen."""
