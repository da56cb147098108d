"""Cold start: from the start of the process to a signed-in desk that takes keys, with 100,000 clients in the store.

The measure beside it, in the same run and alternating: a bare window with PySide6 and qt-material, from the start of
its process to its first paint. Sign-in is done by the program's own remote control as soon as the page takes keys, so
the password check (0.1 s by design) is inside our time.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.bench.goals import Goals, percentile
from tests.bench.homes import LOGIN, PASSWORD, ROOT, home_with, key_file

BARE = """
import sys
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow
from PySide6.QtCore import QTimer
import qt_material
app = QApplication(sys.argv)
window = QMainWindow()
window.setCentralWidget(QLabel("Aftercheck"))
qt_material.apply_stylesheet(app, theme="light_teal.xml")
window.show()
QTimer.singleShot(0, lambda: (print("painted", flush=True), app.exit()))
app.exec()
"""


def environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a measured process."""
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT), **(extra or {})}


def bare_start() -> float:
    """Return seconds from process start to the first paint of the bare window."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", BARE], stdout=subprocess.PIPE, text=True, env=environment()
    )
    process.stdout.readline()
    taken = time.perf_counter() - begun
    process.wait()
    return taken


def own_start(patients: int) -> tuple[float, float]:
    """Return seconds to the signed-in desk, and the resident memory then in MiB."""
    home = home_with(patients)
    env = environment({"AFTERCHECK_KEY_FILE": str(key_file(home))})
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "client", "--home", str(home.folder), "--pilot"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env, cwd=ROOT,
    )  # fmt: skip
    _order(process, {"do": "sign_in", "login": LOGIN, "password": PASSWORD})
    taken = time.perf_counter() - begun
    memory = _resident_mib(process.pid)
    process.kill()
    process.wait()
    return taken, memory


def _order(process: Any, order: dict[str, Any]) -> dict[str, Any]:
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
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--patients", type=int, default=100_000)
    chosen = parser.parse_args()
    goals = Goals("start")
    home_with(chosen.patients // 10)
    home_with(chosen.patients)
    bare, own, small, memory = [], [], [], []
    for _ in range(chosen.rounds):
        bare.append(bare_start())
        seconds, mib = own_start(chosen.patients)
        own.append(seconds)
        memory.append(mib)
        small.append(own_start(chosen.patients // 10)[0])
    goals.note(
        bare_window_s=percentile(bare, 0.5), signed_in_desk_s=percentile(own, 0.5),
        signed_in_desk_at_tenth_s=percentile(small, 0.5), clients=chosen.patients,
    )  # fmt: skip
    goals.goal("start_vs_bare_window", percentile(own, 0.5) / percentile(bare, 0.5), "<=", 1.5)
    goals.goal("start_10x_vs_1x", percentile(own, 0.5) / percentile(small, 0.5), "<=", 1.2)
    goals.goal("resident_mib", max(memory), "<=", 350)
    return goals.close()


if __name__ == "__main__":
    sys.exit(main())
