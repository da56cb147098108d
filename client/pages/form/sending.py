"""Whether what was handed in has reached the centre, files included: looked at until it has."""

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from client.station import Context
from domain.kernel.ids import Id
from sync.response_state import response_sending

LOOK_MS = 1500


class SendingLook(QObject):
    """Follows one response; `told` carries how far it is, in words."""

    told = Signal(str)

    def __init__(self, context: Context, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self._response: Id | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look)

    def follow(self, response_id: Id) -> None:
        """Begin to look at a response."""
        self._response = response_id
        self._timer.start()
        self._look()

    def stop(self) -> None:
        """Look no longer."""
        self._response = None
        self._timer.stop()

    @Slot()
    def _look(self) -> None:
        response_id, context = self._response, self._context
        if response_id is not None:
            job = context.jobs.read(lambda _job: sending_words(context, response_id), "sending")
            job.succeeded.connect(self._tell)

    @Slot(object)
    def _tell(self, told: tuple[str, bool]) -> None:
        if self._response is not None:
            self.told.emit(told[0])
            if told[1]:
                self._timer.stop()


def sending_words(context: Context, response_id: Id) -> tuple[str, bool]:
    """Return how far a response is on its way to the centre, in words, and whether all of it is there."""
    if not context.desk.installation.server:
        return context.say("form_page.sending.no_centre"), True
    with context.desk.store.read() as connection:
        found = response_sending(connection, response_id)
    if found.is_sent:
        return context.say("form_page.sending.sent", count=found.files), True
    if found.refused:
        return context.say("form_page.sending.refused", count=found.refused), False
    code = "form_page.sending.files" if found.answers else "form_page.sending.waiting"
    return context.say(
        code, confirmed=found.confirmed, count=found.files, percent=100 * found.done // max(found.size, 1)
    ), False
