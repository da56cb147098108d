"""The navigation at the left: groups of pages."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from client.appearance import icon
from client.navigation import Entry
from client.station import Context

PAGE_ROLE = Qt.ItemDataRole.UserRole
NAV_WIDTH = 208


class NavList(QListWidget):
    """The pages one may open; Enter, a click or Ctrl+digit opens."""

    chosen = Signal(str)

    def __init__(self, entries: Sequence[Entry], context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("nav")
        self.setAccessibleName(context.say("nav.name"))
        self.setProperty("part", "nav")
        self.setFixedWidth(NAV_WIDTH)
        self.setIconSize(QSize(18, 18))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._entries = list(entries)
        self._context = context
        self.fill()
        self.itemClicked.connect(self._open)

    def fill(self) -> None:
        """Draw the entries anew, also after a change of theme."""
        current = self.current_page
        self.clear()
        group = ""
        for number, entry in enumerate(self._entries, start=1):
            if entry.group != group:
                group = entry.group
                head = QListWidgetItem(self._context.say(group))
                head.setFlags(Qt.ItemFlag.NoItemFlags)
                self.addItem(head)
            item = QListWidgetItem(icon(entry.icon, "primary"), entry.label)
            item.setData(PAGE_ROLE, entry.page)
            if number <= 9:
                item.setToolTip(f"{entry.label}  Ctrl+{number}")
            self.addItem(item)
        self.mark(current)

    @property
    def current_page(self) -> str:
        item = self.currentItem()
        return str(item.data(PAGE_ROLE) or "") if item is not None else ""

    def mark(self, page: str) -> None:
        """Show which page is open; one that is not in the list marks nothing."""
        for row in range(self.count()):
            if self.item(row).data(PAGE_ROLE) == page and page:
                self.setCurrentRow(row)
                return
        self.setCurrentRow(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open with Enter; everything else moves."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentItem() is not None:
            self._open(self.currentItem())
        else:
            super().keyPressEvent(event)

    @Slot(QListWidgetItem)
    def _open(self, item: QListWidgetItem) -> None:
        page = item.data(PAGE_ROLE)
        if page:
            self.chosen.emit(page)
