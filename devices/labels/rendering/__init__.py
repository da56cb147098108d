"""What a printer would put on the label, drawn from the bytes it gets; the simulator's half of each language.

To add a language, write a module here with a class under ``@interpreter("name")``.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Protocol

from devices.labels.rendering.canvas import Event, PrinterState
from domain.kernel.errors import DomainError


class Interpreter(Protocol):
    """Reads one printer's byte stream in any pieces."""

    problems: list[str]
    """What a printer would ignore or misread, in order."""

    def __init__(self, dpi: int) -> None: ...

    def feed(self, data: bytes) -> Iterator[Event]:
        """Yield labels and questions in the order of the stream; an unfinished command waits for more bytes."""

    def status_answer(self, state: PrinterState) -> bytes:
        """Return the answer to the language's status question."""

    def counter_answer(self, state: PrinterState) -> bytes:
        """Return the answer to the language's question for the label counter."""

    def receipt_answer(self, state: PrinterState) -> bytes:
        """Return the answer to the question that is answered in its turn, behind what was printed."""


_INTERPRETERS: dict[str, type[Interpreter]] = {}


def interpreter(name: str) -> Callable[[type[Interpreter]], type[Interpreter]]:
    """Register the decorated class under `name`."""

    def register(found: type[Interpreter]) -> type[Interpreter]:
        _INTERPRETERS[name] = found
        return found

    return register


def find_interpreter(name: str) -> type[Interpreter]:
    """Return the interpreter of a language.

    Raises:
        DomainError: ``printer.language``.
    """
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    if name not in _INTERPRETERS:
        raise DomainError(
            "printer.language", "language", language=name, known="、".join(sorted(_INTERPRETERS))
        )
    return _INTERPRETERS[name]
