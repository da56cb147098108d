"""Play the day: ``python -m tests.journeys.day --out demo-out`` (this is what ``./dev demo`` does)."""

import argparse
import shutil
import sys
from pathlib import Path

from domain.kernel.clock import clinic, utc_now
from tests.journeys.day.play import play
from tests.journeys.day.report import Summary


def main() -> int:
    """Run the demonstration; returns 0 only if all of it held."""
    parser = argparse.ArgumentParser(prog="dev demo")
    parser.add_argument("--out", type=Path, default=Path("demo-out"))
    parser.add_argument("--clients", type=int, default=2000, help="people whose results come in")
    parser.add_argument("--generated", action="store_true", help="invent the values even where real ones are")
    parser.add_argument("--open", type=Path, help="open the client window on the data of an earlier run")
    parser.add_argument("--as", dest="login", default="", help="account or role to begin with")
    chosen = parser.parse_args()
    if chosen.open:
        from tests.journeys.day.opening import open_desk

        return open_desk(chosen.open, chosen.login)
    shutil.rmtree(chosen.out, ignore_errors=True)
    summary = Summary()
    try:
        play(
            chosen.out,
            summary,
            clients=chosen.clients,
            day=clinic(utc_now()).date(),
            generated=chosen.generated,
        )
    finally:
        sys.stdout.write(f"\n{summary.table()}\n\n{summary.comparison}")
        summary.write(chosen.out / "summary.txt")
    sys.stdout.write(f"\n结果在 {chosen.out}/：summary.txt、report.pdf、labels/、screens/\n")
    return 0 if summary.all_held else 1


if __name__ == "__main__":
    sys.exit(main())
