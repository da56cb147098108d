"""Garbage is collected on the UI thread, and not by whoever happens to allocate."""

import gc
import threading
from typing import ClassVar

from PySide6.QtCore import QObject

from client.collector import Collector


class Cycle(QObject):
    freed_by: ClassVar[list[int]] = []

    def __init__(self):
        super().__init__()
        self.me = self

    def __del__(self):
        self.freed_by.append(threading.get_ident())


def test_cycles_with_qt_objects_are_freed_on_the_ui_thread(qtbot):
    gc.enable()
    collector = Collector()
    assert not gc.isenabled()
    Cycle.freed_by.clear()
    Cycle()
    worker = threading.Thread(target=lambda: [[] for _ in range(200_000)] and [{} for _ in range(200_000)])
    worker.start()
    worker.join()
    assert Cycle.freed_by == []
    kept = [[] for _ in range(2_000)]
    collector.look()
    assert Cycle.freed_by == [threading.get_ident()]
    assert kept
    collector.stop()
    assert gc.isenabled()
