"""Scores: points by bands, a sum or a mean of them, and a table or formula that makes a risk of the score."""

from collections.abc import Callable, Mapping

from domain.risk.definitions import Item, Points
from domain.risk.expressions import (
    ExpressionError,
    OutsideTableError,
    bands_source,
    function,
    names_of,
    source_of,
)
from domain.risk.kinds.programs import Program, build, extras_of, inputs_of


@build.register
def points(model: Points, column: int, label: str) -> Program:
    """The sum of the lines (``mean``: their average over those that are for this person).

    With a table of whole scores the number is the table's; a score beyond its ends is told by its level only.
    """
    items = tuple(kept for one in model.items if (kept := _specialised(one, label)) is not None)
    names = inputs_of(text for one in items for text in (one.of, one.points, one.when))
    parts = tuple((one.label, function(names, _line(one, zero=False))) for one in items)
    total = " + ".join(_line(one, zero=True) for one in items)
    if model.combine == "mean":
        total = f"({total}) / {float(len(items))!r}"
    table = model.tables.get(label)
    if model.tables and table is None:
        raise ExpressionError(f"{model.id}: tables: none for {label!r}")
    finish = _by_table(table, model.outside) if table else None
    if model.risk:
        finish = _by_formula(function(("score",), source_of(model.risk)))
    extras = extras_of(model, names)
    return Program(
        names=names, value=function(names, f"({total})"), finish=finish, parts=parts, extras=extras
    )


def _specialised(one: Item, label: str) -> Item | None:
    """Return the line as it stands in a column: ``when: column == 'x'`` is decided here."""
    if not one.when.startswith("column =="):
        return one
    wanted, _, rest = one.when.removeprefix("column ==").strip().partition(" and ")
    if wanted.strip("'\" ") != label:
        return None
    return Item(
        label=one.label, of=one.of, bands=one.bands, met=one.met, unmet=one.unmet, choices=one.choices,
        points=one.points, when=rest,
    )  # fmt: skip


def _line(one: Item, *, zero: bool) -> str:
    if one.bands:
        source = bands_source(one.of, one.bands.items(), one.label)
    elif one.choices:
        source = _choice(one)
    elif one.met is not None:
        source = f"({float(one.met)!r} if {source_of(one.of)} else {float(one.unmet)!r})"
    else:
        source = source_of(one.points)
    return f"({source} if {source_of(one.when)} else {'0.0' if zero else 'None'})" if one.when else source


def _choice(one: Item) -> str:
    (name,) = names_of(one.of)
    steps = "".join(f"{float(points)!r} if {name} == {code!r} else " for code, points in one.choices.items())
    return f"({steps}_outside({one.label!r}))"


Finish = Callable[[float], tuple[float | None, str | None, str]]


def _by_formula(risk: Callable[[float], float]) -> Finish:
    return lambda score: (risk(score), None, "")


def _by_table(table: Mapping[int, float | int], outside: tuple[str, str]) -> Finish:
    low, high = min(table), max(table)

    def told(score: float) -> tuple[float | None, str | None, str]:
        whole = round(score)
        if whole < low:
            return None, "low", outside[0]
        if whole > high:
            return None, "high", outside[1]
        if whole not in table:
            raise OutsideTableError("得分")
        return float(table[whole]), None, ""

    return told
