"""The arithmetic of models, one module a kind: a declared model becomes functions of its inputs.

To add a kind: a definition in `definitions.py`, a module here that registers a builder; nothing else changes.
"""

from domain.risk.kinds import competing, equations, points
from domain.risk.kinds.programs import Program, build

__all__ = ["Program", "build", "competing", "equations", "points"]
