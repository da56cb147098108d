"""Benchmarks: ratios measured side by side in one run; a goal missed is told, never hidden."""
