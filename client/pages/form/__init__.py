"""Any form filled in for a client: chosen, page by page, by keys, with what is known already."""
