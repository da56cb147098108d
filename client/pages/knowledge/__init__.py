"""The library at hand: found by the words people use, read beside the list, kept up to date by keys."""
