"""The shared library of knowledge and programmes: what is known, how old it is, and how it is found."""
