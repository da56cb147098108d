"""Whether somebody may be taken into a study: conditions on the record, each answered with what was found. Pure."""

import dataclasses
import enum
from collections.abc import Mapping, Sequence
from typing import Any

from domain.kernel.errors import DomainError

NAMED = {"年龄": "age", "性别": "sex", "体重指数": "bmi"}
"""What people write for what is no item of the catalogue."""
SEX_WORDS = {"男": "male", "女": "female", "male": "male", "female": "female"}
SHOWN = {"male": "男", "female": "女"}


class Comparison(enum.StrEnum):
    """How a value is compared."""

    AT_LEAST = "ge"
    AT_MOST = "le"
    OVER = "gt"
    UNDER = "lt"
    IS = "eq"


SIGNS = {"ge": "≥", "le": "≤", "gt": ">", "lt": "<", "eq": "="}


@dataclasses.dataclass(frozen=True, slots=True)
class Condition:
    """One condition: `field` is ``age``, ``sex``, ``bmi`` or a key of the catalogue, `value` a number or a sex."""

    field: str
    label: str
    op: Comparison
    value: float | str

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept in a study."""
        return {"field": self.field, "label": self.label, "op": self.op.value, "value": self.value}


@dataclasses.dataclass(frozen=True, slots=True)
class Screened:
    """What came of looking: `reasons` are told for every condition, those that fit too."""

    fits: bool
    reasons: tuple[dict[str, Any], ...]

    @property
    def told(self) -> list[str]:
        """The sentence of every condition, marked as it came out."""
        return [f"{'✓' if reason['fits'] else '✗'} {reason['said']}" for reason in self.reasons]

    @property
    def against(self) -> list[str]:
        """The sentences of what speaks against it."""
        return [reason["said"] for reason in self.reasons if not reason["fits"]]


def read_value(field: str, text: str) -> float | str:
    """Return the value of a condition as typed: a sex for ``sex``, else a number.

    Raises:
        DomainError: ``study.criterion_value`` (``value``).
    """
    if field == "sex":
        if text.strip() not in SEX_WORDS:
            raise DomainError("study.criterion_value", field="value", value=text)
        return SEX_WORDS[text.strip()]
    try:
        number = float(text)
    except ValueError as error:
        raise DomainError("study.criterion_value", field="value", value=text) from error
    if number != number or abs(number) > 1e9:
        raise DomainError("study.criterion_value", field="value", value=text)
    return number


def fields_of(criteria: Mapping[str, Any]) -> set[str]:
    """Return the facts that criteria ask for."""
    return {one["field"] for kind in ("include", "exclude") for one in criteria.get(kind, ())}


def screened(criteria: Mapping[str, Sequence[Mapping[str, Any]]], facts: Mapping[str, Any]) -> Screened:
    """Tell whether facts fit: all of `include` hold, none of `exclude`.

    What is not known is told and fits neither way: nobody is taken in on a missing value, nobody kept out unsaid.
    """
    reasons = [_reason(one, facts, wanted=True) for one in criteria.get("include", ())]
    reasons += [_reason(one, facts, wanted=False) for one in criteria.get("exclude", ())]
    return Screened(all(reason["fits"] for reason in reasons), tuple(reasons))


def _reason(one: Mapping[str, Any], facts: Mapping[str, Any], *, wanted: bool) -> dict[str, Any]:
    kind = "纳入" if wanted else "排除"
    shown = SHOWN.get(str(one["value"])) or f"{one['value']:g}"
    rule = f"{kind}：{one['label']} {SIGNS[one['op']]} {shown}"
    found = facts.get(one["field"])
    if found is None:
        return {"rule": rule, "found": "", "fits": False, "said": f"{rule}，档案里没有{one['label']}"}
    told = SHOWN.get(str(found)) or f"{found:g}"
    fits = _holds(one["op"], found, one["value"]) is wanted
    return {"rule": rule, "found": told, "fits": fits, "said": f"{rule}，档案为 {told}"}


def _holds(op: str, found: Any, value: Any) -> bool:
    if op == "eq" or isinstance(found, str):
        return bool(found == value)
    return bool({"ge": found >= value, "le": found <= value, "gt": found > value, "lt": found < value}[op])
