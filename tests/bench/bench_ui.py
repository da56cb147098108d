"""What a person waits for on the screen. A part is a module ``ui_*.py`` beside this one with a `measure`.

Run by ``./dev bench ui``; closing lines ``name value op goal holds|short``, and bench-out/ui.json.
"""

import argparse
import importlib
import os
import pkgutil
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from domain import features
from tests.bench.goals import Goals


def main(arguments: list[str] | None = None) -> int:
    """Measure every part, or the ones named; returns the exit code."""
    parser = argparse.ArgumentParser(description="Times of the screens")
    parser.add_argument("parts", nargs="*", help="e.g. review; all by default")
    parser.add_argument("--quick", action="store_true", help="small stores, for trying it out")
    chosen = parser.parse_args(arguments)
    features.load()
    from client.views.application import make_application

    application = make_application("light")
    found = [m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]) if m.name.startswith("ui_")]
    goals = Goals("ui")
    for name in found:
        if not chosen.parts or name.removeprefix("ui_") in chosen.parts:
            importlib.import_module(f"tests.bench.{name}").measure(goals, quick=chosen.quick)
    application.processEvents()
    return goals.close()


if __name__ == "__main__":
    sys.exit(main())
