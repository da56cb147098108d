"""What ``resources/care`` says: the kinds of intervention, and what is done first when several are overdue."""

from pathlib import Path
from typing import Annotated, Any

import msgspec

from domain.care.activities import Activities, load_activities
from domain.care.goals import Goals, load_goals
from domain.care.kitchen import Kitchen, load_kitchen
from domain.care.library import programmes_in_force
from domain.care.nutrients import Interactions, Nutrients, load_nutrition
from domain.care.programmes import Foods, Programmes, load_programmes
from domain.care.records import CareKind
from domain.kernel.content import ContentError, load_folder
from domain.kernel.unit_of_work import UnitOfWork
from domain.trends.content import Indicators, load_indicators

CARE = "care"
FILE = "kinds"


class KindRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of intervention.

    Attributes:
        rank: What is done first when several are overdue: the lowest.
        overdue_after: Misses in a row from which the kind counts as overdue.
        window_h: Hours an occasion is open where a plan does not say otherwise; none: to the end of the day.
        step: The next action for the one who looks after the client; knows {days}.
    """

    rank: Annotated[int, msgspec.Meta(ge=1)]
    overdue_after: Annotated[int, msgspec.Meta(ge=1, le=60)]
    label: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    step: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    window_h: Annotated[int, msgspec.Meta(ge=1, le=720)] | None = None


class CareKinds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``resources/care/kinds.yaml``."""

    version: str
    source: str
    low_rate: Annotated[float, msgspec.Meta(gt=0, le=100)]
    card_from: Annotated[int, msgspec.Meta(ge=2, le=5)]
    kinds: dict[CareKind, KindRule]


class CareContent(msgspec.Struct, frozen=True, kw_only=True):
    """Everything commands of this feature read."""

    kinds: CareKinds
    programmes: Programmes
    foods: Foods
    kitchen: Kitchen
    activities: Activities
    indicators: Indicators
    nutrients: Nutrients
    interactions: Interactions
    goals: Goals


def load_care(folder: Path) -> CareContent:
    """Return what ``resources/care`` says.

    Raises:
        ContentError: A file is missing or does not fit.
    """
    found: dict[str, Any] = load_folder(folder, CareKinds, f"{FILE}.yaml")
    kinds = found.get(FILE)
    if kinds is None or set(kinds.kinds) != set(CareKind):
        raise ContentError([f"{FILE}.yaml: kinds: each of the five kinds has its rule"])
    if len({one.rank for one in kinds.kinds.values()}) != len(CareKind):
        raise ContentError([f"{FILE}.yaml: kinds: every rank is taken once"])
    programmes, foods = load_programmes(folder)
    nutrients, interactions = load_nutrition(folder)
    return CareContent(
        kinds=kinds, programmes=programmes, foods=foods, nutrients=nutrients, interactions=interactions,
        kitchen=load_kitchen(folder, foods, programmes.diseases), activities=load_activities(folder, programmes),
        indicators=load_indicators(folder), goals=load_goals(folder, list(programmes.diseases)),
    )  # fmt: skip


def care_of(work: UnitOfWork) -> CareContent:
    """Return the content a handler works with: what ships, with newer versions of the programmes over it."""
    content: CareContent = work.content[CARE]
    programmes = programmes_in_force(work.connection, content.programmes)
    if programmes is content.programmes:
        return content
    return msgspec.structs.replace(content, programmes=programmes)
