"""Records of about 1 KiB between branches and the centre, all of it durable, beside what others do with them.

Each part is a module of its own (`PARTS`) and can be run alone with ``--only``; it makes its stores anew. Ratios are
taken per round and the median counts; a figure counts only with its line of correctness. ``--records 50000`` is the
size of the requirement. Parts whose peer is missing here (node and npm, a MariaDB server) say so and are left out.
"""

import argparse
import importlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from domain import features
from tests.bench.goals import Goals
from tests.peers import MissingPeerError

PARTS = ("apply", "save", "encrypted", "mariadb", "order", "poison", "idle", "peers")


def main(arguments: list[str] | None = None) -> int:
    """Measure and print the closing lines."""
    parser = argparse.ArgumentParser(prog="bench_sync")
    parser.add_argument("--records", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=PARTS, action="append", help="this part; may be given again")
    options = parser.parse_args(arguments)
    features.load()
    goals = Goals("sync" if options.only is None else f"sync-{'-'.join(options.only)}")
    goals.note(records=options.records, rounds=options.rounds)
    for name in options.only or PARTS:
        part = importlib.import_module(f"tests.bench.sync_{name}")
        sys.stdout.write(f"{name}: {part.__doc__.splitlines()[0]}\n")
        home = Path(tempfile.mkdtemp(dir=Path.cwd(), prefix=".bench-"))
        before = os.getloadavg()[0]
        try:
            part.run(goals, home, options.records, options.rounds)
        except MissingPeerError as error:
            goals.note(**{f"{name}_left_out": str(error)})
        finally:
            shutil.rmtree(home, ignore_errors=True)
        goals.note(**{f"{name}_load_of_the_machine": f"{before:.1f} to {os.getloadavg()[0]:.1f}"})
    return goals.close()


if __name__ == "__main__":
    sys.exit(main())
