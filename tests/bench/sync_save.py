"""What the change log costs a save at a workstation; see `save_cost`."""

from pathlib import Path
from statistics import median

from tests.bench.goals import Goals
from tests.bench.save_cost import GOAL, save_cost


def run(goals: Goals, home: Path, _count: int, rounds: int) -> None:
    """Measure and judge."""
    found = []
    for number in range(rounds):
        (home / f"save-{number}").mkdir()
        found.append(save_cost(home / f"save-{number}"))
    goals.note(save_ms=median(one.with_log_ms for one in found))
    goals.goal("save_with_log_vs_without", median(one.ratio for one in found), "<=", GOAL)
