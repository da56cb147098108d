"""How a verdict is worded for the branch: outcome, code, and the facts of its sentence."""

from collections.abc import Mapping
from typing import Any

from domain.kernel.change_log import Change
from domain.kernel.workflow import workflows
from sync.merge import Clash, Refusal
from sync.shapes import Shape


def facts_of_refusal(change: Change, shape: Shape, refusal: Refusal) -> dict[str, Any]:
    """Return what was not taken, in the words of the screens; states as their workflow names them."""
    facts: dict[str, Any] = {"record": shape.info.label, "fields": _labels(shape, refusal.wanted)}
    workflow = workflows().get(change.entity)
    if workflow is not None and "state" in refusal.wanted:
        facts["now"] = workflow.label_of(str(refusal.now.get("state")))
        facts["wanted"] = workflow.label_of(str(refusal.wanted["state"]))
    return facts


def facts_of_clash(shape: Shape, clash: Clash) -> dict[str, Any]:
    """Return which record and fields a person must decide."""
    return {"record": shape.info.label, "fields": _labels(shape, {**clash.mine, **clash.theirs})}


def kept_refusal(change: Change, refusal: Refusal) -> dict[str, Any]:
    """Return what the log keeps of a refusal, so that nothing a person typed is gone."""
    return {
        "entity": change.entity,
        "record_id": change.record_id,
        "wanted": refusal.wanted,
        "code": refusal.code,
    }


def _labels(shape: Shape, values: Mapping[str, Any]) -> str:
    named = [shape.labels[name] for name in values if name in shape.labels]
    return "、".join(named) or shape.info.label
