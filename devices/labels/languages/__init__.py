"""Printer languages. To add one, write a module here with a class under ``@language("name")``; nothing else."""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Protocol

from devices.labels.layout import Page
from devices.labels.status import PrinterStatus
from domain.kernel.errors import DomainError


class Language(Protocol):
    """How one family of printers is told to print and asked how it is. Stateless; no input or output of its own."""

    status_query: bytes
    counter_query: bytes
    """Asks for the number of labels ever printed; empty when the language has no such thing."""
    receipt: bytes
    """Sent behind a label: a question answered in its turn, when the label is done; empty where there is none."""

    def encode(self, page: Page) -> bytes:
        """Return the commands that print the page once."""

    def parse_status(self, answer: bytes) -> PrinterStatus | None:
        """Return the status, or None while the answer is not complete (or not one)."""

    def parse_counter(self, answer: bytes) -> int | None:
        """Return the label counter, or None while the answer is not complete (or not one)."""

    def parse_receipt(self, answer: bytes) -> bool:
        """Tell whether the answer to `receipt` is among the bytes, whatever else is."""


_LANGUAGES: dict[str, Language] = {}


def language(name: str) -> Callable[[type[Language]], type[Language]]:
    """Register the decorated class under `name`."""

    def register(found: type[Language]) -> type[Language]:
        _LANGUAGES[name] = found()
        return found

    return register


def language_names() -> list[str]:
    """Return the names of all languages."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return sorted(_LANGUAGES)


def find_language(name: str) -> Language:
    """Return a language by name.

    Raises:
        DomainError: ``printer.language``.
    """
    names = language_names()
    if name not in _LANGUAGES:
        raise DomainError("printer.language", "language", language=name, known="、".join(names))
    return _LANGUAGES[name]
