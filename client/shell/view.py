"""The shell's widgets: bar, navigation, the stack of pages, toast, and what lies over all of them."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from client.background import Crash, Job
from client.ports import Scanned
from client.shell.viewmodel import ShellModel
from client.shell.widgets import TopBar
from client.views.in_hands import window_in_hands
from client.views.nav_list import NavList
from client.views.overlay import ResizeFollower
from client.views.page import PageView
from client.views.pages import build_page, first_page
from client.views.toast import StatusToast
from domain.kernel.errors import DomainError
from domain.people.scanned import SEVERAL

BETWEEN_STEPS_MS = 10
"""Keys and paints come through between two steps of completing the shell."""

RECORDS_KEPT = 6
"""Record pages kept open at once; the oldest goes."""


class ShellView(QWidget):
    """The frame of one person's shift."""

    theme_clicked = Signal()
    lock_clicked = Signal()
    leave_clicked = Signal()
    page_shown = Signal(str)

    def __init__(self, model: ShellModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        model.setParent(self)
        self.setObjectName("shell")
        self._pages: OrderedDict[str, PageView] = OrderedDict()
        self._firsts: set[str] = set()
        self._behind: dict[str, PageView] = {}
        self._steps: list[Callable[[], Job | None]] = []
        self.current = ""
        self.bar = TopBar(model.context, self)
        self.nav = NavList(model.entries, model.context, self)
        self.stack = QStackedWidget(self)
        self.stack.setObjectName("pages")
        self.toast = StatusToast(self)
        self.card: Any = None
        """The critical values somebody must take now; there once the store is joined."""
        self.notices: Any = None
        self._asked: tuple[str, dict[str, Any]] | None = None
        self._scans: list[str] = []
        self._lay_out()
        self._bind()
        self._shortcuts()
        self._whole = model.desk.is_complete
        if self._whole:
            self._add_card()

    def start(self) -> None:
        """Begin to follow the store, and open the first page as soon as its modules are there."""
        self.model.start()
        if self.card is not None:
            self.card.model.start()
        if not self._whole:
            self._show_home()
        elif self.model.has_modules(self.model.home):
            QTimer.singleShot(BETWEEN_STEPS_MS, self, self._open_home)
        else:
            self.model.load_modules(self.model.home).finished.connect(self._open_home)

    @Slot()
    def _open_home(self) -> None:
        """Make the first page in one turn of the loop and show it in a later one: both at once hold the screen.

        With a moment between: what is to be done after no time at all, Qt does in the same turn.
        """
        if self.model.home and not self.current and not self._stopped:
            self._add(self.model.home)
            QTimer.singleShot(BETWEEN_STEPS_MS, self, self._show_home)

    @Slot()
    def _show_home(self) -> None:
        if self._stopped:
            return
        if self.model.home and not self.current:
            self.open_page(self.model.home, {})
        if self._whole:
            self.model.load_modules()

    def focus_first(self) -> None:
        """Put the focus where work begins; at first it had none, being hidden."""
        if self.page is not None:
            self.page.focus_first()

    @property
    def is_whole(self) -> bool:
        """Whether it has its real pages and nothing is left to be caught up with."""
        return self._whole and not self._steps and bool(self.current or not self.model.home)

    def complete(self) -> None:
        """The store is joined: put the real pages in place of the first ones, then do what was asked meanwhile.

        In steps, each a turn of the event loop: what is typed meanwhile is not held up.
        """
        if self._whole:
            return
        self._whole = True
        self._steps = [
            self.model.complete, self._add_card, self._load_first, self._build_behind, self._replace_first,
            self._catch_up, self.model.load_modules,
        ]  # fmt: skip
        self._next_step()

    def _load_first(self) -> Job:
        return self.model.load_modules(*(self._firsts or {""}))

    @Slot()
    def _next_step(self) -> None:
        """Take the next step, in the next turn of the loop or when the job of this one has ended."""
        if self._steps and not self._stopped:
            job = self._steps.pop(0)()
            if job is not None:
                job.finished.connect(self._next_step)
            else:
                QTimer.singleShot(BETWEEN_STEPS_MS, self, self._next_step)

    def stop(self) -> None:
        """End every page; the shell is about to go."""
        self._stopped = True
        self.model.stop()
        if self.card is not None:
            self.card.model.stop()
            self.notices.model.stop()
        for page in (*self._pages.values(), *self._behind.values()):
            page.model.close()

    @property
    def page(self) -> PageView | None:
        """The page shown."""
        return self._pages.get(self.current)

    @Slot(str, dict)
    def open_page(self, page: str, arguments: dict[str, Any]) -> None:
        """Show a page, made when it is first asked for; a refusal is said in the toast."""
        if page not in self._pages:
            try:
                if not self._add_now(page):
                    self._asked = (page, arguments)
                    self.toast.show_message(self.model.context.say("page.opening"), "info")
                    return
            except DomainError as error:
                self.toast.show_message(self.model.desk.texts.explain(error), "danger")
                return
        view = self._pages[page]
        self._pages.move_to_end(page)
        self.current = page
        if self.stack.indexOf(view) < 0:
            self.stack.addWidget(view)
        self.stack.setCurrentWidget(view)
        self.nav.mark(page)
        view.model.on_open(**arguments)
        if self.card is None or not self.card.isVisible():
            view.focus_first()
        else:  # a page that opens beneath leaves it the keys, and has them when it is gone
            self.card.forget_focus()
        self._forget_old()
        self.page_shown.emit(page)

    @Slot(str)
    def take_scan(self, text: str) -> None:
        """Send a scan where it belongs: an open dialog, the page shown, or the station that takes its kind."""
        if not self.model.desk.is_complete:
            self._scans.append(text)
            self.toast.show_message(self.model.context.say("scan.opening"), "info")
            return
        dialog: Any = window_in_hands()
        if dialog is not None:
            dialog.take_scan(text)  # nothing opens beneath
        elif (dialog := QApplication.activeModalWidget()) is not None:
            from client.command_dialog.view import CommandDialog

            taken = isinstance(dialog, CommandDialog) and dialog.take_scan(text)
            if not taken:
                self.toast.show_message(self.model.context.say("scan.dialog_open", text=text), "warning")
        elif self.card is not None and self.card.isVisible():
            self.toast.show_message(self.model.context.say("scan.card_open"), "warning")
        else:
            self.model.look_up(text)

    @Slot(object)
    def route(self, scanned: Scanned) -> None:
        """Give what was scanned to the page shown, else open the page it belongs to; of several a person picks."""
        if scanned.kind == SEVERAL:
            from client.views.scan_choice import ScanChoice

            choice = ScanChoice(scanned, self.model.context.say, self)
            choice.chosen.connect(self.route)
            choice.open()
            return
        page = self.page
        if page is not None and page.model.on_scan(scanned):
            return
        target = self.model.page_for(scanned)
        if target:
            self.open_page(target, {})
            if self.page is not None and self.current == target:
                self.page.model.on_scan(scanned)

    @Slot(object)
    def show_crash(self, crash: Crash) -> None:
        """Apologise with the number under which the log has it."""
        self.toast.show_message(self.model.context.say("crash.sentence", number=crash.number), "danger")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc nobody else wanted takes the toast away."""
        if event.key() == Qt.Key.Key_Escape:
            self.toast.dismiss()
        else:
            super().keyPressEvent(event)

    def redraw(self) -> None:
        """Draw anew what a style sheet does not reach, after a change of theme."""
        self.nav.fill()
        self.nav.mark(self.current)

    def _add_card(self) -> None:
        if self.card is None:
            from client.alerts_card.view import AlertsCard
            from client.alerts_card.viewmodel import AlertsModel
            from client.notices.view import notices_over

            self.card = AlertsCard(AlertsModel(self.model.context), self)
            self.card.left.connect(self.focus_first)
            ResizeFollower(self, self.card)
            self.notices = notices_over(self, self.model.context)
            if self.isVisible():
                self.card.model.start()

    def _add_now(self, page: str) -> bool:
        """Add a page, or what its station has until the store is joined; returns whether there was something."""
        if not self.model.desk.is_complete:
            return self._add_first(page)
        self._add(page)
        return True

    def _add_first(self, page: str) -> bool:
        """Add what a station shows until the store is joined; returns whether it has something."""
        view = first_page(page, self.model.context, self.stack)
        if view is not None:
            self._firsts.add(page)
            view.model.message.connect(self.toast.show_message)
            self._pages[page] = view
            self.stack.addWidget(view)
        return view is not None

    def _build_behind(self) -> None:
        """Build the real pages of those that have a first one only; they are not shown yet."""
        for page in self._firsts:
            self._behind[page] = self._built(page)

    def _replace_first(self) -> None:
        for page, view in self._behind.items():
            first: Any = self._pages.pop(page)
            focus = self.focusWidget()
            was_in = focus is not None and first.isAncestorOf(focus)
            kept = first.typed()
            self._pages[page] = view
            self.stack.addWidget(view)
            if self.current == page:
                self.stack.setCurrentWidget(view)
            view.model.on_open(**first.model.asked())
            if was_in:
                view.focus_first()
            for name, (text, cursor) in kept.items():
                field = view.findChild(QLineEdit, name)
                if isinstance(field, QLineEdit):
                    field.setText(text)
                    field.setCursorPosition(cursor)
            first.model.close()
            self.stack.removeWidget(first)
            first.deleteLater()
        self._firsts.clear()
        self._behind.clear()

    def _catch_up(self) -> None:
        asked, self._asked = self._asked, None
        if asked is not None:
            self.open_page(*asked)
        scans, self._scans = self._scans, []
        for text in scans:
            self.take_scan(text)

    _stopped = False

    def _add(self, page: str) -> None:
        self._pages[page] = self._built(page)

    def _built(self, page: str) -> PageView:
        view = build_page(page, self.model.context, self.stack)
        view.model.message.connect(self.toast.show_message)
        view.model.scan_typed.connect(self.take_scan)
        return view

    def _forget_old(self) -> None:
        records = [p for p in self._pages if p.startswith(("record:", "form:")) and p != self.current]
        for page in records[: max(0, len(records) - RECORDS_KEPT + 1)]:
            view = self._pages.pop(page)
            view.model.close()
            self.stack.removeWidget(view)
            view.deleteLater()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self.nav)
        row.addWidget(self.stack, 1)
        column.addWidget(self.bar)
        column.addLayout(row, 1)

    def _bind(self) -> None:
        model, bar = self.model, self.bar
        model.page_asked.connect(self.open_page)
        model.sync_changed.connect(bar.show_sync)
        model.clock_changed.connect(bar.show_clock)
        model.place_changed.connect(bar.show_place)
        model.alerts_changed.connect(bar.show_alerts)
        model.message.connect(self.toast.show_message)
        bar.own.message.connect(self.toast.show_message)
        model.hits_found.connect(bar.search.show_hits)
        model.recognised.connect(self.route)
        bar.search.searched.connect(model.search)
        bar.search.hit_chosen.connect(model.open_hit)
        bar.sync_clicked.connect(self._open_sync)
        bar.alerts_clicked.connect(self._open_alerts)
        bar.theme_clicked.connect(self.theme_clicked)
        bar.lock_clicked.connect(self.lock_clicked)
        bar.leave_clicked.connect(self.leave_clicked)
        self.nav.chosen.connect(self._open_chosen)
        model.jobs.crashed.connect(self.show_crash)

    def _shortcuts(self) -> None:
        for keys, slot in (
            ("Ctrl+K", self._to_search), ("F12", self.lock_clicked), ("F1", self._show_keys), ("F6", self._next_part),
            ("Ctrl+Shift+T", self.theme_clicked),
        ):  # fmt: skip
            QShortcut(QKeySequence(keys), self).activated.connect(slot)
        for number, entry in enumerate(self.model.entries[:9], start=1):
            shortcut = QShortcut(QKeySequence(f"Ctrl+{number}"), self)
            shortcut.setProperty("page", entry.page)
            shortcut.activated.connect(self._open_numbered)

    @Slot(str)
    def _open_chosen(self, page: str) -> None:
        self.open_page(page, {})

    @Slot()
    def _open_numbered(self) -> None:
        self.open_page(self.sender().property("page"), {})

    @Slot()
    def _open_sync(self) -> None:
        self._open_if_seen("sync")

    @Slot()
    def _open_alerts(self) -> None:
        self._open_if_seen(self.model.alerts_page)

    def _open_if_seen(self, page: str) -> None:
        if page and any(e.page == page for e in self.model.entries):
            self.open_page(page, {})

    @Slot()
    def _to_search(self) -> None:
        self.bar.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.bar.search.selectAll()

    @Slot()
    def _show_keys(self) -> None:
        page = self.page
        from client.views.keys_help import KeysHelp

        KeysHelp(self.model.context, page.model.action_set.actions if page else (), self).open()

    @Slot()
    def _next_part(self) -> None:
        if self.nav.hasFocus() and self.page is not None:
            self.page.focus_first()
        else:
            self.nav.setFocus(Qt.FocusReason.ShortcutFocusReason)
