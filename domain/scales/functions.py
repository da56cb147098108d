"""Scores that need arithmetic of their own, by the name a scale file gives them."""

import dataclasses
import importlib
from collections.abc import Callable, Collection, Iterable, Mapping
from fractions import Fraction
from typing import Any

from domain.scales.definitions import Score


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """What a function sees: values by name, facts, its own rule, items not asked of this sex, bands by score."""

    values: Mapping[str, "Fraction | str | None"]
    facts: Mapping[str, Any]
    rule: Score
    skipped: Collection[str]
    bands: Mapping[str, str]

    def number(self, name: str) -> Fraction | None:
        """Return the number of an item or score, None if it is not known."""
        value = self.values.get(name)
        return value if isinstance(value, Fraction) else None

    def numbers(self, *names: str) -> list[Fraction] | None:
        """Return all of some numbers, or None if one is not known."""
        found = [self.number(name) for name in names]
        return [value for value in found if value is not None] if None not in found else None


Function = Callable[[Call], "Fraction | str | None"]
FUNCTIONS: dict[str, Function] = {}
NEEDS: dict[str, Callable[[Call], Iterable[str]]] = {}


def scale_function(
    name: str, *, needs: Callable[[Call], Iterable[str]] | None = None
) -> Callable[[Function], Function]:
    """Register a function under the name that scale files use; `needs` tells what it waits for, if not all."""

    def register(function: Function) -> Function:
        if name in FUNCTIONS:
            raise ValueError(f"scale function {name} is declared twice")
        FUNCTIONS[name] = function
        if needs is not None:
            NEEDS[name] = needs
        return function

    return register


MODULES = ("habits", "constitutions", "lifestyle", "fitness")


def load_functions() -> None:
    """Import the modules that register functions."""
    for module in MODULES:
        importlib.import_module(f"domain.scales.{module}")
