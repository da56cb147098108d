"""The application and its one window: sign-in or the reason why not, then the shell."""

import sys
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QWidget

from client.appearance import COLOURS, base_font, style_sheet
from client.sign_in.view import BlockedView, SignInView

FIRST_SIZE = (1366, 768)
SMALLEST = (1024, 640)


def make_application(theme: str) -> QApplication:
    """Return the one application, dressed."""
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("aftercheck")
    app.setStyle("Fusion")
    app.setFont(base_font())
    dress(app, theme)
    return app


def dress(app: QApplication, theme: str) -> None:
    """Put a theme on; open windows change at once."""
    COLOURS.theme = theme
    app.setPalette(COLOURS.palette())
    app.setStyleSheet(style_sheet(theme))


class MainWindow(QMainWindow):
    """Holds the sign-in page, the page that says why not, and the shell while somebody is signed in."""

    closing = Signal()
    retry = Signal()
    """Asked for on the page that says why not."""

    def __init__(self, words: Any, login: str = "") -> None:
        super().__init__()
        self.setObjectName("main_window")
        self._words = words
        self._blocked: BlockedView | None = None
        self.setWindowTitle(words.say("app.name"))
        self.resize(*FIRST_SIZE)
        self.setMinimumSize(*SMALLEST)
        # Each widget is made where it stays: giving it another parent later works out its style anew.
        self._stack = QStackedWidget(self)
        self.setCentralWidget(self._stack)
        self.sign_in = SignInView(words, login, self._stack)
        self._stack.addWidget(self.sign_in)
        self.shell: Any = None
        self._kept: list[QWidget] = []
        self.enrol: Any = None

    @property
    def blocked(self) -> BlockedView:
        """The page that says why not; made when it is first needed."""
        if self._blocked is None:
            self._blocked = BlockedView(self._words, self._stack)
            self._blocked.retry.connect(self.retry)
            self._blocked.leave.connect(self.close)
            self._stack.addWidget(self._blocked)
        return self._blocked

    @property
    def is_blocked(self) -> bool:
        """Whether that page is shown."""
        return self._blocked is not None and self._blocked.isVisible()

    def show_sign_in(self) -> None:
        self._stack.setCurrentWidget(self.sign_in)
        self.sign_in.focus_first()

    def show_blocked(self) -> None:
        self._stack.setCurrentWidget(self.blocked)
        self.blocked.focus_first()

    def set_enrol(self, page: QWidget) -> None:
        """Take the page of the first start, which only an empty machine needs."""
        self.enrol = page
        self._stack.addWidget(page)

    def show_enrol(self) -> None:
        self._stack.setCurrentWidget(self.enrol)
        self.enrol.focus_first()

    def set_shell(self, shell: QWidget | None) -> None:
        """Take a new shell, or let the old one go."""
        for place in reversed(range(self._stack.count())):
            other = self._stack.widget(place)
            if other not in (self.sign_in, self._blocked, self.enrol, shell, *self._kept):
                self._stack.removeWidget(other)
                other.deleteLater()
        self.shell = shell
        if shell is not None and self._stack.indexOf(shell) < 0:
            self._stack.addWidget(shell)

    def keep_shell(self) -> None:
        """Put the shell aside: it stays as it is, hidden, until it is taken back or let go."""
        self._kept.append(self.shell)
        self.shell = None

    def take_shell(self, shell: QWidget) -> None:
        """Make a shell that was put aside the one of the window again."""
        self._kept.remove(shell)
        self.set_shell(shell)

    def let_go(self, shell: QWidget) -> None:
        """Let a shell go that was put aside."""
        self._kept.remove(shell)
        self._stack.removeWidget(shell)
        shell.deleteLater()

    def make_room(self) -> QWidget:
        """Return where a new shell is to be made; the old one goes."""
        self.set_shell(None)
        return self._stack

    def lay_out_shell(self, shell: QWidget) -> None:
        """Take a shell in and give it its style and size, but do not show it."""
        self._stack.addWidget(shell)
        shell.resize(self._stack.size())

    def block(self, texts: Any, error: Any) -> None:
        """Show why nothing can be opened: the reason of a known error, what to do, and its code."""
        remedy = f"{error.code}.remedy"
        self.blocked.show_reason(
            texts.explain(error), texts.say(remedy, **error.facts) if remedy in texts else "",
            texts.say("blocked.code", name=error.code),
        )  # fmt: skip
        self.show_blocked()

    def tell(self, sentence: str) -> None:
        """Say what went wrong over whatever is open, if anybody is signed in."""
        if self.shell is not None:
            self.shell.toast.show_message(sentence, "danger")

    def show_shell(self) -> None:
        self._stack.setCurrentWidget(self.shell)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Tell the application to end in order."""
        self.closing.emit()
        super().closeEvent(event)
