"""What concerns only the person signed in: password and PIN, behind one key in the bar."""

from typing import Any

from PySide6.QtCore import QPoint, Signal, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QPushButton, QWidget

from client.station import Context
from client.views.menus import numbered_menu

OWN = ("staff.set_pin", "staff.drop_pin", "staff.change_password")
KEY = "Ctrl+Shift+U"


class OwnMenu(QPushButton):
    """A button with the commands everybody may give about themselves; `message` says what came of one."""

    message = Signal(str, str)

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(context.say("bar.own"), parent)
        self._context = context
        self.setObjectName("own_button")
        self.setToolTip(context.say("bar.own.tip", key=KEY))
        self.setAccessibleName(context.say("bar.own.tip", key=KEY))
        self.setShortcut(QKeySequence(KEY))
        self.clicked.connect(self._open)

    @Slot()
    def _open(self) -> None:
        if not self._context.desk.is_complete:
            self.message.emit(self._context.say("page.opening"), "info")
            return
        from domain.kernel.commands import commands

        quick = self._context.desk.settings.quick_hours > 0
        entries = [(commands()[name].label, name, True) for name in OWN if quick or not name.endswith("_pin")]
        menu = numbered_menu("own_menu", entries, self)
        menu.triggered.connect(self._chosen)
        menu.popup(self.mapToGlobal(QPoint(0, self.height())))

    @Slot(object)
    def _chosen(self, action: Any) -> None:
        from client.command_dialog.view import CommandDialog
        from domain.kernel.commands import commands

        command = commands()[action.data()]
        dialog = CommandDialog(self._context, command, {}, self.window())
        done = self._context.say("bar.own.done", what=command.label)
        dialog.completed.connect(lambda _done: self.message.emit(done, "success"))
        dialog.open()
