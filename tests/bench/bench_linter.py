"""Recall and precision of the check of reports over planted errors, and how long one check takes.

The planted cases and the rules are separate files. A case counts as found when a remark that answers it is
made; every other remark counts against precision. Closing lines ``name value op goal holds|short``, and
bench-out/linter.json.
"""

import argparse
import sys
import time
from collections import Counter

import resources
from domain.linting.checks import lint
from domain.linting.definitions import load_rules
from tests.bench.goals import Goals, percentile
from tests.linting import planted


def main() -> int:
    """Measure and print the closing lines."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    rules = load_rules(resources.folder("linting"))
    wanted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    times = []
    for case in planted.cases(asked.cases, asked.seed):
        begun = time.perf_counter()
        kinds = {r.kind for r in lint(case.facts, case.conclusion, case.advice, rules)}
        times.append((time.perf_counter() - begun) * 1000)
        right = planted.ANSWERS[case.kind] if case.kind else set()
        if case.kind:
            wanted[case.kind] += 1
            found[case.kind] += bool(kinds & right)
        wrong.update(kinds - right)
    goals = Goals("linter")
    goals.note(cases=asked.cases, kinds=len(wanted), wrong_remarks=dict(wrong))
    goals.note(**{f"recall_{kind}": found[kind] / count for kind, count in sorted(wanted.items())})
    goals.note(check_p95_ms=percentile(times, 0.95))
    goals.goal("recall", sum(found.values()) / sum(wanted.values()), ">=", 0.95)
    goals.goal("precision", sum(found.values()) / (sum(found.values()) + sum(wrong.values())), ">=", 0.95)
    return goals.close()


if __name__ == "__main__":
    sys.exit(main())
