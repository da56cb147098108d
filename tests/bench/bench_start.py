"""Cold start: from the start of the process to a signed-in desk one can work at, with 100,000 clients in the store.

The measure beside it, in the same run and alternating: a bare window with PySide6 and qt-material, from the start of
its process to the end of its first paint. Both run from compiled modules, as installed programs do; a first round of
each is thrown away (disk cache, and ours compiles its declarations once a program version).

That one can work at it is asked of the program by its own remote control, which presses real keys, and all of it is
in our time: login and password are typed into the sign-in page as soon as that is painted (Argon2id with 64 MiB among
it), the desk is shown with today's clients in its list, and the search box has taken a key. What it finds is waited
for and checked after that, with a time of its own: the box looks 0.12 s after the last key, on purpose. Memory is
taken then and once more when everything has been loaded.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.bench.goals import Goals, percentile
from tests.bench.homes import LOGIN, PASSWORD, ROOT, expect_today, home_with, key_file

EXPECTED = 40
"""Clients expected today."""
SEARCHED = "王"

BARE = """
import sys
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow
from PySide6.QtCore import QTimer
import qt_material

class Label(QLabel):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, painted)

def painted():
    print("painted", flush=True)
    app.exit()

app = QApplication(sys.argv)
window = QMainWindow()
window.setCentralWidget(Label("Aftercheck"))
qt_material.apply_stylesheet(app, theme="light_teal.xml")
window.show()
app.exec()
"""


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a measured process."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT), **(extra or {})}


def bare_start() -> float:
    """Return seconds from process start to the end of the first paint of the bare window."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", BARE], stdout=subprocess.PIPE, text=True, env=environment()
    )
    process.stdout.readline()
    taken = time.perf_counter() - begun
    process.wait()
    return taken


def own_start(patients: int) -> dict[str, float]:
    """Return seconds to the desk and to the first hits after it, and the resident memory in MiB, then and at last."""
    home = home_with(patients)
    env = environment({"AFTERCHECK_KEY_FILE": str(key_file(home))})
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "client", "--home", str(home.folder), "--pilot"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env, cwd=ROOT,
    )  # fmt: skip
    try:
        _order(process, do="sign_in", login=LOGIN, password=PASSWORD, whole=False)
        _order(process, do="wait", until={"page": "front_desk", "name": "today_list", "text": "\n"})
        _order(process, do="keys", name="search", text=SEARCHED)
        typed = _order(process, do="text", name="search")["text"]
        taken = time.perf_counter() - begun
        memory = _resident_mib(process.pid)
        listed = _order(process, do="text", name="today_list")["text"]
        _order(process, do="wait", until={"visible": "search_results"})
        found = time.perf_counter() - begun - taken
        hits = _order(process, do="text", name="search_results")["text"]
        if typed != SEARCHED or listed.count("V") < EXPECTED or SEARCHED not in hits:
            raise RuntimeError(f"not a desk to work at: {typed!r}, {listed!r}, {hits!r}")
        _order(process, do="wait", until={"idle": True, "sync": "未启用"}, timeout=60)
        return {"desk": taken, "hits": found, "first_mib": memory, "mib": _resident_mib(process.pid)}
    finally:
        process.kill()
        process.wait()


def _order(process: Any, **order: Any) -> dict[str, Any]:
    process.stdin.write(json.dumps(order) + "\n")
    process.stdin.flush()
    while True:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("the client ended")
        if line.startswith("{"):
            answer: dict[str, Any] = json.loads(line)
            if "ok" in answer:
                if not answer["ok"]:
                    raise RuntimeError(answer)
                return answer


def _resident_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--patients", type=int, default=100_000)
    chosen = parser.parse_args()
    goals = Goals("start")
    sizes = (chosen.patients // 10, chosen.patients)
    for size in sizes:
        expect_today(home_with(size), EXPECTED)
        own_start(size)
    bare_start()
    bare, small, own = [], [], []
    for _ in range(chosen.rounds):
        bare.append(bare_start())
        own.append(own_start(sizes[1]))
        bare.append(bare_start())
        small.append(own_start(sizes[0]))
    window = percentile(bare, 0.5)
    desk, tenth = (percentile([one["desk"] for one in runs], 0.5) for runs in (own, small))
    goals.note(
        bare_window_s=window, signed_in_desk_s=desk, signed_in_desk_at_tenth_s=tenth,
        first_hits_after_s=percentile([one["hits"] for one in own], 0.5),
        resident_at_desk_mib=max(one["first_mib"] for one in own), clients=chosen.patients,
        load_average=os.getloadavg()[0],
    )  # fmt: skip
    goals.goal("start_vs_bare_window", desk / window, "<=", 1.5)
    goals.goal("start_10x_vs_1x", desk / tenth, "<=", 1.2)
    goals.goal("resident_mib", max(one["mib"] for one in own), "<=", 350)
    return goals.close()


if __name__ == "__main__":
    sys.exit(main())
