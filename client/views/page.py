"""The base of every page: banner of the client, body, and the bar of keys."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from client.looks import Looks
from client.station import PageModel
from client.views.banner import PatientBanner
from client.views.key_hints import KeyHints

ENTER = "Return"
"""Shown in the key bar, but left to the widget with the focus: a page-wide Enter would take it from every field."""


class PageView(QWidget):
    """One page of the stack. A subclass fills `self.body` in `build` and binds to `self.model`."""

    def __init__(self, model: PageModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model: Any = model
        model.setParent(self)
        self.context = model.context
        self.setObjectName(f"page_{type(model).__module__.rpartition('.')[0].rpartition('.')[2]}")
        self.banner = PatientBanner(self.context, self)
        self.title = QLabel(self)
        self.title.setObjectName("page_title")
        self.title.setProperty("role", "title")
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        self.keys = KeyHints(model.action_set, self.context, self)
        self._lay_out()
        self._bind()
        self.build()

    def build(self) -> None:
        """Make the widgets in `self.body` and bind them; the base has none."""

    def focus_first(self) -> None:
        """Put the focus where work begins; called when the page is shown."""
        self.focusNextChild()

    def say(self, code: str, /, **facts: Any) -> str:
        """Return a sentence of the catalogue."""
        return self.context.say(code, **facts)

    def set_title(self, text: str) -> None:
        self.title.setText(text)
        self.title.setVisible(bool(text))

    def _lay_out(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        inner = QVBoxLayout()
        inner.setContentsMargins(16, 12, 16, 10)
        inner.setSpacing(8)
        inner.addWidget(self.banner)
        inner.addWidget(self.title)
        inner.addLayout(self.body, 1)
        outer.addLayout(inner, 1)
        outer.addWidget(self.keys)
        self.title.hide()

    def _bind(self) -> None:
        self.model.patient_changed.connect(self.banner.show_patient)
        self.looks = Looks(self.model, self.objectName().removeprefix("page_"), self)
        self.model.title_changed.connect(self.set_title)
        for action in self.model.action_set.actions:
            if action.shortcut and action.shortcut != ENTER:
                shortcut = QShortcut(QKeySequence(action.shortcut), self)
                shortcut.setObjectName(f"shortcut_{action.id}")
                shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
                shortcut.activated.connect(_Trigger(self.model.action_set, action.id))


class _Trigger:
    """Calls one action; a name instead of a closure, so that each shortcut keeps its own id."""

    def __init__(self, action_set: Any, action_id: str) -> None:
        self._action_set = action_set
        self._action_id = action_id

    def __call__(self) -> None:
        self._action_set.trigger(self._action_id)
