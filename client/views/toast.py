"""A sentence for some seconds at the foot of the window; errors stay until the next one or Esc."""

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

SHOWN_MS = {"info": 4000, "success": 3000, "warning": 8000, "danger": 0}


class StatusToast(QFrame):
    """Lies over `parent`'s lower edge; tones are ``info``, ``success``, ``warning``, ``danger``."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("toast")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 10, 16, 10)
        self._label = QLabel(self)
        self._label.setObjectName("toast_text")
        self._label.setProperty("role", "subtitle")
        self._label.setWordWrap(True)
        row.addWidget(self._label)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        parent.installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        """What is shown now, empty when nothing is."""
        return self._label.text() if self.isVisible() else ""

    @Slot(str, str)
    def show_message(self, text: str, tone: str = "info") -> None:
        """Show a sentence in a tone."""
        self.setProperty("tone", tone)
        for widget in (self, self._label):
            widget.style().unpolish(widget)
            widget.style().polish(widget)
        self._label.setText(text)
        self.setAccessibleName(text)
        self._place()
        self.show()
        self.raise_()
        self._timer.stop()
        if SHOWN_MS.get(tone, 4000):
            self._timer.start(SHOWN_MS.get(tone, 4000))

    @Slot()
    def dismiss(self) -> None:
        self._timer.stop()
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the lower edge when the window changes its size."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        parent = self.parentWidget()
        width = min(720, parent.width() - 80)
        self._label.setFixedWidth(width - 32)
        self.setFixedWidth(width)
        self.adjustSize()
        self.move((parent.width() - self.width()) // 2, parent.height() - self.height() - 56)
