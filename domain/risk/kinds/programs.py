"""What a kind makes of a model: for each column the functions of its inputs."""

from collections.abc import Callable, Iterable, Sequence
from functools import singledispatch
from typing import Any

import msgspec

from domain.risk.definitions import Bands, ModelDefinition
from domain.risk.expressions import bands_source, function, names_of, source_of


class Told(msgspec.Struct, frozen=True):
    """A further number: its label, unit and the function of (inputs..., value[, score])."""

    label: str
    unit: str
    value: Callable[..., Any]


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """One column of a model.

    Attributes:
        names: The inputs, in the order of the functions' arguments.
        value: The model's number; outside what the model can tell, `OutsideTableError`.
        finish: What turns `value` into what is told: (number or None, level or None, label); None: as it is.
        parts: The lines of a score: label and function of the inputs, None where a line is not for this person.
        extras: Further numbers; their functions take the inputs and then `value`.
    """

    names: tuple[str, ...]
    value: Callable[..., float]
    finish: Callable[[float], tuple[float | None, str | None, str]] | None = None
    parts: tuple[tuple[str, Callable[..., Any]], ...] = ()
    extras: tuple[Told, ...] = ()


@singledispatch
def build(model: ModelDefinition, column: int, label: str) -> Program:
    """Return the program of one column; kinds register here.

    Raises:
        ExpressionError: An expression of the model is none.
    """
    raise NotImplementedError(type(model).__name__)


def inputs_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Return all inputs of several expressions, each once, in order."""
    return tuple(dict.fromkeys(name for text in texts if text for name in names_of(text)))


def weighted(terms: dict[str, tuple[float | int, ...]], column: int) -> tuple[tuple[str, ...], str]:
    """Return inputs and source of Σ coefficient·term; a coefficient of 0 asks for no input."""
    used = {text: values[column] for text, values in terms.items() if values[column] != 0}
    source = " + ".join(f"{float(value)!r} * {source_of(text)}" for text, value in used.items())
    return inputs_of(used), source or "0.0"


def extras_of(
    model: ModelDefinition, names: Sequence[str], bound: Sequence[str] = ("value",)
) -> tuple[Told, ...]:
    """Return the functions of a model's further numbers."""
    return tuple(
        Told(one.label, one.unit, function((*names, *bound), _extra(one.value, one.table, one.label)))
        for one in model.extras
    )


def _extra(value: str | None, table: Bands, label: str) -> str:
    return bands_source(value or "value", table.items(), label) if table else source_of(value or "value")
