"""Reading the rule files: every mistake of every file at once, each with file and field."""

from collections.abc import Collection
from pathlib import Path

from domain.alerts.checks import cycle_of, problems_of
from domain.alerts.plans import RuleBook, rule_book
from domain.alerts.rules import Rule
from domain.kernel.content import ContentError, load_folder


def load_rules(folder: Path, roles: Collection[str]) -> RuleBook:
    """Return the rules of a folder; records and workflows must be loaded (`domain.features.load`).

    Args:
        folder: ``resources/alerts``.
        roles: Roles of ``resources/roles.yaml``, which receivers must be.

    Raises:
        ContentError: Files that do not fit the schema, or name what does not exist.
    """
    files = load_folder(folder, Rule)
    rules: dict[str, Rule] = {}
    problems: list[str] = []
    for stem, rule in files.items():
        if rule.id in rules:
            problems.append(f"{stem}.yaml: id: {rule.id} stands in another file already")
        rules[rule.id] = rule
    for stem, rule in files.items():
        problems += [f"{stem}.yaml: {problem}" for problem in problems_of(rule, rules, roles)]
    circle = cycle_of(rules)
    if circle:
        problems.append(f"inhibits: a circle: {' > '.join(circle)}")
    if problems:
        raise ContentError(problems)
    waiting = {rule.id: rule for rule in rules.values() if rule.waits_for}
    return rule_book({i: rule for i, rule in rules.items() if i not in waiting}, waiting)
