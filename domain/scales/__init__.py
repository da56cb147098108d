"""Instruments: scoring as data, advice that follows from it, suggestions, and the results that are kept."""
