"""Picking and packing without their window: a scan is a step of the list or shipment that is chosen. QtCore only."""

from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from client.actions import Action
from client.live import Changed
from client.ports import Scanned
from client.station import Context, StationModel
from client.stations.picking.reading import PICK, SHIP, Job, Line, jobs, lines
from domain.biobank.bench import TUBE
from domain.biobank.numbers import grouped
from domain.kernel.errors import DomainError, KnownError
from domain.storage.pick_commands import ConfirmPicked
from domain.storage.pick_workflow import pick_life, shipment_life
from domain.storage.shipment_commands import PackTube, SendShipment

LOOK_MS = 300


class ViewModel(StationModel):
    """`jobs` are the lists and shipments, `chosen` the one scans are for, `lines` its tubes."""

    jobs_changed = Signal()
    lines_changed = Signal()
    told = Signal(str, str)
    form_asked = Signal(str, object)
    manifest_made = Signal(str, str)
    """Number of the shipment and its signed list."""
    sound = Signal(str)
    """``good`` or ``bad``."""

    actions = (
        Action("request", "picking.action.request", "F2", command="pick.request"),
        Action("approve", "picking.action.approve", "F3", command="pick.approve"),
        Action("missing", "picking.action.missing", "F7", command="pick.missing"),
        Action("ship", "picking.action.ship", "F4", command="shipment.open"),
        Action("send", "picking.action.send", "F9", command="shipment.send"),
        Action("receive", "picking.action.receive", "F6", command="shipment.receive"),
        Action("reload", "picking.action.reload", "F5"),
    )

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        self.jobs: list[Job] = []
        self.lines: list[Line] = []
        self.chosen: Any = None
        self._look = QTimer(self)
        self._look.setSingleShot(True)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self.load)
        on = self.action_set.on
        on("reload", self.load)
        on("request", lambda: self.form_asked.emit("pick.request", {}))
        on("approve", self._approve)
        on("missing", self._missing)
        on("ship", lambda: self.form_asked.emit("shipment.open", {}))
        on("send", self._send)
        on("receive", self._receive)

    def watches(self) -> frozenset[str]:
        return frozenset({"pick_list", "pick_line", "shipment", "shipment_line"})

    def on_changed(self, changed: Changed) -> None:
        if not self._look.isActive():
            self._look.start()

    def on_open(self, **arguments: Any) -> None:
        """Read what there is to do."""
        self.load()

    def close(self) -> None:
        self._look.stop()
        super().close()

    def on_scan(self, scanned: Scanned) -> bool:
        """Take a tube for the list or shipment that is chosen; anything else changes nothing and is told."""
        if scanned.kind != TUBE:
            if scanned.kind == "staff":
                return False
            self._refuse(DomainError("picking.not_a_tube"))
            return True
        job = self.job()
        if job is None:
            self._refuse(DomainError("picking.nothing_chosen"))
        elif job.kind == PICK:
            order: Any = ConfirmPicked(pick_list_id=job.id, number=scanned.text)
            self.run(order, self._picked, self._refuse)
        else:
            order = PackTube(shipment=job.number, number=scanned.text)
            self.run(order, lambda done: self._packed(scanned.text, done.receipt), self._refuse)
        return True

    def job(self) -> Job | None:
        """Return the list or shipment that is chosen."""
        return next((job for job in self.jobs if job.id == self.chosen), None)

    def choose(self, job_id: Any) -> None:
        """Let scans be for another one."""
        self.chosen = job_id
        self._read_lines()

    def state_of(self, job: Job) -> str:
        """Return the words of where it stands."""
        return (pick_life if job.kind == PICK else shipment_life).label_of(job.state)

    @Slot()
    def load(self) -> None:
        """Read everything anew."""
        store, actor = self.context.desk.store, self.context.actor
        self.query(lambda: jobs(store, actor), self._take, "picking")

    def _take(self, found: list[Job]) -> None:
        self.jobs = found
        if self.chosen not in {job.id for job in found}:
            self.chosen = found[0].id if found else None
        self.jobs_changed.emit()
        self._read_lines()

    def _read_lines(self) -> None:
        job, store, actor = self.job(), self.context.desk.store, self.context.actor
        if job is None:
            self.lines = []
            self.lines_changed.emit()
            return
        self.query(lambda: lines(store, actor, job), self._take_lines, "pick_lines")

    def _take_lines(self, found: list[Line]) -> None:
        self.lines = found
        self.lines_changed.emit()

    def _picked(self, done: Any) -> None:
        receipt = done.receipt
        code = "picking.picked" if receipt.left else "picking.picked_all"
        place = (receipt.next_place or "").replace(":", " ")
        self._tell(code, "success", number=grouped(receipt.number), left=receipt.left, place=place)
        self.load()

    def _packed(self, number: str, count: int) -> None:
        self._tell("picking.packed", "success", number=grouped(number), count=count)
        self.load()

    def _approve(self) -> None:
        job = self.job()
        if job is None or job.kind != PICK:
            self._refuse(DomainError("picking.pick_first"))
            return
        self.form_asked.emit("pick.approve", {"pick_list_id": job.id})

    def _missing(self) -> None:
        line = next((one for one in self.lines if one.state == "waiting"), None)
        job = self.job()
        if line is None or job is None or job.kind != PICK:
            self._refuse(DomainError("picking.pick_first"))
            return
        self.form_asked.emit("pick.missing", {"pick_line_id": line.id})

    def _send(self) -> None:
        job = self.job()
        if job is None or job.kind != SHIP:
            self._refuse(DomainError("picking.ship_first"))
            return
        number = job.number

        def sent(done: Any) -> None:
            self._tell("picking.sent", "success", number=number)
            self.manifest_made.emit(number, done.receipt)
            self.load()

        self.run(SendShipment(shipment_id=job.id), sent, self._refuse)

    def _receive(self) -> None:
        job = self.job()
        given = {"shipment": job.number} if job is not None and job.kind == SHIP else {}
        self.form_asked.emit("shipment.receive", given)

    def _refuse(self, error: KnownError) -> None:
        self.told.emit(self.explain(error), "danger")
        self.sound.emit("bad")

    def _tell(self, code: str, tone: str, **facts: Any) -> None:
        self.told.emit(self.context.say(code, **facts), tone)
        self.sound.emit("good")
