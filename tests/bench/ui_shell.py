"""The whole program by one person: signing in, every page, a list of a million clients, and records streaming in.

Each part is measured by the longest turn of the event loop: the clock's time, which is the goal, and beside it the
processor's own time of the busiest turn, which other programs do not lengthen.
"""

import contextlib
import logging
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTableView

from client.background import give_way
from client.command_dialog.view import CommandDialog
from client.preferences import Preferences
from client.settings import Settings
from client.watchdog import LoopWatch, Turn
from client.workstation import Workstation
from domain.kernel.authority import system_actor
from domain.kernel.commands import commands
from domain.people.patient_commands import EditPatient, RegisterPatient
from domain.people.records import Sex
from tests.bench.goals import Goals, percentile
from tests.bench.homes import LOGIN, ORG, PASSWORD, home_with, key_file
from tests.bench.shell_people import LOGINS, add_people

NO_MODIFIER = Qt.KeyboardModifier.NoModifier
TURN_MS = 50
LOOK_MS = 250
STREAM_EVERY_S = 0.05


def measure(goals: Goals, *, quick: bool = False) -> None:
    """Add the figures of the shell to `goals`."""
    clients = 20_000 if quick else 1_000_000
    home = home_with(clients)
    add_people(home)
    goals.note(shell_clients=clients, shell_load_average=os.getloadavg()[0])
    logging.getLogger("client.watchdog").setLevel(
        logging.ERROR
    )  # the longest turns are told below, with their place
    run = _Run(home, goals)
    try:
        for login in LOGINS:
            run.sign_in(login)
            run.every_page()
            run.sign_out()
        run.sign_in(LOGIN)
        run.search()
        run.list_of_all(clients)
        run.dialogs()
        run.stream(4.0 if quick else 10.0)
    finally:
        run.close()


class _Run:
    """The program, its loop watched from outside, and the phases of the measurement."""

    def __init__(self, home: Any, goals: Goals) -> None:
        self._goals = goals
        settings = Settings(key_file=str(key_file(home)), lock_after_minutes=240)
        self.station = Workstation(home, settings, Preferences(home.preferences))
        self.station.desk_completed.connect(self.station.collector.settle)
        self.station.desk_completed.connect(give_way)
        self._watch: LoopWatch | None = None
        self._chance = random.Random(3)  # noqa: S311
        self._worst: dict[str, tuple[Turn, Turn]] = {}
        self.station.start()
        self.until(lambda: self.station._complete)
        self._watch = LoopWatch(self.station.findings, TURN_MS / 1000)
        self.pause(500)

    def close(self) -> None:
        for generation, taken in enumerate(self.station.collector.longest_ms):
            self._goals.note(**{f"ui_collection_of_generation_{generation}_longest_ms": taken})
        for name, (longest, busiest) in self._worst.items():
            self._goals.note(**{f"{name}_busiest_turn_cpu_ms": busiest.cpu_ms})
            self._goals.goal(f"{name}_longest_turn_ms", longest.ms, "<=", TURN_MS)
            worse = longest if longest.ms > TURN_MS else busiest
            if max(longest.ms, busiest.cpu_ms) > TURN_MS and worse.stack:
                self._goals.note(**{f"{name}_stood_at": "\n" + worse.stack})
        if self._watch is not None:
            self._watch.stop()
        self.station.window.close()
        self.station.close()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Watch what is done within, until nothing is read any more; of several rounds the worst counts."""
        assert self._watch is not None
        self._watch.take()
        yield
        self.settle()
        longest, busiest = self._watch.take()
        known = self._worst.get(name, (Turn(), Turn()))
        self._worst[name] = (
            max(known[0], longest, key=lambda t: t.ms), max(known[1], busiest, key=lambda t: t.cpu_ms),
        )  # fmt: skip

    @property
    def shell(self) -> Any:
        return self.station.window.shell

    def sign_in(self, login: str) -> None:
        with self.phase("ui_sign_in"):
            self.station.session.sign_in(login, PASSWORD)
            self.until(lambda: self.shell is not None)

    def sign_out(self) -> None:
        with self.phase("ui_sign_out"):
            self.station.session.sign_out()

    def every_page(self) -> None:
        """Open each page of this role for the first time, then go through them again."""
        pages = [entry.page for entry in self.shell.model.entries]
        for page in pages:
            kind = page.partition(":")[0]
            with self.phase(f"ui_open_{kind}"):
                self.shell.open_page(page, {})
        for page in pages * 2:
            with self.phase("ui_switch_page"):
                self.shell.open_page(page, {})

    def search(self) -> None:
        """Type what people type, letter by letter."""
        box = self.shell.bar.search
        for text in ("wangwei", "王伟", "13800", "P1010000123", "zhang", "1980"):
            with self.phase("ui_search"):
                box.setFocus()
                box.clear()
                for letter in text:
                    QApplication.sendEvent(box, QKeyEvent(QEvent.Type.KeyPress, 0, NO_MODIFIER, letter))
                    self.pause(70)
                self.settle()
        box.clear()

    def list_of_all(self, clients: int) -> None:
        """Scroll through the list of all clients, to any place of it; sort it; open records from it."""
        with self.phase("ui_list_open"):
            self.shell.open_page("worklist:people.clients", {})
        table: QTableView = self.shell.page.findChild(QTableView, "worklist_table")
        model: Any = table.model()
        self.until(lambda: model.complete)
        assert model.rowCount() >= clients
        with self.phase("ui_list_scroll"):
            places = [self._chance.randrange(model.rowCount()) for _ in range(40)]
            jumps = [self._jump(table, model, place) for place in places]
            for key in [Qt.Key.Key_PageDown] * 30 + [Qt.Key.Key_End, Qt.Key.Key_Home] * 3:
                QTest.keyClick(table, key)
                self.pause(30)
        self._goals.note(
            ui_list_jump_median_ms=percentile(jumps, 0.5), ui_list_jump_p95_ms=percentile(jumps, 0.95)
        )
        for name in ("number", "name"):
            with self.phase(f"ui_list_sort_by_{name}"):
                model.sort([c.name for c in model.columns].index(name), Qt.SortOrder.DescendingOrder)
                self.settle()
                self.until(lambda: model.complete)
        with self.phase("ui_open_record"):
            for _ in range(6):
                table.selectRow(self._chance.randrange(20))
                self.shell.page.model.open_selected()
                self.settle()
                self.shell.open_page("worklist:people.clients", {})
                self.settle()

    def _jump(self, table: QTableView, model: Any, row: int) -> float:
        """Return milliseconds from the scroll bar's move to rows on the screen."""
        begun = time.perf_counter()
        table.verticalScrollBar().setValue(row)
        self.until(lambda: model.row(min(row, model.rowCount() - 1)) is not None)
        taken = (time.perf_counter() - begun) * 1000
        self.pause(20)
        return taken

    def dialogs(self) -> None:
        """Open and close the dialog of each command a list of this role offers."""
        seen = set()
        for entry in self.shell.model.entries:
            if not entry.page.startswith("worklist:"):
                continue
            self.shell.open_page(entry.page, {})
            self.settle()
            for command in self.shell.page.model.commands():
                if command.name in seen:
                    continue
                seen.add(command.name)
                with self.phase("ui_command_dialog"):
                    dialog = CommandDialog(
                        self.shell.model.context, commands()[command.name], {}, self.shell.page
                    )
                    dialog.open()
                    self.settle()
                    dialog.reject()

    def stream(self, seconds: float) -> None:
        """Look at the list of clients while an exchange writes to it, batch after batch."""
        self.shell.open_page("worklist:people.clients", {})
        self.settle()
        stop, written = threading.Event(), [0]
        writer = threading.Thread(target=self._write, args=(stop, written), daemon=True)
        with self.phase("ui_stream"):
            writer.start()
            self.pause(int(seconds * 500))
            full_ms = self.station.collector.collect(
                2
            )  # at the worst moment: it waits for a better one by itself
            self.pause(int(seconds * 500))
            stop.set()
            writer.join()
        self._goals.note(ui_stream_transactions=written[0], ui_stream_full_collection_ms=full_ms)

    def _write(self, stop: threading.Event, written: list[int]) -> None:
        dispatcher, system = self.station.desk.dispatcher, system_actor(ORG, ORG)
        known: list[Any] = []
        while not stop.wait(STREAM_EVERY_S):
            number = written[0]
            if number % 3 or not known:
                order = RegisterPatient(
                    name=f"新{number}", sex=Sex.MALE, birth_date=date(1980, 1, 1), another_person=True
                )
                known.append(dispatcher.run(order, system).receipt.patient_id)
            else:
                phone = f"139{number:08d}"
                dispatcher.run(EditPatient(patient_id=self._chance.choice(known), phone=phone), system)
            written[0] += 1

    # Turning the loop

    def settle(self) -> None:
        """Turn the loop until nothing is read any more, and a little longer."""
        self.pause(LOOK_MS)
        self.until(lambda: not self.station.jobs.busy)
        self.pause(30)

    def pause(self, milliseconds: int) -> None:
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def until(self, holds: Callable[[], bool], limit_ms: int = 120_000) -> None:
        waited = 0
        while not holds():
            self.pause(5)
            waited += 5
            if waited > limit_ms:
                raise RuntimeError(f"nothing came of it; {QApplication.activeModalWidget()}")
