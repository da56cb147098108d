"""What a station is made of: its declaration and the base of its view-model. QtCore only.

`client.stations` tells how to add one; the widgets are in `client.views.station`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QMetaMethod, QObject, Signal

from client.actions import Action, ActionSet
from client.background import Job, Jobs
from client.formatting import Formatter
from client.live import Changed, Live
from client.ports import Scanned
from domain.kernel.authority import Actor
from domain.kernel.errors import KnownError

if TYPE_CHECKING:
    from client.desk import Desk
    from client.sync_look import SyncLook
    from domain.kernel.unit_of_work import Done

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Station:
    """A hand-made page, declared in the ``__init__.py`` of its folder as ``STATION``.

    Args:
        id: Name of its folder; roles whose `home` in ``roles.yaml`` it is begin there.
        label: Chinese name in the navigation.
        permission: Who sees it.
        icon: Name of a file in ``resources/icons``.
        order: Place in the navigation, small first.
        scans: Kinds of `Scanned` it takes although another page is open: the router opens it for them.
        first: Whether it has a ``first/view.py``: what it shows until the store is joined.
    """

    id: str
    label: str
    permission: str
    icon: str = "station"
    order: int = 100
    scans: frozenset[str] = frozenset()
    first: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """What a page is given: the desk, who sits at it, and the doors to the rest of the shell."""

    desk: "Desk"
    actor: Actor
    jobs: Jobs
    live: Live
    formatter: Formatter
    preferences: Any
    open_page: Callable[..., None]
    """``open_page(id, **arguments)``: e.g. ``open_page("record", entity="patient", record_id=…)``."""
    sync: "SyncLook | None" = None
    """How the exchange stands, the same for header and pages; None where there is no shell around."""

    def say(self, code: str, /, **facts: Any) -> str:
        """Return a sentence of the catalogue."""
        return self.desk.texts.say(code, **facts)


class PageModel(QObject):
    """Base of every page's view-model, made without a window.

    A subclass declares `actions`, overrides `watches` (entities whose changes call `on_changed`), and uses `query`
    and `run` for everything that touches the store: both answer on the UI thread and never block it.
    """

    message = Signal(str, str)
    """Sentence and tone (``info``, ``success``, ``warning``, ``danger``) for the toast."""
    field_error = Signal(str, str)
    """Field of a refused input and the sentence to show beside it."""
    scan_typed = Signal(str)
    """A number typed from a label: what it is, is told by the same rule as of a scan."""
    busy_changed = Signal(bool)
    title_changed = Signal(str)
    patient_changed = Signal(object)
    """Id of the client the page now works on, None for none; the banner follows it."""

    actions: tuple[Action, ...] = ()

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.action_set = ActionSet(self.actions, context.actor, self)
        self._running = 0
        self.is_closed = False
        """Set by `close`: a job may outlive its page, its answer then reaches nobody."""
        context.live.changed.connect(self._live)

    def watches(self) -> frozenset[str]:
        """Return the entities whose changes this page wants to know of."""
        return frozenset()

    def on_changed(self, changed: Changed) -> None:
        """Reload what is shown of the records that changed."""

    def on_scan(self, scanned: Scanned) -> bool:
        """Take a scan; return False to let the router open the page it belongs to."""
        return False

    def on_open(self, **arguments: Any) -> None:
        """Begin to be looked at, with the arguments of `open_page`."""

    def query(self, work: Callable[[], T], then: Callable[[T], None], name: str = "query") -> Job:
        """Read in the background: ``work()`` in a reader thread, ``then(result)`` on the UI thread."""
        job = self.context.jobs.read(lambda _job: work(), name)
        return self._follow(job, then, None)

    def run(
        self,
        order: Any,
        then: "Callable[[Done], None] | None" = None,
        refused: Callable[[KnownError], None] | None = None,
    ) -> Job:
        """Run a command (its input object) in the writer queue as the person signed in, or ask the centre for it.

        On `then` it is on disk. Without `refused` a refusal is said beside its field (`field_error`), or in the
        toast when it names none or the page shows none.
        """
        from client.asking import start  # commands are loaded by the time one is run

        return self._follow(start(self.context, order), then, refused)

    def run_named(
        self,
        command: str,
        data: Mapping[str, Any],
        then: "Callable[[Done], None] | None" = None,
        refused: Callable[[KnownError], None] | None = None,
    ) -> Job:
        """Run a command by name on plain data; otherwise as `run`."""
        from client.asking import start_named  # as in `run`

        return self._follow(start_named(self.context, command, data), then, refused)

    def explain(self, error: KnownError) -> str:
        """Return the Chinese sentence of a known error."""
        return self.context.desk.texts.explain(error)

    def toast(self, code: str, tone: str = "info", /, **facts: Any) -> None:
        """Show a sentence of the catalogue for some seconds."""
        self.message.emit(self.context.say(code, **facts), tone)

    def close(self) -> None:
        """Stop following the store; the page is about to go."""
        self.is_closed = True
        self.context.live.changed.disconnect(self._live)

    def _follow(
        self,
        job: Job,
        then: Callable[[Any], None] | None,
        refused: Callable[[KnownError], None] | None,
    ) -> Job:
        self._running += 1
        if self._running == 1:
            self.busy_changed.emit(True)
        if then is not None:
            job.succeeded.connect(self._while_open(then))
        job.refused.connect(self._while_open(refused or self._refuse))
        job.finished.connect(self._ended)
        return job

    def _while_open(self, answer: Callable[[Any], None]) -> Callable[[Any], None]:
        def call(value: Any) -> None:
            if not self.is_closed:
                answer(value)

        return call

    def _refuse(self, error: KnownError) -> None:
        sentence = self.explain(error)
        # A page without fields of its own has nobody who would show it beside one: then it is said, not lost.
        beside = self.isSignalConnected(QMetaMethod.fromSignal(self.field_error))
        if error.field and beside:
            self.field_error.emit(error.field, sentence)
        else:
            self.message.emit(sentence, "danger")

    def _ended(self) -> None:
        self._running -= 1
        if self._running == 0:
            self.busy_changed.emit(False)

    def _live(self, changed: Changed) -> None:
        if changed.touches(self.watches()):
            self.on_changed(changed)


StationModel = PageModel
"""The base a station's ``ViewModel`` derives from."""
