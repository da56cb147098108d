"""Signed reports that branches can fetch: the centre has row and file, and says since when."""

from collections.abc import Callable

from sqlalchemy import select

from domain.delivery.commands import NoteReportSent
from domain.delivery.records import ReportDelivery
from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher

AT_ONCE = 200


class ReportSending:
    """A tick of the centre's readers.

    Args:
        dispatcher: Runs its command.
        actor: The system's actor of the centre.
        has: Tells whether a file is at the centre.
    """

    def __init__(self, dispatcher: Dispatcher, actor: Actor, has: Callable[[str], bool]) -> None:
        self._dispatcher, self._actor, self._has = dispatcher, actor, has

    def tick(self) -> None:
        """Note those whose file has come; the others stay, until somebody is told of them."""
        d = ReportDelivery.__table__.c
        query = select(d.id, d.sha256).where(d.state == "preparing").order_by(d.issued_at).limit(AT_ONCE)
        with self._dispatcher.store.read() as connection:
            waiting = connection.execute(query).all()
        there = [row.id for row in waiting if self._has(row.sha256)]
        if there:
            self._dispatcher.run(NoteReportSent(delivery_ids=there), self._actor)
