"""Figures with targets: counted as things happen, judged by the day, explained by people."""
