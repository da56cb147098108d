"""Whose data a person has before them goes into the audit: after two seconds, once in ten minutes a client."""

import time

from PySide6.QtCore import QObject, QTimer, Slot

from client.station import PageModel
from domain.kernel.ids import Id

AFTER_MS = 2000
"""Passing by with the arrow keys is no look."""
AGAIN_S = 600.0


class Looks(QObject):
    """Follows one page: which client it shows, and notes it in the background."""

    def __init__(self, model: PageModel, page: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model, self._page = model, page
        self._patient_id: Id | None = None
        self._noted: dict[Id, float] = {}
        self._timer = QTimer(self, singleShot=True, interval=AFTER_MS)
        self._timer.timeout.connect(self._note)
        model.patient_changed.connect(self.see)

    @Slot(object)
    def see(self, patient_id: Id | None) -> None:
        """Take the client who is shown now, None for nobody; the same again changes nothing."""
        if patient_id == self._patient_id:
            return
        self._patient_id = patient_id
        self._timer.stop()
        if patient_id is not None:
            self._timer.start()

    @Slot()
    def _note(self) -> None:
        who, context, now = self._patient_id, self._model.context, time.monotonic()
        if who is None or self._model.is_closed or context.jobs.is_closed or not context.desk.is_complete:
            return
        if now - self._noted.get(who, -AGAIN_S) < AGAIN_S:
            return
        from domain.security.commands import NoteLook  # a feature: not before the desk is shown

        self._noted[who] = now
        dispatcher, actor = context.desk.dispatcher, context.actor
        order = NoteLook(patient_id=who, page=self._page)
        context.jobs.write(lambda _job: dispatcher.run(order, actor), "look")
