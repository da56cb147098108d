"""What a kiosk does, said to whoever sets it up, and the key that begins it."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLabel

from client.pages.kiosk.viewmodel import ViewModel
from client.pages.kiosk.waiting.view import KioskWaiting
from client.views.page import PageView

STEPS = ("kiosk_page.how", "kiosk_page.codes", "kiosk_page.camera", "kiosk_page.back")


class View(PageView):
    """F9 gives the screen to the clients."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        self.waiting: KioskWaiting | None = None
        self.set_title(self.say("nav.kiosk"))
        for at, code in enumerate(STEPS):
            label = QLabel(self.say(code), self)
            label.setObjectName(f"kiosk_step_{at}")
            label.setWordWrap(True)
            self.body.addWidget(label)
        self.body.addStretch(1)
        self.model.begun.connect(self._begin)

    def focus_first(self) -> None:
        """There is nothing to type here; the keys are the page's."""
        self.setFocus()

    @Slot()
    def _begin(self) -> None:
        if self.waiting is None:
            self.waiting = KioskWaiting(self.context, self.window())
            self.waiting.left.connect(self._back)
            self.waiting.open_kiosk()

    @Slot()
    def _back(self) -> None:
        self.waiting = None
        self.activateWindow()
        self.focus_first()
