"""Reading ``resources/followup``: every mistake of every file at once, each with file and field."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import msgspec

from domain.followup.definitions import FOLLOWUP as FOLLOWUP
from domain.followup.definitions import (
    EventFile,
    FollowUpContent,
    Handout,
    LabelFile,
    Limits,
    PlanTemplate,
    Register,
    SegmentRules,
    TalkScript,
)
from domain.followup.group_records import ClientLevel
from domain.kernel.content import ContentError, load_folder
from domain.reception.records import ReceptionKind
from domain.reception.unit_records import EventType

SINGLE: dict[str, type] = {
    "segments": SegmentRules,
    "events": EventFile,
    "limits": Limits,
    "labels": LabelFile,
}


def followup_of(folder: Path, roles: Collection[str], forms: Path) -> FollowUpContent:
    """Return what ``resources/followup`` says; `forms` is the folder of the forms. Raises as `load_followup`."""
    return load_followup(folder, roles, {path.stem for path in forms.glob("*.json")})


def load_followup(folder: Path, roles: Collection[str], forms: Collection[str]) -> FollowUpContent:
    """Return what ``resources/followup`` says.

    Args:
        folder: ``resources/followup``.
        roles: Roles of ``resources/roles.yaml``, which owners must be.
        forms: Names of the forms there are.

    Raises:
        ContentError: Files that do not fit, or name what does not exist.
    """
    singles: dict[str, Any] = {
        name: load_folder(folder, kind, f"{name}.yaml") for name, kind in SINGLE.items()
    }
    missing = [f"{name}.yaml: missing" for name, found in singles.items() if not found]
    if missing:
        raise ContentError(missing)
    plans: dict[str, PlanTemplate] = load_folder(folder / "plans", PlanTemplate)
    scripts: dict[str, TalkScript] = load_folder(folder / "scripts", TalkScript)
    events = singles["events"]["events"]
    if set(events.kinds) != set(EventType) or set(events.reception) != set(ReceptionKind):
        raise ContentError(["events.yaml: kinds, reception: every kind has its steps and materials"])
    handouts: dict[str, Handout] = load_folder(folder / "handouts", Handout)
    registers: dict[str, Register] = load_folder(folder / "registers", Register)
    problems = [f"scripts/{stem}.yaml: id: {one.id}" for stem, one in scripts.items() if one.id != stem]
    problems += [f"handouts/{stem}.yaml: id: {one.id}" for stem, one in handouts.items() if one.id != stem]
    for stem, plan in plans.items():
        problems += [
            f"plans/{stem}.yaml: {said}" for said in plan_problems(stem, plan, roles, forms, scripts)
        ]
    for stem, register in registers.items():
        problems += [f"registers/{stem}.yaml: {said}" for said in register_problems(stem, register, plans)]
    if problems:
        raise ContentError(problems)
    return msgspec.convert(
        {"rules": singles["segments"]["segments"], "plans": plans, "scripts": scripts, "handouts": handouts,
         "labels": {one.id: one for one in singles["labels"]["labels"].labels},
         "registers": registers, "events": events, "limits": singles["limits"]["limits"]},
        FollowUpContent, from_attributes=True,
    )  # fmt: skip


def register_problems(stem: str, register: Register, plans: Collection[str]) -> Iterator[str]:
    """Yield what is wrong with a register; nothing where it can be used."""
    if register.id != stem:
        yield f"id: {register.id} is not the file's name"
    if not (register.topics or register.labels or register.items):
        yield "topics, labels, items: nobody could ever fit"
    if register.plan is not None and register.plan not in plans:
        yield f"plan: no plan {register.plan}"
    if not register.rules:
        yield "rules: nothing is managed"


def plan_problems(
    stem: str, plan: PlanTemplate, roles: Collection[str], forms: Collection[str], scripts: Collection[str]
) -> Iterator[str]:
    """Yield what is wrong with a plan template; nothing where it can be used."""
    if plan.id != stem:
        yield f"id: {plan.id} is not the file's name"
    if plan.owner_role not in roles:
        yield f"owner_role: no role {plan.owner_role}"
    if plan.form is not None and plan.form not in forms:
        yield f"form: no form {plan.form}"
    if plan.script is not None and plan.script not in scripts:
        yield f"script: no script {plan.script}"
    if set(plan.after_days) != set(ClientLevel):
        yield "after_days: every client level has its own days"
    for level, days in plan.after_days.items():
        if not days or list(days) != sorted(set(days)):
            yield f"after_days: {level}: days must rise"
    if not plan.content:
        yield "content: nothing is gone through"
