"""The progress board without its window: one board at a time, counted anew when something changed. QtCore only."""

from datetime import timedelta

from PySide6.QtCore import QObject, Signal, Slot

from client.actions import Action
from client.station import Context
from client.watching import WatchingStation
from domain.followup.lanes import LANES, Count, Counted, boards_of, count_lanes


class ViewModel(WatchingStation):
    """`counted` carries the lanes of the board that is shown."""

    counted = Signal(object)
    board_changed = Signal(str)

    look_ms, tick_ms = 500, 60_000
    actions = (
        Action("open", "progress.action.open", "Return", primary=True),
        Action("board", "progress.action.board", "F6"),
        Action("reload", "progress.action.reload", "F5"),
        Action("figures", "progress.action.figures", "F10", permission="followup.statistics"),
    )

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        self.boards = tuple(boards_of(context.actor))
        self.board = self.boards[0] if self.boards else ""
        self.lanes: list[Counted] = []
        self.action_set.on("board", self.next_board)
        self.action_set.on("reload", self.load)
        self.action_set.on("figures", lambda: self.context.open_page("figures"))

    def watches(self) -> frozenset[str]:
        return frozenset(lane.life.name for lane in LANES if lane.board == self.board)

    def show(self, board: str) -> None:
        """Turn to another board."""
        if board in self.boards and board != self.board:
            self.board = board
            self.board_changed.emit(board)
            self.load()

    def next_board(self) -> None:
        """Turn to the next board, after the last the first."""
        if self.boards:
            self.show(self.boards[(self.boards.index(self.board) + 1) % len(self.boards)])

    @Slot()
    def load(self) -> None:
        """Count the board in the background."""
        desk, actor, board = self.context.desk, self.context.actor, self.board
        if not board:
            return

        def work() -> tuple[str, list[Counted]]:
            with desk.store.read() as connection:
                return board, count_lanes(connection, actor, board, desk.clock())

        self.query(work, self._take, "progress")

    def _take(self, answer: tuple[str, list[Counted]]) -> None:
        board, lanes = answer
        if board == self.board:
            self.lanes = lanes
            self.counted.emit(lanes)

    def open(self, lane: Counted, count: Count) -> None:
        """Open the list behind a count: that state alone; for what came to an end the list of ends."""
        if count.state is None and lane.lane.ended is not None:
            states, _day, listing = lane.lane.ended
            only = {**lane.lane.where, **({"state": states[0]} if len(states) == 1 else {})}
        else:
            listing, only = lane.lane.listing, {**lane.lane.where, "state": count.state}
        self.context.open_page(f"worklist:{listing}", only=only)

    def label(self, count: Count) -> str:
        """Return what a count is of."""
        return count.label or self.context.say("progress.ended")

    def late(self, count: Count) -> str:
        """Return how many are late and how long the oldest of them is, empty where none is."""
        if not count.overdue or count.oldest is None:
            return ""
        age: timedelta = self.context.desk.clock() - count.oldest
        return self.context.say("progress.late", count=count.overdue, age=self.context.formatter.span(age))
