"""Desks of people who made way for a colleague: hidden with what was open, and theirs again when they come back."""

from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QDialog

from client.views.in_hands import MARK
from domain.kernel.authority import Actor

MOST = 4
"""Desks that wait at once; for one more the oldest is ended."""


class Parking(QObject):
    """Keeps hidden shells, and takes the dialogs of a locked desk off the screen.

    Args:
        window: Where the shells lie.
        parent: Owner.
    """

    def __init__(self, window: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window = window
        self._waiting: dict[Any, tuple[Actor, Any, list[QDialog]]] = {}
        self._veiled: list[QDialog] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def veil(self) -> None:
        """Hide what lies open over the desk: a dialog shows clients like a page does, and would keep the keys.

        A screen in a client's hands stays: it has its own lock, and nothing of the desk is on it.
        """
        self._veiled += [
            dialog
            for dialog in QApplication.topLevelWidgets()
            if isinstance(dialog, QDialog) and dialog.isVisible() and dialog.property(MARK) is not True
        ]
        for dialog in self._veiled:
            dialog.hide()

    def unveil(self) -> None:
        """Show it again, to whom it belongs."""
        veiled, self._veiled = self._veiled, []
        _show(veiled)

    def park(self, actor: Actor) -> None:
        """Put the desk shown aside for a colleague."""
        if self._window.shell is None:
            return
        if len(self._waiting) >= MOST:
            self._end(next(iter(self._waiting)))
        self._waiting[actor.staff_id] = (actor, self._window.shell, self._veiled)
        self._veiled = []
        self._window.keep_shell()

    def take(self, actor: Actor) -> Any:
        """Return this person's desk, None if none waits; one made under other rights is ended instead."""
        found = self._waiting.get(actor.staff_id)
        if found is None:
            return None
        if found[0] != actor:
            self._end(actor.staff_id)
            return None
        del self._waiting[actor.staff_id]
        self._window.take_shell(found[1])
        self._veiled = found[2]
        return found[1]

    def end_all(self) -> None:
        """End every desk that waits: the program closes."""
        for staff_id in list(self._waiting):
            self._end(staff_id)

    def forget(self) -> None:
        """Close what was hidden: its shift has ended."""
        veiled, self._veiled = self._veiled, []
        for dialog in veiled:
            dialog.close()

    def _end(self, staff_id: Any) -> None:
        _actor, shell, dialogs = self._waiting.pop(staff_id)
        for dialog in dialogs:
            dialog.close()
        shell.stop()
        self._window.let_go(shell)


def _show(dialogs: list[QDialog]) -> None:
    for dialog in dialogs:
        dialog.show()
        dialog.activateWindow()
