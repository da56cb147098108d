"""Courses of measured values over the years: how they stand, with what they move, and what was done meanwhile."""
