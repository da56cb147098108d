"""The closing lines of a benchmark: ``name value op goal holds|short``, and the same in bench-out/NAME.json."""

import json
import operator
import platform
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "bench-out"
_HOLDS = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}


@dataclass
class Goals:
    """What one benchmark promised and what it measured."""

    name: str
    goals: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def note(self, **facts: Any) -> None:
        """Keep and print a figure that is no goal."""
        self.facts |= facts
        for name, value in facts.items():
            shown = f"{value:.4g}" if isinstance(value, float) else value
            sys.stdout.write(f"  {name}: {shown}\n")
        sys.stdout.flush()

    def goal(self, name: str, value: float, op: str, limit: float) -> bool:
        """Judge a figure against its goal."""
        holds = bool(_HOLDS[op](value, limit))
        self.goals.append({"name": name, "value": value, "op": op, "goal": limit, "holds": holds})
        return holds

    def close(self) -> int:
        """Print the closing lines and write the file; returns 0 also when a goal was missed: times never gate."""
        for goal in self.goals:
            verdict = "holds" if goal["holds"] else "short"
            sys.stdout.write(f"{goal['name']} {goal['value']:.4g} {goal['op']} {goal['goal']:g} {verdict}\n")
        FOLDER.mkdir(exist_ok=True)
        facts = {**asdict(self), "python": platform.python_version(), "machine": platform.machine()}
        (FOLDER / f"{self.name}.json").write_text(
            json.dumps(facts, indent=2, ensure_ascii=False) + "\n", "utf-8"
        )
        return 0


def percentile(values: list[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of the measurements lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
