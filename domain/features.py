"""Finding what is declared: every feature is a folder, loaded by being there."""

import importlib
import pkgutil

import domain

PARTS = ("records", "workflow", "commands", "worklists")


def load(*parts: str) -> list[str]:
    """Import the declarations of every feature folder; returns the names of the modules loaded.

    A part is a module of that name, or several that end in it (``staff_commands.py``).

    Args:
        parts: Which declarations; all of them by default.
    """
    loaded = []
    for feature in sorted(
        m.name for m in pkgutil.iter_modules(domain.__path__) if m.ispkg and m.name != "kernel"
    ):
        present = [m.name for m in pkgutil.iter_modules([f"{p}/{feature}" for p in domain.__path__])]
        for part in parts or PARTS:
            for module in present:
                if module == part or module.endswith(f"_{part}"):
                    importlib.import_module(f"domain.{feature}.{module}")
                    loaded.append(f"domain.{feature}.{module}")
    return loaded
