"""Signals may be sent as often as a year of work needs, in a process of its own: the fault aborts the interpreter."""

import subprocess
import sys

PROGRAM = """
import client
from PySide6.QtCore import QObject, Signal

class Sender(QObject):
    sent = Signal(object)

sender = Sender()
for _ in range(50_000):
    sender.sent.emit(None)
print("alive")
"""


def test_many_signals_do_not_end_the_program():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=100, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "alive"), done.stderr[-300:]
