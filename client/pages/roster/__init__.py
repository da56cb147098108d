"""Checking the identities of a list: a file is read, each line gets its light, the report goes out."""
