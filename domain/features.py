"""Finding what is declared: every feature is a folder, loaded by being there."""

import functools
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
    return list(_loaded(parts or PARTS, tuple(domain.__path__)))


@functools.cache
def _loaded(parts: tuple[str, ...], folders: tuple[str, ...]) -> tuple[str, ...]:
    loaded = []
    for feature in sorted(m.name for m in pkgutil.iter_modules(folders) if m.ispkg and m.name != "kernel"):
        present = [m.name for m in pkgutil.iter_modules([f"{folder}/{feature}" for folder in folders])]
        for part in parts:
            for module in present:
                if module == part or module.endswith(f"_{part}"):
                    importlib.import_module(f"domain.{feature}.{module}")
                    loaded.append(f"domain.{feature}.{module}")
    return tuple(loaded)
