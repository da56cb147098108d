"""The record page's widgets: two columns of labels and values, the history below or beside."""

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from client.command_dialog.view import CommandDialog
from client.pages.record.history import HistoryLine
from client.pages.record.viewmodel import Sheet, Value, ViewModel
from client.phone_dialog.view import REPORT, PhoneDialog
from client.phone_link import HandedOver, Secret
from client.views.menus import numbered_menu
from client.views.page import PageView
from domain.kernel.commands import commands
from domain.links.report_commands import Shared

LINK = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft


class View(PageView):
    """F11 goes to the history; links lead to other records."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        row = QHBoxLayout()
        row.setSpacing(12)
        self._values = self._area("record_values")
        self._history = self._area("record_history")
        row.addWidget(self._values, 3)
        row.addWidget(self._history, 2)
        self.body.addLayout(row, 1)
        self._gone = QLabel(self.say("record.gone"), self)
        self._gone.setObjectName("record_gone")
        self._gone.setProperty("role", "subtitle")
        self._gone.hide()
        self.body.addWidget(self._gone)
        self.model.sheet_changed.connect(self.show_sheet)
        self.model.action_set.on("history", self._history.setFocus)
        self.model.action_set.on("print", self._ask_what_to_print)
        self.model.share_asked.connect(self._ask_how_long)

    def focus_first(self) -> None:
        """Begin with the values."""
        self._values.setFocus()

    @Slot(object)
    def show_sheet(self, sheet: Sheet | None) -> None:
        """Show the record anew."""
        self._gone.setVisible(sheet is None)
        if sheet is None:
            return
        self._values.setWidget(self._sheet(sheet.values))
        self._history.setWidget(self._lines(sheet.history))

    @Slot()
    def _ask_what_to_print(self) -> None:
        """F8: the documents of this record, each by its digit."""
        entries = [(one.label, one.id, True) for one in self.model.printable()]
        menu = numbered_menu("record_print_menu", entries, self)
        menu.triggered.connect(lambda entry: self.model.print_document(entry.data()))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.mapToGlobal(self.rect().topLeft()))

    @Slot(object)
    def _ask_how_long(self, secret: Secret) -> None:
        """Ask for sessions and days; the code is shown once the link is on disk."""
        given = {"patient_id": self.model.record_id, "token_sha256": secret.sha256}
        dialog = CommandDialog(self.context, commands()["link.share_report"], given, self)
        dialog.completed.connect(lambda done: self._show_code(secret, done.receipt))
        dialog.open()

    def _show_code(self, secret: Secret, shared: Shared) -> None:
        handed = HandedOver(secret.address, shared.expires_at)
        PhoneDialog(handed, self.context, self, REPORT, count=shared.most_openings).open()

    def _area(self, name: str) -> QScrollArea:
        area = QScrollArea(self)
        area.setObjectName(name)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return area

    def _sheet(self, values: tuple[Value, ...]) -> QWidget:
        card = QFrame(self._values.viewport())  # made where it will lie: it is styled once
        card.setProperty("part", "card")
        grid = QGridLayout(card)
        grid.setContentsMargins(20, 16, 20, 16)
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        for at, value in enumerate(values):
            label = QLabel(value.label, card)
            label.setProperty("role", "muted")
            label.setToolTip(value.code)
            grid.addWidget(label, at, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(
                self._shown(value, card), at, 1, Qt.AlignmentFlag.AlignTop if not value.link else LINK
            )
        grid.setRowStretch(len(values), 1)
        return card

    def _shown(self, value: Value, parent: QWidget) -> QWidget:
        if value.link:
            link = QPushButton(f"{value.text}  ›", parent)
            link.setObjectName(f"link_{value.name}")
            link.setProperty("link", "true")
            link.setProperty("page", value.link)
            link.clicked.connect(self._follow)
            return link
        text = QLabel(value.text or "—", parent)
        text.setObjectName(f"value_{value.name}")
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        if value.masked:
            text.setToolTip(self.say("record.masked"))
        return text

    def _lines(self, lines: tuple[HistoryLine, ...]) -> QWidget:
        card = QFrame(self._history.viewport())
        card.setProperty("part", "card")
        column = QVBoxLayout(card)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        head = QLabel(self.say("record.history"), card)
        head.setProperty("role", "subtitle")
        column.addWidget(head)
        for line in lines:
            column.addWidget(self._line(line, card))
        if not lines:
            column.addWidget(QLabel(self.say("record.no_history"), card))
        column.addStretch(1)
        return card

    @staticmethod
    def _line(line: HistoryLine, parent: QWidget) -> QLabel:
        rows: list[str] = [f"{line.at}  {line.who}  {line.what}", *(f"    {f}" for f in line.fields)]
        label = QLabel("\n".join(rows), parent)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        return label

    @Slot()
    def _follow(self) -> None:
        sender: Any = self.sender()
        self.model.open_link(sender.property("page"))
