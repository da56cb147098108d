"""The parts of the third shape of a store, one module a feature, each with its steps; found by being there.

Types are written out as they are stored today, never taken from the declarations, which go on changing.
"""
