"""The desk of whom a login looks like, laid out while the password is checked, and thrown away if that was wrong."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Slot


class Presumption(QObject):
    """Keeps one hidden shell.

    Args:
        window: Where it lies.
        make: Makes the shell of a person, hidden.
        parent: Owner.
    """

    def __init__(self, window: Any, make: Callable[[Any], Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window = window
        self._make = make
        self._expected: Any = None
        self._made: tuple[Any, Any] | None = None

    def expect(self, actor: Any) -> None:
        """Begin; loading takes this turn of the event loop, building the next."""
        import client.shell.view
        import client.shell.viewmodel  # noqa: F401

        self._expected = actor
        QTimer.singleShot(0, self, self._lay_out)

    def take(self, actor: Any) -> Any:
        """Return the shell of this person, who is to be shown; None if there is none, or another's."""
        if self._made is None or self._made[0] != actor:
            self.forget()
            return None
        shell = self._made[1]
        self._expected = self._made = None
        return shell

    def forget(self) -> None:
        """Let it go unseen."""
        self._expected = None
        if self._made is not None:
            shell = self._made[1]
            self._made = None
            shell.stop()
            self._window.set_shell(None)

    @Slot()
    def _lay_out(self) -> None:
        actor, self._expected = self._expected, None
        if actor is not None and self._window.shell is None:
            self.forget()
            self._made = (actor, self._make(actor))
