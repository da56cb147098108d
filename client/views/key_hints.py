"""The bar at the foot of a page: what each key does, drawn from the page's actions; clickable as well."""

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from client.actions import ActionSet

_SHOWN = {"Return": "Enter", "PgUp": "PgUp"}


class KeyHints(QFrame):
    """Buttons ``action_<id>`` with their keys; primary ones are filled.

    Of actions that share a key only the one it does now is shown: the bar has to fit a small screen.
    """

    def __init__(self, action_set: ActionSet, context: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._set = action_set
        self._buttons: dict[str, QPushButton] = {}
        self.setProperty("part", "keys")
        self.setObjectName("key_hints")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 3, 12, 3)
        row.setSpacing(4)
        for action in action_set.actions:
            text = context.say(action.text)
            key = _SHOWN.get(action.shortcut, action.shortcut)
            button = QPushButton(f"{key}  {text}" if key else text, self)
            button.setObjectName(f"action_{action.id}")
            button.setAccessibleName(text)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setProperty("action", action.id)
            button.clicked.connect(self._clicked)
            self._buttons[action.id] = button
            row.addWidget(button)
        keys: dict[str, list[str]] = {}
        for action in action_set.actions:
            if action.shortcut:
                keys.setdefault(action.shortcut, []).append(action.id)
        self._sharing = [ids for ids in keys.values() if len(ids) > 1]
        row.addStretch(1)
        self.setVisible(bool(self._buttons))
        action_set.changed.connect(self._refresh)
        self._refresh()

    @Slot()
    def _clicked(self) -> None:
        self._set.trigger(self.sender().property("action"))

    @Slot()
    def _refresh(self) -> None:
        for action_id, button in self._buttons.items():
            button.setEnabled(self._set.is_enabled(action_id))
        for sharing in self._sharing:
            shown = next((one for one in sharing if self._set.is_enabled(one)), sharing[0])
            for one in sharing:
                self._buttons[one].setHidden(one != shown)
