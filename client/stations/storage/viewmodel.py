"""The store room without its window: a tree, one box, and a rack that was read and waits for a yes. QtCore only."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from client.actions import Action
from client.live import Changed
from client.ports import Scanned
from client.station import Context, StationModel
from client.stations.storage.listing import ListLeft, left_of, taken_list
from client.stations.storage.reading import Opened, Sheet, opened, place_of_tube, read_file, sheet, tree
from domain.biobank.bench import BOX, TUBE
from domain.biobank.workflow import specimen_life
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError, KnownError
from domain.storage.rack_commands import CheckBox, ReceiveRack, StoreRack
from domain.storage.racks import RackPurpose, Well, WellStatus, confirmed_by
from domain.storage.receiving_commands import ListTaken
from domain.storage.receiving_reading import ListLine
from domain.storage.tree import Node

LOOK_MS = 400
GOOD = {WellStatus.OK, WellStatus.MATCH, WellStatus.LOOKS_EMPTY}
CHECK_HAND, IDLE = "check", ""
MOST_TOLD = 6
"""Lines of a list whose mistakes are told on the page; all are in the list of its lines."""


class ViewModel(StationModel):
    """`nodes` is the tree, `at` the container that is shown, `waiting` a rack that was read and is not acted on."""

    tree_changed = Signal()
    opened_changed = Signal(object)
    sheet_changed = Signal(object)
    told = Signal(str, str)
    position_asked = Signal(str)
    file_asked = Signal(str)
    form_asked = Signal(str, object)
    sound = Signal(str)
    """``good`` or ``bad``."""

    actions = (
        Action("add", "storage.action.add", "F4", command="container.put_up"),
        Action("reload", "storage.action.reload", "F5"),
        Action("block", "storage.action.block", "F7", command="container.block"),
        Action("list", "storage.action.list", "F3", command="receiving.take_list"),
        Action("receive", "storage.action.receive", "F2", command="specimen.receive_rack"),
        Action("store", "storage.action.store", "F8", command="specimen.store_rack"),
        Action("check", "storage.action.check", "F6", command="storage.check_box"),
        Action("confirm", "storage.action.confirm", "F9", primary=True),
        Action("drop", "storage.action.drop", "Esc"),
        Action("tasks", "storage.action.tasks", "F10"),
    )

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        self.nodes: list[Node] = []
        self.at = ""
        self.shown: Opened | None = None
        self.waiting: Sheet | None = None
        self.position = "A1"
        self.list: ListTaken | None = None
        self._purpose = RackPurpose.CHECK
        self._look = QTimer(self)
        self._look.setSingleShot(True)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self.load)
        on = self.action_set.on
        on("reload", self.load)
        on("add", self._add)
        on("block", self._block)
        on("list", lambda: self.file_asked.emit("list"))
        on("receive", lambda: self._ask_file(RackPurpose.RECEIVE))
        on("store", lambda: self._ask_file(RackPurpose.STORE))
        on("check", lambda: self._ask_file(RackPurpose.CHECK))
        on("confirm", self.confirm)
        on("drop", self.drop)
        on("tasks", lambda: self.context.open_page("worklist:storage.tasks"))
        self._follow_sheet()

    def watches(self) -> frozenset[str]:
        return frozenset({"specimen", "storage_container"})

    def on_changed(self, changed: Changed) -> None:
        if not self._look.isActive():
            self._look.start()

    def on_open(self, **arguments: Any) -> None:
        """Begin, with a container if one is named (``container=CODE``)."""
        self.at = arguments.get("container") or self.at
        self.load()

    def close(self) -> None:
        self._look.stop()
        super().close()

    def on_scan(self, scanned: Scanned) -> bool:
        """Show the box that was scanned, or the place of the tube that was; changes nothing."""
        if scanned.kind == BOX:
            self.open(scanned.text)
            return True
        if scanned.kind == TUBE and self.waiting is not None and not self.waiting.placed:
            self._place(self.waiting, scanned.text)
            return True
        if scanned.kind == TUBE:
            store, actor = self.context.desk.store, self.context.actor
            job = self.context.jobs.read(lambda _job: place_of_tube(store, actor, scanned.text), "place")
            self._follow(job, self._go_to, self._refused)
            return True
        return False

    @Slot()
    def load(self) -> None:
        """Read the tree, and the container that is shown, anew."""
        store, actor = self.context.desk.store, self.context.actor
        self.query(lambda: tree(store, actor), self._take_tree, "storage_tree")

    def open(self, code: str) -> None:
        """Show a container."""
        if code != self.at:
            self.drop()
        self.at = code
        self._read_container()

    def choose(self, position: str) -> None:
        """Note where the cursor stands."""
        self.position = position

    def read(self, path: Path) -> None:
        """Read a rack reader's file for what was asked; shows it and changes nothing."""
        store, actor, purpose, box = self.context.desk.store, self.context.actor, self._purpose, self.at
        if purpose is RackPurpose.RECEIVE:
            box = ""
        listed = self.list.list_id if self.list and purpose is RackPurpose.RECEIVE else None
        job = self.context.jobs.read(
            lambda _job: sheet(store, actor, read_file(path), purpose, box, listed), "rack_file"
        )
        self._follow(job, self._take_sheet, self._refused)

    def read_list(self, path: Path) -> None:
        """Read what a sender says it sent and keep it: racks are received against it from now on."""
        desk, actor = self.context.desk.dispatcher, self.context.actor
        job = self.context.jobs.write(lambda _job: taken_list(desk, actor, path), "receiving_list")
        self._follow(job, self._list_taken, self._refused)

    def _list_taken(self, found: tuple[ListTaken, list[ListLine]]) -> None:
        taken, lines = found
        self.list = taken
        self.drop()
        say, wrong = self.context.say, [line for line in lines if line.remarks]
        said = [
            say(
                "storage.list_taken", number=taken.number, name=taken.name, expected=taken.expected,
                doubtful=taken.doubtful,
            ),
            *("；".join(line.remarks) for line in wrong[:MOST_TOLD]),
        ]  # fmt: skip
        if len(wrong) > MOST_TOLD:
            said.append(say("storage.list_more", count=len(wrong)))
        self.told.emit("\n".join(said), "warning" if wrong else "success")
        self.sound.emit("bad" if wrong else "good")

    @Slot()
    def confirm(self) -> None:
        """Act on the rack that was read: only what is in order is moved on."""
        waiting = self.waiting
        if waiting is None:
            self._tell("storage.nothing_waits", "warning")
            return
        if not waiting.placed:
            self._tell("storage.place_first", "warning", position=self.position)
            return
        fine = {p: well.code for p, well in waiting.wells.items() if well.status is WellStatus.OK}
        if waiting.purpose is RackPurpose.CHECK:
            order: Any = CheckBox(
                container=waiting.box,
                found=dict(waiting.read.wells),
                unread=sorted(waiting.read.unread),
            )
        elif not fine:
            self._tell("storage.nothing_fine", "warning")
            return
        elif waiting.purpose is RackPurpose.STORE:
            order = StoreRack(container=waiting.box, tubes=fine)
        else:
            order = ReceiveRack(numbers=list(fine.values()), list_id=self.list.list_id if self.list else None)
        self.action_set.enable("confirm", enabled=False)
        self.run(order, lambda done: self._done(waiting, done.receipt), self._refused)

    @Slot()
    def drop(self) -> None:
        """Forget the rack that was read; nothing was changed by it."""
        if self.waiting is not None:
            self.waiting = None
            self._follow_sheet()

    def words(self, well: Well) -> str:
        """Return what a position of a rack means."""
        detail = well.detail
        if well.status is WellStatus.WRONG_STATE:
            detail = specimen_life.label_of(detail)
        return self.context.say(f"storage.well.{well.status.value}", detail=detail.replace(":", " "))

    def _add(self) -> None:
        given = {} if not self.at else {"parent": self.at}
        shown = self.shown
        if shown is not None and shown.view.kind == "box":
            given = {}
        self.form_asked.emit("container.put_up", given)

    def _block(self) -> None:
        if self.shown is None or self.shown.view.kind != "box":
            self._tell("storage.box_first", "warning")
            return
        blocked = self.position not in self.shown.view.blocked
        given = {"container": self.at, "position": self.position, "blocked": blocked}
        self.form_asked.emit("container.block", given)

    def _ask_file(self, purpose: RackPurpose) -> None:
        if purpose is not RackPurpose.RECEIVE and (self.shown is None or self.shown.view.kind != "box"):
            self._tell("storage.box_first", "warning")
            return
        self._purpose = purpose
        self.file_asked.emit(purpose.value)

    def _take_tree(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self.tree_changed.emit()
        codes = {node.code for node in nodes}
        if self.at not in codes:
            self.at = next((n.code for n in nodes if n.kind == "box"), nodes[0].code if nodes else "")
        if self.at:
            self._read_container()

    def _read_container(self) -> None:
        store, actor, code, nodes = self.context.desk.store, self.context.actor, self.at, self.nodes
        today = clinic(self.context.desk.clock()).date()
        job = self.context.jobs.read(lambda _job: opened(store, actor, code, nodes, today), "container")
        self._follow(job, self._take, self._refused)

    def _take(self, found: Opened) -> None:
        if found.view.code == self.at:
            self.shown = found
            self.opened_changed.emit(found)

    def _take_sheet(self, found: Sheet) -> None:
        if found.box not in ("", self.at):
            return
        self.waiting = found
        bad = sum(well.status not in GOOD for well in found.wells.values())
        fine = sum(well.status in (WellStatus.OK, WellStatus.MATCH) for well in found.wells.values())
        facts = {"fine": fine, "bad": bad, "form": found.read.format.name}
        mark = "" if found.read.format.verified else self.context.say("storage.unverified_form")
        code = f"storage.sheet.{found.purpose.value}"
        said = [self.context.say(code, **facts) + mark, *self._doubts(found)]
        self.told.emit("\n".join(said), "warning" if bad or len(said) > 1 else "success")
        self.sound.emit("bad" if bad else "good")
        self._follow_sheet()

    def _doubts(self, found: Sheet) -> list[str]:
        """Return what a rack did not tell: positions by name, and how the rack lies."""
        say, read = self.context.say, found.read
        told = []
        if read.unread:
            told.append(
                say("storage.unread", count=len(read.unread), positions="、".join(_in_order(read.unread)))
            )
        if read.looks_empty:
            told.append(say("storage.looks_empty", count=len(read.looks_empty)))
        if not found.placed:
            told.append(say("storage.place_first", position=self.position))
        return told

    def _place(self, waiting: Sheet, number: str) -> None:
        """Take the tube that was scanned as taken from where the cursor stands: it tells how the rack lies."""
        left = confirmed_by(waiting.placings, number, self.position)
        if not left:
            self._tell("storage.place_differs", "danger", number=number, position=self.position)
            return
        store, actor = self.context.desk.store, self.context.actor
        job = self.context.jobs.read(
            lambda _job: sheet(store, actor, left, waiting.purpose, waiting.box), "rack_file"
        )
        self._follow(job, self._take_sheet, self._refused)

    def _follow_sheet(self) -> None:
        self.action_set.enable("confirm", enabled=self.waiting is not None)
        self.action_set.enable("drop", enabled=self.waiting is not None)
        self.sheet_changed.emit(self.waiting)

    def _done(self, waiting: Sheet, receipt: Any) -> None:
        if waiting.purpose is RackPurpose.CHECK:
            facts = {
                "expected": receipt.expected, "matched": receipt.matched, "missing": receipt.missing,
                "extra": receipt.extra, "misplaced": receipt.misplaced, "tasks": receipt.tasks,
            }  # fmt: skip
            self._tell("storage.checked", "warning" if receipt.tasks else "success", **facts)
        else:
            told = [
                f"{r.number}：{self.explain(DomainError(r.code, **r.facts))}" for r in receipt.refused[:6]
            ]
            words = self.context.say(
                f"storage.done.{waiting.purpose.value}", done=receipt.done, refused=len(receipt.refused)
            )
            if waiting.purpose is RackPurpose.RECEIVE and self.list is not None:
                self._tell_left(self.list, words, told)
            else:
                self.told.emit("\n".join([words, *told]), "warning" if told else "success")
                self.sound.emit("bad" if told else "good")
        self._over()

    def _over(self) -> None:
        self.drop()
        self.load()

    def _tell_left(self, taken: ListTaken, words: str, refused: list[str]) -> None:
        """Tell what came of a rack, and what of its list has not come."""
        store = self.context.desk.store

        def tell(left: ListLeft) -> None:
            said = self.context.say("storage.list_left", number=taken.number, **asdict(left))
            self.told.emit("\n".join([words, said, *refused]), "warning" if refused else "success")
            self.sound.emit("bad" if refused else "good")

        job = self.context.jobs.read(lambda _job: left_of(store, taken.list_id), "receiving_left")
        self._follow(job, tell, self._refused)

    def _go_to(self, slot: str) -> None:
        box, _, position = slot.rpartition(":")
        self.position = position
        self.open(box)
        self.position_asked.emit(position)
        self._tell("storage.tube_at", "success", place=slot.replace(":", " "))

    def _refused(self, error: KnownError) -> None:
        self.action_set.enable("confirm", enabled=self.waiting is not None)
        self.told.emit(self.explain(error), "danger")
        self.sound.emit("bad")

    def _tell(self, code: str, tone: str, **facts: Any) -> None:
        self.told.emit(self.context.say(code, **facts), tone)
        self.sound.emit("good" if tone == "success" else "bad")


def _in_order(positions: Iterable[str]) -> list[str]:
    return sorted(positions, key=lambda position: (position[0], int(position[1:])))
