"""A study's data as research uses it: exports, corrections laid over it, how complete and how credible it is."""
