"""Letting a workstation stand as a kiosk."""

from PySide6.QtCore import QObject, Signal

from client.actions import Action
from client.station import Context, PageModel


class ViewModel(PageModel):
    """One action: from it on the screen is the clients' until the password."""

    begun = Signal()

    actions = (Action("begin", "kiosk_page.begin", "F9", primary=True),)

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        self.action_set.on("begin", self.begun.emit)
