"""What one mode of the bench is made of: it takes a code, does its work in a job, tells one result, and ends."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from client.background import while_there
from client.ports import Scanned
from client.station import PageModel
from client.stations.bench.reading import Outcome, TubeFacts, act
from client.stations.bench.telling import Result, Teller
from domain.biobank.bench import Card, Mode
from domain.kernel.errors import DomainError, KnownError


class BenchPart(QObject):
    """One mode; a subclass overrides `take` (and `take_card`) and calls `tell` or `refuse` exactly once for each."""

    told = Signal(object)
    """A `Result`; the next scan may be worked on."""

    mode: Mode

    def __init__(self, page: PageModel) -> None:
        super().__init__(page)
        self.page = page
        self.teller = Teller(page.context.desk.texts)

    def take(self, scanned: Scanned) -> None:
        """Work on a scanned tube or box, of a kind that `domain.biobank.bench.TAKES` lists for the mode."""
        raise NotImplementedError

    def take_card(self, card: Card) -> None:
        """Work on a card of a kind that is listed for the mode."""
        raise NotImplementedError

    def leave(self) -> None:
        """Forget what waits for a key: another mode was chosen."""

    def tell(self, result: Result) -> None:
        self.told.emit(result)

    def good(self, tube: TubeFacts, **facts: Any) -> None:
        """Tell that a tube was moved on."""
        self.tell(self.teller.good(self.mode, tube, self.page.context.desk.clock(), **facts))

    def refuse(self, error: KnownError, scanned: str, tube: TubeFacts | None = None) -> None:
        """Tell why a scan was not taken and what to do."""
        if self.page.is_closed:
            return
        self.tell(self.teller.bad(self.mode, error, tube, scanned, self.page.context.desk.clock()))

    def act(self, order: Any, number: str, then: Callable[[Outcome], None]) -> None:
        """Run a command on a tube; a refusal is told, else `then` has the outcome."""
        context = self.page.context

        def answer(outcome: Outcome) -> None:
            if outcome.error is not None or outcome.tube is None:
                missing = DomainError("specimen.unknown", field="number", value=number)
                self.refuse(outcome.error or missing, number, outcome.tube)
            else:
                then(outcome)

        job = context.jobs.write(lambda _job: act(context.desk, context.actor, order, number), "bench")
        self._follow(job, answer, number)

    def read(self, work: Callable[[], Any], then: Callable[[Any], None], scanned: str) -> None:
        """Read in the background; whatever goes wrong is told."""
        self._follow(self.page.context.jobs.read(lambda _job: work(), "bench"), then, scanned)

    def _follow(self, job: Any, then: Callable[[Any], None], scanned: str) -> None:
        job.succeeded.connect(while_there(self, lambda found: None if self.page.is_closed else then(found)))
        job.refused.connect(while_there(self, lambda error: self.refuse(error, scanned)))
        job.crashed.connect(
            while_there(
                self, lambda crash: self.refuse(DomainError("bench.crashed", report=crash.number), scanned)
            )
        )
