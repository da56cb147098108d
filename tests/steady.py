"""Run the tests, and those that failed once more alone: a slow machine stops nobody, and hides nothing.

    python tests/steady.py [arguments of pytest]

What fails twice has failed. What passes only alone leaves the run green and is named at its end: such a test depends
on how busy the machine is, which is a defect of the test or of what it tests.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS_FAILED = 1
WORKERS = str((os.cpu_count() or 1) + 1)
"""One more than there are processors: tests wait for servers, windows and disks a third of their time."""
TOO_MANY = 25
"""Beyond that it is not the machine, and a second run would only take time."""


def failed_in(cache: Path) -> set[str]:
    """Return the node ids that the last run with this cache folder left as failed."""
    file = cache / "v" / "cache" / "lastfailed"
    return set(json.loads(file.read_text("utf-8"))) if file.is_file() else set()


def pytest_run(cache: Path, arguments: list[str]) -> int:
    command = [sys.executable, "-m", "pytest", "-o", f"cache_dir={cache}", *arguments]
    return subprocess.run(command, check=False).returncode


def run(arguments: list[str], cache: Path) -> int:
    """Run once side by side and, if few fail, these once more alone; return what the run is worth."""
    code = pytest_run(cache, ["-n", WORKERS, "--dist", "loadfile", *arguments])
    first = failed_in(cache)
    if code != TESTS_FAILED or not 0 < len(first) <= TOO_MANY:
        return code
    say(f"{len(first)} failed; once more, alone:")
    code = pytest_run(cache, ["-n", "0", "--last-failed", "--last-failed-no-failures", "none", *arguments])
    unsteady = sorted(first - failed_in(cache))
    if unsteady:
        say("UNSTEADY: passed only when run alone:", *(f"  {name}" for name in unsteady))
    return code


def say(*lines: str) -> None:
    sys.stdout.write("\n" + "\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    os.chdir(Path(__file__).parents[1])
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(run(sys.argv[1:], Path(folder)))
