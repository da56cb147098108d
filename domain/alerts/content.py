"""Reading the rule files: every mistake of every file at once, each with file and field."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from domain.alerts.checks import cycle_of, problems_of
from domain.alerts.plans import RuleBook, rule_book
from domain.alerts.rules import Rule
from domain.kernel.content import ContentError, load_folder

OURS = range(901, 1000)
"""Numbers of rules that no requirement asks for; the folder itself is their register."""


def doubled(files: Mapping[str, Rule]) -> Iterator[str]:
    """Yield each number that two rules stand for (as theirs or as one they cover), with both files and a free one."""
    taken: dict[str, str] = {}
    for stem, rule in files.items():
        for number in (rule.id, *rule.covers):
            first = taken.setdefault(number, stem)
            if first != stem:
                free = free_number(files.values())
                yield f"{stem}.yaml: id: {number} stands in {first}.yaml already; {free} is free"


def free_number(rules: Iterable[Rule]) -> str:
    """Return the lowest number that no rule has, of those that are ours to give."""
    taken = {number for rule in rules for number in (rule.id, *rule.covers)}
    return next((name for number in OURS if (name := f"A-{number}") not in taken), "none")


def load_rules(folder: Path, roles: Collection[str]) -> RuleBook:
    """Return the rules of a folder; records and workflows must be loaded (`domain.features.load`).

    Args:
        folder: ``resources/alerts``.
        roles: Roles of ``resources/roles.yaml``, which receivers must be.

    Raises:
        ContentError: Files that do not fit the schema, or name what does not exist.
    """
    files = load_folder(folder, Rule)
    rules = {rule.id: rule for rule in files.values()}
    problems = list(doubled(files))
    for stem, rule in files.items():
        problems += [f"{stem}.yaml: {problem}" for problem in problems_of(rule, rules, roles)]
    circle = cycle_of(rules)
    if circle:
        problems.append(f"inhibits: a circle: {' > '.join(circle)}")
    if problems:
        raise ContentError(problems)
    waiting = {rule.id: rule for rule in rules.values() if rule.waits_for}
    return rule_book({i: rule for i, rule in rules.items() if i not in waiting}, waiting)
