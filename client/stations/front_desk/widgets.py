"""Small widgets the panels of the front desk share."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from client.appearance import COLOURS

LEFT_PX, RIGHT_PX = 228, 344
"""Widths of the columns at both sides of it."""


def text(name: str, parent: QWidget, role: str = "", *, wrap: bool = False) -> QLabel:
    """Return an empty label with an object name and a role of the style sheet."""
    label = QLabel(parent)
    label.setObjectName(name)
    label.setWordWrap(wrap)
    if role:
        label.setProperty("role", role)
    return label


def set_tone(widget: QWidget, tone: str) -> None:
    """Give a named widget and its labels a tone (``success``, ``warning``, ``danger``, ``info`` or none).

    By the widget's own name, because the rule of the card it lies on outweighs that of a property.
    """
    name = widget.objectName()
    if not tone:
        widget.setStyleSheet("")
        return
    soft = COLOURS["primary_soft" if tone == "info" else f"{tone}_soft"].name()
    ink = COLOURS["text" if tone == "info" else tone].name()
    widget.setStyleSheet(
        f"#{name} {{ background-color: {soft}; border-radius: 4px; }}"
        f"#{name}, #{name} QLabel {{ color: {ink}; }} #{name} QLabel {{ background: transparent; }}"
    )


class Card(QFrame):
    """A white frame with a title; `body` takes what it holds."""

    def __init__(self, name: str, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setProperty("part", "card")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(14, 10, 14, 12)
        self.body.setSpacing(8)
        self.title = text(f"{name}_title", self, "subtitle")
        self.title.setText(title)
        self.title.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.title.setVisible(bool(title))
        self.body.addWidget(self.title)


class Strip(QFrame):
    """A line that must not be overlooked: sentence on the left, what the keys do on the right."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 14, 8)
        row.setSpacing(16)
        self.sentence = text(f"{name}_text", self, "subtitle", wrap=True)
        self.keys = text(f"{name}_keys", self)
        self.keys.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.sentence, 1)
        row.addWidget(self.keys)
        self.hide()

    def show_text(self, sentence: str, keys: str = "", tone: str = "info") -> None:
        """Show a sentence in a tone; an empty one hides the strip."""
        self.sentence.setText(sentence)
        self.keys.setText(keys)
        self.setAccessibleName(f"{sentence} {keys}")
        set_tone(self, tone)
        self.setVisible(bool(sentence))


LETTERS = "letters_px"
"""Property of a window that wants larger letters than a desk does."""


class NumberedChoice(QPushButton):
    """A choice with its number key, large enough for a finger; the key is told in words as well."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("choice", "true")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMinimumHeight(42)

    def show_choice(self, key: int, label: str, *, chosen: bool) -> None:
        """Show one option; a chosen one carries a tick, not only a colour."""
        mark = "✓ " if chosen else ""
        self.setText(f"{key}   {mark}{label}")
        self.setAccessibleName(label)
        self.setProperty("primary", "true" if chosen else "false")
        self.style().unpolish(self)
        self.style().polish(self)
        letters = int(self.window().property(LETTERS) or 16)
        self.setStyleSheet(
            f"text-align: left; padding-left: 14px; font-size: {letters}px; height: {round(letters * 2.6)}px;"
        )


class Panels(QStackedWidget):
    """A stack that is only as tall as the panel it shows, not as its tallest one."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("panels")
        self.currentChanged.connect(self.updateGeometry)

    def minimumSizeHint(self) -> QSize:
        current = self.currentWidget()
        layout = current.layout() if current is not None else None
        if current is None or layout is None:
            return super().minimumSizeHint()
        if layout.hasHeightForWidth():
            return QSize(
                current.minimumSizeHint().width(), layout.minimumHeightForWidth(max(1, self.width()))
            )
        return current.minimumSizeHint()

    def sizeHint(self) -> QSize:
        current = self.currentWidget()
        return current.sizeHint() if current is not None else super().sizeHint()


def scrolling(parent: QWidget) -> QScrollArea:
    """Return a frame in which a panel that is too tall for the screen can be moved; `setWidget` gives it one."""
    area = QScrollArea(parent)
    area.setObjectName("step_area")
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area


def waiting_card(
    say: Callable[..., str], parent: QWidget, notes: Iterable[QWidget] = (), below: QWidget | None = None
) -> tuple[Card, QLineEdit]:
    """Return the card and its search field.

    Args:
        say: The catalogue.
        parent: Owner.
        notes: Shown above the field.
        below: Shown under it.
    """
    card = Card("waiting_card", "", parent)
    prompt = text("waiting_prompt", card, "huge")
    prompt.setText(say("front_desk.waiting"))
    prompt.setAlignment(Qt.AlignmentFlag.AlignCenter)
    hint = text("waiting_hint", card, "subtitle", wrap=True)
    hint.setText(say("front_desk.waiting_hint"))
    hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
    field = QLineEdit(card)
    field.setObjectName("find_client")
    field.setAccessibleName(say("front_desk.search"))
    field.setPlaceholderText(f"{say('front_desk.search')}（{say('front_desk.search_hint')}）")
    card.body.addStretch(2)
    for widget in (prompt, hint, *notes):
        card.body.addWidget(widget)
    card.body.addSpacing(18)
    card.body.addWidget(field)
    if below is not None:
        card.body.addWidget(below, 3)
    card.body.addStretch(3)
    return card, field
