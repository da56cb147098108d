"""Levels follow what arrives: a reader of the log that assesses the clients whose results or answers are new.

Each installation does it for what was kept at it; the assessment then travels like any record. It reads at least
once: the same basis makes no second assessment.
"""

import logging
import time
import uuid
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select

from domain.interop.one_person import linked_in, persons
from domain.kernel.authority import Actor
from domain.kernel.change_log import Entry
from domain.kernel.clock import clinic
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.risk.advice_commands import AdviseSeveral
from domain.risk.advising import ADVICE
from domain.risk.commands import AssessSeveral, ExpireManualLevels
from domain.risk.content import RISK
from domain.risk.foreseeing import FORESEEN, Coming, Foreseer
from domain.risk.records import Cause, RiskLevel

log = logging.getLogger(__name__)
AT_A_TIME = 200
AT_ONCE = 10
"""Clients in one transaction: the door of the store is shut for some tens of milliseconds."""
MANY = 40
"""Clients of one piece of the log from which on processes of their own pay."""
IDLE_S = 30.0
"""How long those are kept for the next piece."""
AHEAD = 6
"""Batches that are worked out while one is written."""
_ARRIVES = {
    "observation": Cause.RESULTS,
    "questionnaire_response": Cause.ANSWERS,
    "scale_result": Cause.ANSWERS,
}
_PERSON = {"sex", "birth_date"}


class RiskFollower:
    """Give it to a `Follower`, and call `tick` from time to time for manual levels that run out.

    Args:
        dispatcher: Runs its commands; its content has the models.
        actor: The system's actor of this installation; entries of other devices are not its work.
        folder: ``resources``, where many clients at once may be worked out by processes of their own.
    """

    name = "risk"

    def __init__(self, dispatcher: Dispatcher, actor: Actor, folder: Path | None = None) -> None:
        self.dispatcher, self.actor, self.folder = dispatcher, actor, folder
        self._ahead: Foreseer | None = None
        self._used_at = 0.0

    def act(self, entries: Sequence[Entry]) -> None:
        """Assess every client once whom the entries brought something new about, some at a time."""
        of: dict[Cause, list[Id]] = {}
        for patient_id, cause in self._with_other_records(self._touched(entries), entries).items():
            of.setdefault(cause, []).append(patient_id)
        for cause, patients in of.items():
            self.assess(patients, cause)

    def assess(self, patients: Sequence[Id], cause: Cause) -> None:
        """Assess clients, some at a time; of many, the next ones are worked out by a process beside."""
        some = [list(patients[start : start + AT_ONCE]) for start in range(0, len(patients), AT_ONCE)]
        if self.folder is not None and len(patients) >= MANY:
            self._assess_ahead(self._ready_ahead(self.folder), some, cause)
        else:
            for batch in some:
                self._assess(batch, cause)

    def _assess_ahead(self, ahead: Foreseer, batches: Sequence[list[Id]], cause: Cause) -> None:
        """Write batches while others are worked out beside; one not begun there is done here."""
        store, clock, left = self.dispatcher.store, self.dispatcher.clock, deque(batches)
        coming: deque[Coming] = deque()
        while coming or left:
            while left and len(coming) < AHEAD:
                coming.append(ahead.begin(store, left.popleft(), clock()))
            idle = not coming[0].done and ahead.warm()
            one = coming.pop() if idle and coming[-1].take_back() else coming.popleft()
            one.ready(ahead.foreseen)
            self._assess(one.patients, cause)

    def _ready_ahead(self, folder: Path) -> Foreseer:
        """Return the processes for the models in force, begun where there are none."""
        content = self.dispatcher.content
        if self._ahead is not None and self._ahead.models is not content[RISK]:
            self.close()
        if self._ahead is None:
            self._ahead = Foreseer(folder, content[RISK])
            content[FORESEEN] = self._ahead.foreseen
        self._used_at = time.monotonic()
        return self._ahead

    def ready(self, timeout_s: float) -> bool:
        """Wait until the processes that work out ahead have loaded; False where there are none."""
        return self._ahead is not None and self._ahead.warm(timeout_s)

    def close(self) -> None:
        """End the processes that work out ahead, if there are any."""
        if self._ahead is not None:
            self.dispatcher.content[FORESEEN] = None
            self._ahead.close()
            self._ahead = None

    def _assess(self, patients: list[Id], cause: Cause) -> None:
        try:
            self.dispatcher.run(AssessSeveral(patient_ids=patients, cause=cause), self.actor)
        except DomainError as error:  # somebody else on this store was faster: what they saw is what we see
            log.warning("risk assessment refused: %s", error.code)
            return
        self._advise(patients)

    def _advise(self, patients: list[Id]) -> None:
        """Propose what is to be done about factors at high risk, for those who have any that is open."""
        table = RiskLevel.__table__.c
        query = select(table.patient_id).where(table.patient_id.in_(patients), table.open_factors > 0)
        with self.dispatcher.store.read() as connection:
            concerned = list(connection.execute(query).scalars())
        if concerned and self.dispatcher.content.get(ADVICE) is not None:
            try:
                self.dispatcher.run(AdviseSeveral(patient_ids=concerned), self.actor)
            except DomainError as error:
                log.warning("advice on factors refused: %s", error.code)

    def _with_other_records(self, found: dict[Id, Cause], entries: Sequence[Entry]) -> dict[Id, Cause]:
        """Return who is to be assessed with every record of theirs: what came for one of them is about the person.

        What a workstation kept for a record it does not know to be given up is assessed there for that one alone; the
        centre, which knows, assesses the person.
        """
        linked = dict.fromkeys(linked_in(entries), Cause.RESULTS)
        elsewhere = _about(entries) if self.dispatcher.at_centre else {}
        if not (found or linked or elsewhere):
            return found
        with self.dispatcher.store.read() as connection:
            of = persons(connection, {**elsewhere, **linked, **found})
        several = {one: cause for one, cause in elsewhere.items() if len(of[one]) > 1}
        return {record: cause for one, cause in {**several, **linked, **found}.items() for record in of[one]}

    def _touched(self, entries: Sequence[Entry]) -> dict[Id, Cause]:
        own = self.actor.device_id.bytes
        found: dict[Id, Cause] = {}
        for entry in entries:
            if entry.device_id != own or not any(
                touch.entity in _ARRIVES or touch.entity == "patient" for touch in entry.glance.changes
            ):
                continue
            for change in entry.body.changes:
                if change.entity in _ARRIVES and isinstance(
                    patient := change.fields.get("patient_id"), bytes
                ):
                    found[uuid.UUID(bytes=patient)] = _ARRIVES[change.entity]
                elif change.entity == "patient" and change.op == "upd" and _PERSON & change.fields.keys():
                    found.setdefault(uuid.UUID(bytes=change.record_id), Cause.IDENTITY)
        return found

    def tick(self) -> int:
        """Take back manual levels whose last day is past; returns how many."""
        if self._ahead is not None and time.monotonic() - self._used_at > IDLE_S:
            self.close()
        today = clinic(self.dispatcher.clock()).date()
        table = RiskLevel.__table__.c
        query = select(table.patient_id).where(table.manual_until < today).limit(AT_A_TIME)
        with self.dispatcher.store.read() as connection:
            due = list(connection.execute(query).scalars())
        if not due:
            return 0
        return int(self.dispatcher.run(ExpireManualLevels(patient_ids=due), self.actor).receipt)


def _about(entries: Sequence[Entry]) -> dict[Id, Cause]:
    """Return whom entries, whoever made them, brought results or answers about."""
    found: dict[Id, Cause] = {}
    for entry in entries:
        if any(touch.entity in _ARRIVES for touch in entry.glance.changes):
            for change in entry.body.changes:
                patient = change.fields.get("patient_id")
                if change.entity in _ARRIVES and isinstance(patient, bytes):
                    found[uuid.UUID(bytes=patient)] = _ARRIVES[change.entity]
    return found
