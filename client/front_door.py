"""The page in front of a desk that somebody has: locking it, letting a colleague in between, coming back."""

from typing import Any

from PySide6.QtCore import QObject, Slot

from client.views.parking import Parking


class FrontDoor(QObject):
    """Joins the session, the sign-in page and the desks that wait.

    Args:
        window: The one window.
        session: Who is here.
        parking: Desks that wait.
        parent: Owner.
    """

    def __init__(self, window: Any, session: Any, parking: Parking, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window, self._session, self._parking = window, session, parking
        page = window.sign_in
        session.checking.connect(page.show_busy)
        session.locked.connect(self._locked)
        session.unlocked.connect(self._unlocked)
        session.parked.connect(parking.park)
        session.card_read.connect(page.show_card)
        page.leave.connect(self._let_in)

    @property
    def is_shut(self) -> bool:
        """Whether the sign-in page is what people see, so that a card scanned now is meant for it."""
        return self._session.actor is None or self._session.is_locked

    @Slot()
    def _locked(self) -> None:
        self._parking.veil()
        self._window.sign_in.show_locked(self._session.actor.name, self._session.login)
        self._window.show_sign_in()

    @Slot()
    def _unlocked(self) -> None:
        self._window.sign_in.show_open()
        self._window.show_shell()
        self._parking.unveil()

    @Slot()
    def _let_in(self) -> None:
        """Somebody else wants to come in; whoever has the desk loses nothing by it."""
        self._window.sign_in.show_other(self._session.actor.name)
        self._window.show_sign_in()
