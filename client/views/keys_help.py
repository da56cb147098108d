"""What F1 shows: every key of the shell and of the page."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QWidget

from client.actions import Action
from client.station import Context
from client.views.dialog import Dialog

EVERYWHERE = (
    ("Ctrl+K", "keys.search"), ("Ctrl+1…9", "keys.pages"), ("F6", "keys.part"), ("F12", "keys.lock"),
    ("Ctrl+Shift+T", "keys.theme"), ("Ctrl+Shift+A", "keys.notices"), ("Esc", "keys.escape"), ("F1", "keys.help"),
)  # fmt: skip


class KeysHelp(Dialog):
    """Closes with Esc or Enter."""

    def __init__(self, context: Context, actions: Iterable[Action], parent: QWidget) -> None:
        super().__init__(context.say("keys.title"), parent)
        self.setObjectName("keys_help")
        grid = QGridLayout(self)
        grid.setContentsMargins(28, 22, 28, 18)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(8)
        rows = [(a.shortcut, context.say(a.text)) for a in actions if a.shortcut]
        rows += [(keys, context.say(code)) for keys, code in EVERYWHERE]
        for at, (keys, text) in enumerate(rows):
            key = QLabel(keys, self)
            key.setProperty("role", "subtitle")
            grid.addWidget(key, at, 0)
            grid.addWidget(QLabel(text, self), at, 1)
        close = QPushButton(context.say("keys.close"), self)
        close.setObjectName("keys_close")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        grid.addWidget(close, len(rows), 1, Qt.AlignmentFlag.AlignRight)
