"""Chance that repeats itself."""

import random


def seeded(seed):
    return random.Random(seed)  # noqa: S311 (a test wants the same numbers every time)
