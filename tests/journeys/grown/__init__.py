"""A centre of several machines on this one: two that serve and work, a proxy, a database, Redis, an object store.

Each has a network namespace of its own, joined by a bridge in yet another one: nothing of it is reachable from
outside, and nothing of it reaches outside. ``python -m tests.journeys.grown`` brings it up, lets branches work, kills
machines under them, and says what was lost (nothing) and how long nobody was served.
"""
