"""A study's data set: its dictionary, its tables, the files they go into, and what they come to in numbers."""
