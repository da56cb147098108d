"""The navigation at the left: areas that open and close, and the pages in them."""

from collections.abc import Sequence

from PySide6.QtCore import QElapsedTimer, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from client.appearance import icon
from client.navigation import Entry, found_by
from client.station import Context

PAGE_ROLE = Qt.ItemDataRole.UserRole
AREA_ROLE = Qt.ItemDataRole.UserRole + 1
NAV_WIDTH = 208
FEW = 12
"""A navigation this short has all of its areas open at first."""
ALWAYS_OPEN = ("nav.stations", "nav.alerts")
FORGET_MS = 1000
"""Letters typed after such a pause begin another word."""
OPENED, SHUT = "▾", "▸"


class NavList(QListWidget):
    """The pages one may open; Enter, a click or Ctrl+digit opens, letters find a page by its pinyin.

    Which areas are open is remembered for each role of the workstation.
    """

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
        self._typed, self._pause = "", QElapsedTimer()
        self._remembered = f"nav.areas.{context.actor.role}"
        self._areas = list(dict.fromkeys(e.group for e in self._entries))
        self._open_areas = self._first_open()
        self.fill()
        self.itemClicked.connect(self._choose)

    def fill(self) -> None:
        """Draw the entries anew, also after a change of theme."""
        current = self.current_page
        self.clear()
        numbers = {entry.page: number for number, entry in enumerate(self._entries, start=1)}
        for area in self._areas:
            inside = [e for e in self._entries if e.group == area]
            self._add_head(area, len(inside))
            for entry in inside if area in self._open_areas else ():
                item = QListWidgetItem(icon(entry.icon, "primary"), entry.label)
                item.setData(PAGE_ROLE, entry.page)
                item.setData(AREA_ROLE, area)
                number = numbers[entry.page]
                item.setToolTip(f"{entry.label}  Ctrl+{number}" if number <= 9 else entry.label)
                self.addItem(item)
        self._select(current)

    @property
    def current_page(self) -> str:
        item = self.currentItem()
        return str(item.data(PAGE_ROLE) or "") if item is not None else ""

    def mark(self, page: str) -> None:
        """Show which page is open, with its area; one that is not in the list marks nothing."""
        area = next((e.group for e in self._entries if e.page == page), None)
        if area is not None and area not in self._open_areas:
            self._open_areas.add(area)
            self.fill()
        self._select(page)

    def find(self, letters: str) -> str:
        """Return the first page from the cursor on that letters stand for (``djy`` is 待检验), else an empty text."""
        pages = [e.page for e in self._entries]
        start = pages.index(self.current_page) if self.current_page in pages else 0
        entries = [*self._entries[start:], *self._entries[:start]]
        return next((e.page for e in found_by(letters, entries)), "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open with Enter, open and shut areas by Left and Right, find by letters; everything else moves."""
        item = self.currentItem()
        area = str(item.data(AREA_ROLE)) if item is not None else ""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and item is not None:
            self._choose(item)
        elif event.key() == Qt.Key.Key_Left and area:
            self._set_open(area, False)
        elif event.key() == Qt.Key.Key_Right and area:
            self._set_open(area, True)
        elif event.text().isalnum() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._type(event.text())
        else:
            super().keyPressEvent(event)

    def _first_open(self) -> set[str]:
        shut = self._context.preferences.get(self._remembered)
        if isinstance(shut, list):
            return set(self._areas) - set(shut)
        if len(self._entries) <= FEW:
            return set(self._areas)
        return {area for area in self._areas if area in ALWAYS_OPEN}

    def _add_head(self, area: str, count: int) -> None:
        mark = OPENED if area in self._open_areas else SHUT
        head = QListWidgetItem(
            self._context.say("nav.head", mark=mark, label=self._context.say(area), count=count)
        )
        font = QFont(head.font())
        font.setBold(True)
        head.setFont(font)
        head.setData(AREA_ROLE, area)
        head.setToolTip(self._context.say("nav.head_hint"))
        self.addItem(head)

    def _select(self, page: str) -> None:
        for row in range(self.count()):
            if self.item(row).data(PAGE_ROLE) == page and page:
                self.setCurrentRow(row)
                return
        self.setCurrentRow(-1)

    def _set_open(self, area: str, wanted: bool) -> None:
        """Open or shut an area; the cursor goes to its heading."""
        if (area in self._open_areas) != wanted:
            self._open_areas ^= {area}
            self._context.preferences.set(
                self._remembered, [a for a in self._areas if a not in self._open_areas]
            )
            self.fill()
        for row in range(self.count()):
            if self.item(row).data(AREA_ROLE) == area and not self.item(row).data(PAGE_ROLE):
                self.setCurrentRow(row)
                return

    def _type(self, letter: str) -> None:
        if not self._typed or self._pause.elapsed() > FORGET_MS:
            self._typed = ""
        self._pause.start()
        self._typed += letter.lower()
        if page := self.find(self._typed):
            self.mark(page)

    @Slot(QListWidgetItem)
    def _choose(self, item: QListWidgetItem) -> None:
        page, area = item.data(PAGE_ROLE), item.data(AREA_ROLE)
        if page:
            self.chosen.emit(page)
        elif area:
            self._set_open(area, area not in self._open_areas)
