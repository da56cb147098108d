"""The steps of a visit and what is still missing: pure, from the encounter and the state of its parts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from client.stations.front_desk.encounter import ABNORMAL, Encounter
from client.stations.front_desk.tubes import TubeLine
from domain.checkup.completeness import FORM, TUBES, tube_item
from domain.process.standing import ItemLine, omission_of

STEPS = ("arrive", "form", "pressure", "body", "labels", "collect", "leave")
MEASURED = {"pressure": ("sbp", "dbp"), "body": ("height", "weight")}
_TROUBLE = {"failed", "unknown"}


@dataclass(frozen=True, slots=True)
class StepState:
    """One step; `state` is ``waiting``, ``done`` or ``problem``."""

    id: str
    state: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """Something without which the client should not go; `step` is where it is done, `item` its name in the store."""

    step: str
    text: str
    item: str
    room: str = ""
    """Where it is done, for an item of a package; such are shown room by room."""


def step_states(
    encounter: Encounter, tubes: Sequence[TubeLine], *, answered: int, asked: int, labelled: bool
) -> list[StepState]:
    """Return every step as it stands."""
    collected = sum(tube.collected or tube_item(tube.number) in encounter.omitted for tube in tubes)
    trouble = any(tube.label_state in _TROUBLE and not tube.verified for tube in tubes)
    form = "" if encounter.answered or not asked else f"{answered}/{asked}"
    return [
        StepState("arrive", _done(encounter.state != "registered")),
        StepState("form", _done(encounter.answered or FORM in encounter.omitted), form),
        StepState("pressure", _done(encounter.settled(*MEASURED["pressure"])), pressure_text(encounter)),
        StepState("body", _done(encounter.settled(*MEASURED["body"])), body_text(encounter)),
        StepState("labels", "problem" if trouble else _done(labelled), str(len(tubes) or "")),
        StepState(
            "collect",
            _done(collected == len(tubes) if tubes else TUBES in encounter.omitted),
            f"{collected}/{len(tubes)}" if tubes else "",
        ),
        StepState("leave", _done(encounter.state == "finished")),
    ]


def first_open(states: Sequence[StepState]) -> str:
    """Return the step to work on: the first that is not done, the exit check when all are."""
    return next((s.id for s in states if s.state != "done"), "leave")


def missing(
    encounter: Encounter,
    tubes: Sequence[TubeLine],
    names: dict[str, str],
    tube_text: Callable[[TubeLine], str],
    item_text: Callable[[ItemLine], str],
) -> list[Missing]:
    """Return what is missing before the client may go, in the order of the steps.

    Args:
        encounter: The visit.
        tubes: Its tubes.
        names: Chinese names of ``form``, ``tubes`` and of the vital items.
        tube_text: Makes the sentence of an uncollected tube.
        item_text: Makes the sentence of an item of the package that nobody carried out.
    """
    found = [] if encounter.answered else [Missing("form", names["form"], FORM)]
    for step, items in MEASURED.items():
        found += [Missing(step, names[item], item) for item in items if not encounter.has(item)]
    if not tubes:
        found.append(Missing("labels", names["tubes"], TUBES))
    found += [
        Missing("collect", tube_text(tube), tube_item(tube.number)) for tube in tubes if not tube.collected
    ]
    found += [
        Missing("leave", item_text(one), omission_of(one.code), one.node_name)
        for one in encounter.items
        if one.lacks
    ]
    return [one for one in found if one.item not in encounter.omitted]


def pressure_text(encounter: Encounter) -> str:
    """Return today's pressure as ``128/82``."""
    sbp, dbp = encounter.value("sbp"), encounter.value("dbp")
    if sbp is None or dbp is None:
        return ""
    return f"{sbp.text}/{dbp.text}{arrow(sbp.flag) or arrow(dbp.flag)}"


def body_text(encounter: Encounter) -> str:
    """Return today's weight."""
    weight = encounter.value("weight")
    return "" if weight is None else f"{weight.text} kg"


def arrow(flag: str) -> str:
    """Return the sign of a flag: the direction is told without colour."""
    signs = {"H": " ↑", "HH": " ↑↑", "L": " ↓", "LL": " ↓↓"}
    return signs.get(flag, " !" if flag in ABNORMAL else "")


def _done(done: bool) -> str:
    return "done" if done else "waiting"
