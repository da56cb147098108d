"""Recall and precision of the check of reports over two sets of planted errors, and how long one check takes.

The planted cases and the rules are separate files; the second set was written by somebody who had seen neither rules
nor check (first measured recall 0.735, precision 0.602), and has served to better the check since. A case counts as
found when a remark that answers it is made; every other remark counts against precision. Closing lines
``name value op goal holds|short``, and bench-out/linter.json.
"""

import argparse
import sys
import time
from collections import Counter
from types import ModuleType
from typing import Any

import resources
from domain.linting.checks import lint
from domain.linting.definitions import load_rules
from tests.bench.goals import Goals, percentile
from tests.linting import planted, planted_apart

RULES = load_rules(resources.folder("linting"))


def measure(goals: Goals, name: str, of: ModuleType, cases: list[Any]) -> None:
    """Judge one set by recall (all kinds together) and precision."""
    wanted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    times = []
    for case in cases:
        begun = time.perf_counter()
        kinds = {r.kind for r in lint(case.facts, case.conclusion, case.advice, RULES)}
        times.append((time.perf_counter() - begun) * 1000)
        right = of.ANSWERS[case.kind] if case.kind else set()
        if case.kind:
            wanted[case.kind] += 1
            found[case.kind] += bool(kinds & right)
        wrong.update(kinds - right)
    goals.note(**{f"{name}cases": len(cases), f"{name}wrong_remarks": dict(wrong)})
    goals.note(**{f"{name}recall_{kind}": found[kind] / count for kind, count in sorted(wanted.items())})
    goals.note(**{f"{name}check_p95_ms": percentile(times, 0.95)})
    true = sum(found.values())
    goals.goal(f"{name}recall", true / sum(wanted.values()), ">=", 0.95)
    goals.goal(f"{name}precision", true / (true + sum(wrong.values())), ">=", 0.95)


def main() -> int:
    """Measure and print the closing lines."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    goals = Goals("linter")
    for name, of in (("", planted), ("apart_", planted_apart)):
        measure(goals, name, of, of.cases(asked.cases, asked.seed))
    return goals.close()


if __name__ == "__main__":
    sys.exit(main())
