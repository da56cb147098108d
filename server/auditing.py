"""The centre's daily look at the audit: its chain, everybody's anchors, unexplained rows, and the report."""

from datetime import timedelta

from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.security.anchors import ChainCheck, check_anchors
from domain.security.checking import check_rows
from domain.security.reporting import make_due

AFTER_THE_START, EVERY = timedelta(minutes=30), timedelta(days=1)


class DailyAudit:
    """A job of the housekeeping, asked often: once a day, and not while a server that just started is busy.

    Args:
        dispatcher: Of the centre.
        actor: The system's actor there.
    """

    def __init__(self, dispatcher: Dispatcher, actor: Actor) -> None:
        self._dispatcher, self._actor = dispatcher, actor
        self._next = dispatcher.clock() + AFTER_THE_START

    def run(self) -> int:
        """Return how much was found."""
        now = self._dispatcher.clock()
        if now < self._next:
            return 0
        self._next = now + EVERY
        return self.look()

    def look(self) -> int:
        """Look now."""
        texts = self._dispatcher.content["texts"]
        broken = ChainCheck(self._dispatcher, self._actor, texts).check(whole=True)
        found = check_anchors(self._dispatcher, self._actor, texts)
        found += check_rows(self._dispatcher, self._actor, texts)
        found += make_due(self._dispatcher, self._actor, texts, broken)
        return found + (broken is not None)
