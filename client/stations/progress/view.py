"""The progress board on the screen: a tab a board, a lane a kind of work, a card a state."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QTabBar, QVBoxLayout, QWidget

from client.stations.progress.viewmodel import ViewModel
from client.stations.progress.widgets import CountCard, ShareBar
from client.views.station import StationView
from domain.followup.lanes import Counted


class View(StationView):
    """Arrows go from card to card, Enter opens what is behind one, F6 turns to the next board."""

    model: ViewModel

    def build(self) -> None:
        """Make the tabs; lanes are made when they are first counted."""
        self.tabs = QTabBar(self)
        self.tabs.setObjectName("progress_boards")
        self.tabs.setAccessibleName(self.say("progress.boards"))
        self.tabs.setExpanding(False)
        for board in self.model.boards:
            self.tabs.addTab(self.say(f"progress.board.{board}"))
        self.tabs.currentChanged.connect(self._turn)
        self.body.addWidget(self.tabs)
        self.note = QLabel(self)
        self.note.setObjectName("progress_note")
        self.note.setProperty("role", "muted")
        self.note.setText(self.say("progress.loading"))
        self.body.addWidget(self.note)
        self.area = QScrollArea(self)
        self.area.setObjectName("progress_area")
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.body.addWidget(self.area, 1)
        self.cards: list[list[CountCard]] = []
        self._shown: tuple[str, ...] = ()
        self._at = (0, 0)
        self._focus_due = False
        self.model.counted.connect(self._show)
        self.model.board_changed.connect(self._select)
        self.model.action_set.on("open", self._open_focused)

    def focus_first(self) -> None:
        """Go to the first card, as soon as there is one."""
        if self.cards:
            self.cards[0][0].setFocus()
        else:
            self._focus_due = True
            self.tabs.setFocus()

    @Slot(int)
    def _turn(self, at: int) -> None:
        self.model.show(self.model.boards[at])

    @Slot(str)
    def _select(self, board: str) -> None:
        self._focus_due = True
        self.tabs.setCurrentIndex(self.model.boards.index(board))

    @Slot(object)
    def _show(self, lanes: list[Counted]) -> None:
        shown = tuple(one.lane.name for one in lanes)
        if shown != self._shown:
            self._lay(lanes)
            self._shown = shown
        for row, counted in enumerate(lanes):
            self._heads[row].setText(
                self.say("progress.lane", lane=self.say(f"progress.lane.{counted.lane.name}"), open=counted.open,
                         overdue=counted.overdue)
            )  # fmt: skip
            self._bars[row].show_shares([one.count for one in counted.counts])
            for card, one in zip(self.cards[row], counted.counts, strict=True):
                card.show_count(self.model.label(one), one.count, self.model.late(one))
        nothing = not any(one.count for counted in lanes for one in counted.counts)
        self.note.setText(self.say("progress.empty" if nothing else "progress.hint"))
        if self._focus_due and self.cards:
            self._focus_due = False
            self.cards[0][0].setFocus()

    def _lay(self, lanes: list[Counted]) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 4, 10, 4)
        column.setSpacing(6)
        self.cards, self._heads, self._bars = [], [], []
        for row, counted in enumerate(lanes):
            head = QLabel(inside)
            head.setObjectName(f"progress_head_{counted.lane.name}")
            head.setProperty("role", "subtitle")
            bar = ShareBar(inside)
            grid = QGridLayout()
            grid.setSpacing(8)
            cards = []
            for at, one in enumerate(counted.counts):
                card = CountCard(at, inside)
                card.setObjectName(f"progress_{counted.lane.name}_{one.state or 'ended'}")
                card.clicked.connect(lambda _checked=False, r=row, a=at: self._open(r, a))
                card.moved.connect(lambda right, down, r=row, a=at: self._go(r + down, a + right))
                grid.addWidget(card, 0, at)
                cards.append(card)
            for widget in (head, bar):
                column.addWidget(widget)
            column.addLayout(grid)
            column.addSpacing(14)
            self.cards.append(cards)
            self._heads.append(head)
            self._bars.append(bar)
        column.addStretch(1)
        self.area.setWidget(inside)

    def _go(self, row: int, at: int) -> None:
        if 0 <= row < len(self.cards):
            cards = self.cards[row]
            card = cards[max(0, min(at, len(cards) - 1))]
            card.setFocus()
            self.area.ensureWidgetVisible(card)

    def _open(self, row: int, at: int) -> None:
        lane = self.model.lanes[row]
        self.model.open(lane, lane.counts[at])

    def _open_focused(self) -> None:
        for row, cards in enumerate(self.cards):
            for at, card in enumerate(cards):
                if card.hasFocus():
                    self._open(row, at)
