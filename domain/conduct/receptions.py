"""Judging a reception by its steps (``resources/conduct/receptions.yaml``). Pure."""

import functools
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from domain.kernel.content import read_yaml

RECEPTION_RULES = "reception_rules"
"""Name of the rules among a desk's content."""
Points = Annotated[int, msgspec.Meta(ge=0, le=100)]


class StepPoints(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a step costs of 100: a required one or another that is missing, and one done out of its turn."""

    required: Points
    other: Points
    disordered: Points


class ReceptionRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of them; `required` by the kind of reception."""

    version: str
    threshold: Points
    points: StepPoints
    required: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a reception came to: required and other steps that are missing, steps out of their turn, points of 100."""

    missing: tuple[str, ...]
    other_missing: tuple[str, ...]
    disordered: int
    score: int
    threshold: int

    @property
    def irregular(self) -> bool:
        """Tell whether somebody has to look into it: any one of the three is enough."""
        return bool(self.missing) or self.disordered > 0 or self.score < self.threshold


@functools.cache
def load_reception_rules(folder: Path) -> ReceptionRules:
    """Return the rules of a folder. Raises ``msgspec.ValidationError`` that names what is not as declared."""
    return msgspec.convert(read_yaml((folder / "receptions.yaml").read_text("utf-8")), ReceptionRules)


def judge(kind: str, wanted: Sequence[str], done: Sequence[str], rules: ReceptionRules) -> Judgement:
    """Return how a reception went.

    Args:
        kind: Of the reception; one without required steps is judged by its points alone.
        wanted: The steps of its flow in their order.
        done: What was done, in the order in which it was; a step named twice counts where it came first.
        rules: What is required, and what each lack costs.
    """
    required = rules.required.get(kind, ())
    left = [step for step in wanted if step not in done]
    missing = tuple(step for step in left if step in required)
    others = tuple(step for step in left if step not in required)
    turns = [wanted.index(step) for step in dict.fromkeys(done) if step in wanted]
    disordered = len(turns) - _longest_rise(turns)
    p = rules.points
    lost = p.required * len(missing) + p.other * len(others) + p.disordered * disordered
    return Judgement(missing, others, disordered, max(0, 100 - lost), rules.threshold)


def _longest_rise(turns: Sequence[int]) -> int:
    """Return how many steps stand in their order, so that one step out of its turn counts once."""
    tails: list[int] = []
    for turn in turns:
        at = bisect_left(tails, turn)
        tails[at : at + 1] = [turn]
    return len(tails)
