"""What an assessment says, as plain values: numbers unrounded, reasons as codes with facts, JSON by msgspec."""

from datetime import date
from typing import Literal, TypeAlias

import msgspec

from domain.risk.definitions import Level

Status: TypeAlias = Literal["computed", "not_computable", "not_applicable", "already_diagnosed"]
Value: TypeAlias = float | int | str


class Reason(msgspec.Struct, frozen=True, gc=False):
    """Why there is no number: a code of texts/zh/risk.yaml and the facts its sentence names."""

    code: str
    facts: dict[str, str] = {}


class Used(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One input as it went into a model, in the factor's canonical unit; `at` is the day of the result or answer."""

    code: str
    value: Value
    unit: str = ""
    source: str = ""
    at: date | None = None


class Share(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a group of factors contributes: the drop of the model's number were only they ideal, and its share.

    Shares of one result add up to 1; they are the drops one at a time, divided by their sum (decision 13).
    """

    group: str
    factors: tuple[str, ...]
    drop: float
    share: float


class Lever(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What would change it: one factor at its reachable value, and the model's number then."""

    factor: str
    now: Value
    target: Value
    unit: str
    value: float | None
    drop: float


class Part(msgspec.Struct, frozen=True, gc=False):
    """A line of a score, a met or open criterion (None: not known), or a further number of the model."""

    label: str
    value: float | None
    unit: str = ""


class Result(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One model on one person. `value` is None unless `status` is computed.

    Attributes:
        missing: Codes of the factors that are not known; of a rule set that is decided nevertheless, the open ones.
        reference: The same model for the same age and sex with every factor ideal; `relative` is value / reference.
        suggested: The steps of the level are this program's, not the source's.
        unverified: Parts that a physician has not signed (shown as 待医师核定).
    """

    disease: str
    model: str
    version: str
    status: Status
    why: tuple[Reason, ...] = ()
    missing: tuple[str, ...] = ()
    value: float | None = None
    unit: str = ""
    horizon: float | None = None
    level: Level | None = None
    band: str = ""
    suggested: bool = False
    reference: float | None = None
    relative: float | None = None
    contributions: tuple[Share, ...] = ()
    levers: tuple[Lever, ...] = ()
    parts: tuple[Part, ...] = ()
    extras: tuple[Part, ...] = ()
    unverified: tuple[str, ...] = ()
    inputs: tuple[Used, ...] = ()


class DiseaseResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One disease category: the model that speaks for it, and the level after the rules that may lift it."""

    disease: str
    status: Status
    level: Level | None = None
    model: str = ""
    raised_by: tuple[str, ...] = ()
    why: tuple[Reason, ...] = ()
    missing: tuple[str, ...] = ()
    unverified: bool = False


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """All models on one person on one day; `models_version` names the set of declarations."""

    on: date
    age: int | None
    sex: str | None
    models_version: str
    results: tuple[Result, ...]
    diseases: tuple[DiseaseResult, ...]
    refused: tuple[Reason, ...] = ()
