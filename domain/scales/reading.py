"""Reading ``resources/scales``: every mistake of every file at once, each with file and place."""

from collections.abc import Iterator
from pathlib import Path

from domain.kernel.content import ContentError, load_folder
from domain.scales.definitions import Scale, Score
from domain.scales.functions import FUNCTIONS, load_functions


def load_scales(folder: Path) -> dict[str, Scale]:
    """Return every scale of a folder by its file stem.

    Raises:
        ContentError: Files that do not fit, or name what is not there.
    """
    load_functions()
    scales = load_folder(folder, Scale)
    problems = [f"{stem}.yaml: {text}" for stem, scale in scales.items() for text in problems_of(stem, scale)]
    if problems:
        raise ContentError(problems)
    return scales


def problems_of(stem: str, scale: Scale) -> Iterator[str]:
    """Yield what is wrong with a scale that has the right shape."""
    if scale.id != stem:
        yield f"id: {scale.id} is not the name of the file"
    names: set[str] = set()
    for item in scale.items:
        if item.id in names:
            yield f"items: {item.id} stands there twice"
        names.add(item.id)
        if item.points and item.points not in scale.points:
            yield f"items: {item.id}: no points {item.points}"
    for rule in scale.scores:
        yield from _score_problems(scale, rule, names)
        names.add(rule.id)
    yield from _whole_problems(scale, names)


def _whole_problems(scale: Scale, names: set[str]) -> Iterator[str]:
    if scale.total not in {rule.id for rule in scale.scores}:
        yield f"total: no score {scale.total}"
    for one in scale.rules:
        for condition in one.when:
            if condition.of not in names:
                yield f"rules: {one.code}: no value {condition.of}"
    parts = {part.what for part in scale.parts}
    for named in _named_parts(scale):
        if named not in parts:
            yield f"parts: {named} is named and not told"
    used = {item.id for item in scale.items} - {n for r in scale.scores for n in (*r.of, *r.yes, *r.no)}
    used -= {condition.of for one in scale.rules for condition in one.when}
    for name in sorted(used):
        yield f"items: {name} counts nowhere"


def _score_problems(scale: Scale, rule: Score, names: set[str]) -> Iterator[str]:
    if rule.id in names:
        yield f"scores: {rule.id} stands there twice"
    for name in (*rule.of, *rule.reversed, *rule.yes, *rule.no, *rule.weights):
        if name not in names:
            yield f"scores: {rule.id}: no value {name} before it"
    if rule.kind == "function" and rule.function not in FUNCTIONS:
        yield f"scores: {rule.id}: no function {rule.function}"
    if rule.kind == "transformed" and not {"low", "high"} <= rule.options.keys():
        yield f"scores: {rule.id}: options low and high are needed"
    if rule.kind == "table" and len(rule.of) != 1:
        yield f"scores: {rule.id}: a table takes one value"
    for name in set(rule.reversed) - {item.id for item in scale.items}:
        yield f"scores: {rule.id}: {name} is no item that could be reversed"


def _named_parts(scale: Scale) -> Iterator[str]:
    for rule in scale.scores:
        yield from (part for part in (rule.part, *(band.part for band in rule.bands)) if part)
    yield from (rule.part for rule in scale.rules if rule.part)
