"""Cases read in the background: the one asked for, and the next ones ahead of being asked for. QtCore only."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal, Slot

from client.background import Crash, Job
from client.station import Context
from client.stations.review.case import Case, CaseKey
from client.stations.review.case_reading import read_case
from client.stations.review.drafts import Draft
from domain.kernel.errors import KnownError, UnavailableError
from domain.kernel.ids import Id

KEPT = 8


@dataclass(frozen=True, slots=True)
class Opened:
    """A case that was read, under the key it was asked by, with the draft that was left of it."""

    key: CaseKey
    case: Case
    draft: Draft | None


class Loader(QObject):
    """Answers from what was read ahead; `renew` then looks whether that is still so."""

    opened = Signal(object)
    renewed = Signal(object)
    refused = Signal(object, object)

    def __init__(
        self, context: Context, draft_of: Callable[[Id], Draft | None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._draft_of = draft_of
        self._kept: OrderedDict[CaseKey, Opened] = OrderedDict()
        self._asked: CaseKey | None = None
        self._reading: set[CaseKey] = set()
        self._renewing = False
        self._again: CaseKey | None = None

    def open(self, key: CaseKey) -> bool:
        """Answer by `opened`, at once if the case is here (returns True), else when it was read."""
        self._asked = key
        kept = self._kept.get(key)
        if kept is None:
            self._read(key)
            return False
        self.opened.emit(kept)
        return True

    def renew(self, key: CaseKey) -> None:
        """Read a case again and answer by `renewed`; asked again meanwhile, it is read once more."""
        if self._renewing:
            self._again = key
            return
        self._renewing = True
        self._again = None
        job = self._context.jobs.read(self._work(key), "review renew")
        job.succeeded.connect(self._take_renewed)
        job.finished.connect(self._renew_ended)

    def ahead(self, keys: Iterable[CaseKey]) -> None:
        """Read these cases before they are asked for."""
        for key in keys:
            if key not in self._kept and key not in self._reading:
                self._read(key)

    def has(self, key: CaseKey) -> bool:
        """Tell whether a case would be shown at once."""
        return key in self._kept

    def forget(self, key: CaseKey) -> None:
        self._kept.pop(key, None)

    def clear(self) -> None:
        self._kept.clear()
        self._asked = None

    def _read(self, key: CaseKey) -> None:
        if key in self._reading:
            return
        self._reading.add(key)
        job = self._context.jobs.read(self._reading_work(key), "review case")
        job.succeeded.connect(self._take)
        job.crashed.connect(self._crashed)

    def _work(self, key: CaseKey) -> Callable[[Job], Opened]:
        desk, actor, draft_of = self._context.desk, self._context.actor, self._draft_of

        def work(_job: Job) -> Opened:
            case = read_case(desk, actor, key)
            return Opened(key, case, draft_of(case.visit_id))

        return work

    def _reading_work(self, key: CaseKey) -> Callable[[Job], "Opened | tuple[CaseKey, KnownError]"]:
        read = self._work(key)

        def work(job: Job) -> "Opened | tuple[CaseKey, KnownError]":
            try:
                return read(job)
            except KnownError as error:
                return key, error

        return work

    @Slot(object)
    def _take(self, answer: "Opened | tuple[CaseKey, KnownError]") -> None:
        if not isinstance(answer, Opened):
            self._reading.discard(answer[0])
            if answer[0] == self._asked:
                self.refused.emit(*answer)
            return
        self._reading.discard(answer.key)
        self._keep(answer)
        if answer.key == self._asked:
            self.opened.emit(answer)

    @Slot(object)
    def _take_renewed(self, answer: Opened) -> None:
        self._keep(answer)
        self.renewed.emit(answer)

    def _keep(self, answer: Opened) -> None:
        self._kept[answer.key] = answer
        self._kept.move_to_end(answer.key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    @Slot(object)
    def _crashed(self, crash: Crash) -> None:
        self._reading.clear()
        if self._asked is not None and self._asked not in self._kept:
            self.refused.emit(self._asked, UnavailableError("review.crashed", number=crash.number))

    @Slot()
    def _renew_ended(self) -> None:
        self._renewing = False
        if self._again is not None:
            self.renew(self._again)
