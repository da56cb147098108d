"""Actions, declared once: id, text, shortcut, permission, command. Key bar, buttons and help are drawn from them.

Function keys mean the same everywhere: F1 keys help, F2 change, F3 find or filter, F4 row commands, F5 read anew,
F6 next part of the screen, F7 back one step, F8 print, F9 save or confirm, F10 more, F11 history, F12 lock.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from domain.kernel.authority import Actor


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a person can do on a page.

    `text` is the key of its Chinese text. `shortcut` is in Qt's portable form (``F9``, ``Ctrl+E``). `permission`
    hides it from who has none; with `command` the permission of that command counts, and an action whose
    command is not installed does not appear. `name` of its button is ``action_<id>``.
    """

    id: str
    text: str
    shortcut: str = ""
    permission: str | None = None
    command: str | None = None
    primary: bool = False

    def allowed(self, actor: Actor) -> bool:
        """Tell whether a person sees it at all."""
        if self.command is not None:
            from domain.kernel.commands import commands

            entry = commands().get(self.command)
            if entry is None or (entry.permission is not None and not actor.may(entry.permission)):
                return False
        return self.permission is None or actor.may(self.permission)


class ActionSet(QObject):
    """The actions of one page for one person, with what is enabled now."""

    changed = Signal()
    triggered = Signal(str)

    def __init__(self, actions: Iterable[Action], actor: Actor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.actions = tuple(a for a in actions if a.allowed(actor))
        self._handlers: dict[str, Callable[[], None]] = {}
        self._disabled: set[str] = set()

    def on(self, action_id: str, handler: Callable[[], None]) -> None:
        """Set what an action does; one that is not allowed for the person is ignored."""
        self._handlers[action_id] = handler

    def enable(self, action_id: str, enabled: bool) -> None:
        """Switch an action on or off."""
        if enabled == (action_id in self._disabled):
            (self._disabled.discard if enabled else self._disabled.add)(action_id)
            self.changed.emit()

    def leave_out(self, action_id: str) -> None:
        """Take away an action that has no place on this very page; it is neither shown nor done."""
        self.actions = tuple(a for a in self.actions if a.id != action_id)
        self.changed.emit()

    def is_enabled(self, action_id: str) -> bool:
        return action_id not in self._disabled and any(a.id == action_id for a in self.actions)

    def trigger(self, action_id: str) -> bool:
        """Do it if it is allowed and enabled; returns whether it was done."""
        if not self.is_enabled(action_id):
            return False
        if action_id in self._handlers:
            self._handlers[action_id]()
        self.triggered.emit(action_id)
        return True
