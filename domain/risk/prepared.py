"""A declared model made ready: its functions, what converts its inputs, whom it is for, and what can be varied."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from domain.kernel.errors import DomainError
from domain.risk.definitions import (
    LEVELS,
    Band,
    Exclusion,
    Hazards,
    Level,
    Logistic,
    Model,
    Multinomial,
    Rules,
)
from domain.risk.definitions import Formula as FormulaModel
from domain.risk.expressions import ExpressionError, condition
from domain.risk.factors import FactorBook
from domain.risk.kinds import Program, build

Scale = tuple[float, float] | None


class Varied(msgspec.Struct, frozen=True):
    """An input that has an ideal: its place among the arguments, and both values in the model's unit."""

    place: int
    code: str
    ideal: Any
    lever: Any
    better: str | None
    changeable: bool

    def worse(self, value: Any) -> bool:
        """Tell whether a value is on the wrong side of the ideal."""
        if self.better == "lower":
            return bool(value > self.ideal)
        if self.better == "higher":
            return bool(value < self.ideal)
        return bool(value != self.ideal)


class Inputs(msgspec.Struct, frozen=True):
    """Names in the order of arguments, and how each comes from its canonical unit."""

    names: tuple[str, ...]
    scaled: tuple[tuple[int, float, float], ...]
    """Place, factor and offset of those that are not in their canonical unit."""

    def take(self, values: Mapping[str, Any]) -> list[Any]:
        """Return the arguments, None where one is not known."""
        taken: list[Any] = [values.get(name) for name in self.names]
        for place, factor, offset in self.scaled:
            value = taken[place]
            if value is not None:
                taken[place] = round((value - offset) / factor, 6)
        return taken

    @classmethod
    def of(cls, names: tuple[str, ...], scales: Iterable[Scale]) -> "Inputs":
        """Return the inputs of some names with the scale of each."""
        found = [(place, *scale) for place, scale in enumerate(scales) if scale is not None]
        return cls(names, tuple(found))


class Column(msgspec.Struct, frozen=True):
    """One column of a model (men, women; ...), with what can be varied for each sex."""

    when: Callable[..., Any] | None
    when_names: tuple[str, ...]
    program: Program
    inputs: Inputs
    limits: tuple[tuple[int, str, float, float], ...]
    varied: dict[str | None, tuple[tuple[str, tuple[Varied, ...]], ...]]
    bands: tuple[Band, ...]


class Check(msgspec.Struct, frozen=True):
    """An exclusion and its three-valued function."""

    exclusion: Exclusion
    inputs: Inputs
    holds: Callable[..., Any]


class Ruled(msgspec.Struct, frozen=True):
    """A criterion of a rule set, in the place of a column."""

    place: int
    inputs: Inputs
    holds: Callable[..., Any]


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A model ready to run; `columns` of equations and scores, `ruled` of rule sets."""

    model: Model
    checks: tuple[Check, ...]
    columns: tuple[Column, ...] = ()
    ruled: tuple[Ruled, ...] = ()
    rule_inputs: Inputs | None = None
    varied: dict[str | None, tuple[tuple[str, tuple[Varied, ...]], ...]] = {}
    unverified: tuple[str, ...] = ()


def band_of(bands: tuple[Band, ...], value: float) -> Band | None:
    """Return the step of the level a value falls in."""
    for band in bands:
        if band.below is not None:
            if value < band.below:
                return band
        elif band.upto is None or value <= band.upto:
            return band
    return None


def worst(levels: Iterable[Level | None]) -> Level | None:
    """Return the highest of several levels."""
    ranks = [LEVELS.index(level) for level in levels if level is not None]
    return LEVELS[max(ranks)] if ranks else None


def prepare(model: Model, book: FactorBook) -> Prepared:
    """Make a model ready.

    Raises:
        ExpressionError: Something in the model does not fit: an expression, a factor, a unit, a band, a column.
    """
    _check_shape(model)
    maker = _Maker(model, book)
    checks = tuple(maker.check(one) for one in model.excludes)
    unverified = tuple(dict.fromkeys((*model.unverified, *_marks(model))))
    if isinstance(model, Rules):
        ruled = []
        for place, criterion in enumerate(model.criteria):
            names, holds = condition(criterion.when)
            ruled.append(Ruled(place, maker.inputs(names), holds))
        names = tuple(dict.fromkeys(name for one in ruled for name in one.inputs.names))
        inputs = maker.inputs(names)
        return Prepared(
            model=model, checks=checks, ruled=tuple(ruled), rule_inputs=inputs, varied=maker.varied(names),
            unverified=unverified,
        )  # fmt: skip
    columns = []
    for place, (label, when) in enumerate((model.columns or {"": ""}).items()):
        when_names, applies = condition(when) if when else ((), None)
        program = build(model, place, label)
        inputs = maker.inputs(program.names)
        limits = tuple(
            (i, name, *model.limits[name]) for i, name in enumerate(program.names) if name in model.limits
        )
        columns.append(
            Column(
                applies,
                when_names,
                program,
                inputs,
                limits,
                maker.varied(program.names),
                model.bands_of.get(label, model.bands),
            )
        )
    return Prepared(model=model, checks=checks, columns=tuple(columns), unverified=unverified)


def _marks(model: Model) -> list[str]:
    marks = []
    if model.status == "UNVERIFIED":
        marks.append("模型整体")
    elif model.status == "P" and not model.unverified:
        marks.append("部分系数或分值")
    if model.bands_status in ("UNVERIFIED", "P"):
        marks.append("分层切点")
    return marks


class _Maker:
    def __init__(self, model: Model, book: FactorBook) -> None:
        self.model, self.book = model, book
        for code in (*model.units, *model.limits, *model.ideal, *model.fixed):
            self._require(code)

    def _require(self, code: str) -> None:
        if code not in self.book.definitions and code not in ("sex", "age"):
            raise ExpressionError(f"{self.model.id}: {code} is no factor")

    def _scale(self, code: str) -> Scale:
        unit = self.model.units.get(code)
        if unit is None:
            return None
        try:
            scale = self.book.scale(code, unit)
        except DomainError as error:
            raise ExpressionError(f"{self.model.id}: units: {code}: {unit}: {error.code}") from None
        return None if scale == (1.0, 0.0) else scale

    def inputs(self, names: tuple[str, ...]) -> Inputs:
        for name in names:
            self._require(name)
        return Inputs.of(names, [self._scale(name) for name in names])

    def check(self, one: Exclusion) -> Check:
        names, holds = condition(one.when)
        return Check(one, self.inputs(names), holds)

    def varied(self, names: tuple[str, ...]) -> dict[str | None, tuple[tuple[str, tuple[Varied, ...]], ...]]:
        return {sex: self._groups(names, sex) for sex in ("male", "female", None)}

    def _groups(self, names: tuple[str, ...], sex: str | None) -> tuple[tuple[str, tuple[Varied, ...]], ...]:
        groups: dict[str, list[Varied]] = {}
        for place, code in enumerate(names):
            one = self.book.definitions.get(code)
            if one is None or code in self.model.fixed:
                continue
            own = self.model.ideal.get(code)
            ideal = own if own is not None else self._in_model_unit(code, self.book.ideal(code, sex))
            if ideal is None:
                continue
            lever = ideal if one.lever is None or own is not None else self._in_model_unit(code, one.lever)
            groups.setdefault(one.group or one.label, []).append(
                Varied(place, code, ideal, lever, one.better, one.changeable)
            )
        return tuple((name, tuple(members)) for name, members in groups.items())

    def _in_model_unit(self, code: str, value: Any) -> Any:
        scale = self._scale(code)
        if value is None or scale is None or isinstance(value, str):
            return value
        return round((value - scale[1]) / scale[0], 6)


def _check_shape(model: Model) -> None:
    """Every row has one number a column, and the steps rise to an open end."""
    wide = len(model.columns) or 1
    rows: dict[str, tuple[Any, ...]] = {}
    if isinstance(model, Hazards):
        rows = {**model.terms, "mean": model.mean, "survival": model.survival}
    elif isinstance(model, Logistic):
        rows = {**model.terms, "constant": model.constant}
    elif isinstance(model, Multinomial):
        rows, wide = {**model.terms}, len(model.outcomes)
    elif isinstance(model, FormulaModel):
        rows = {"value": model.value}
    for name, row in rows.items():
        if len(row) != wide:
            raise ExpressionError(f"{model.id}: {name}: {len(row)} numbers for {wide} columns")
    for bands in (model.bands, *model.bands_of.values()):
        edges = [band.below if band.below is not None else band.upto for band in bands]
        if any(edge is None for edge in edges[:-1]) or (edges and edges[-1] is not None):
            raise ExpressionError(f"{model.id}: bands: only the last one is open, and it is")
        rising = [edge for edge in edges if edge is not None]
        if rising != sorted(set(rising)):
            raise ExpressionError(f"{model.id}: bands: not in order")
