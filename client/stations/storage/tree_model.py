"""The tree of containers for a tree view. QtCore only."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from domain.storage.tree import Node

Index = QModelIndex | QPersistentModelIndex
NEARLY_FULL = 0.9


class TreeModel(QAbstractItemModel):
    """One column: name, and used of how many; what is nearly full says so in words."""

    def __init__(self, say: Callable[..., str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._say = say
        self._nodes: Sequence[Node] = ()
        self._children: dict[int, list[int]] = {-1: []}
        self._parents: list[int] = []
        self._rows: list[int] = []
        self._by_code: dict[str, int] = {}

    def show(self, nodes: Sequence[Node]) -> None:
        """Take the tree anew."""
        self.beginResetModel()
        self._nodes = nodes
        self._children, self._parents, self._rows = {-1: []}, [], []
        way: list[int] = []
        for at, node in enumerate(nodes):
            del way[node.depth :]
            above = way[-1] if way else -1
            way.append(at)
            self._parents.append(above)
            self._rows.append(len(self._children.setdefault(above, [])))
            self._children[above].append(at)
        self._by_code = {node.code: at for at, node in enumerate(nodes)}
        self.endResetModel()

    def refresh(self, nodes: Sequence[Node]) -> bool:
        """Take the same tree with other counts; False when its shape is another one."""
        if [(n.id, n.depth) for n in nodes] != [(n.id, n.depth) for n in self._nodes]:
            return False
        self._nodes = nodes
        self.layoutChanged.emit()
        return True

    def node(self, index: Index) -> Node | None:
        """Return what stands at a place."""
        return self._nodes[index.internalId()] if index.isValid() else None

    def index_of(self, code: str) -> QModelIndex:
        """Return where a container stands; an invalid index if it is not there."""
        at = self._by_code.get(code)
        return QModelIndex() if at is None else self.createIndex(self._rows[at], 0, at)

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        inside = self._children.get(parent.internalId() if parent.isValid() else -1, [])
        if column or not 0 <= row < len(inside):
            return QModelIndex()
        return self.createIndex(row, 0, inside[row])

    def parent(self, index: Index = QModelIndex()) -> Any:  # type: ignore[override]  # noqa: B008
        above = self._parents[index.internalId()] if index.isValid() else -1
        return QModelIndex() if above < 0 else self.createIndex(self._rows[above], 0, above)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return len(self._children.get(parent.internalId() if parent.isValid() else -1, []))

    def columnCount(self, _parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        node = self.node(index)
        if node is None or role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        return self.text_of(node)

    def text_of(self, node: Node) -> str:
        """Return the line of a container."""
        kind = self._say(f"word.container.{node.kind}")
        full = ""
        if node.capacity and node.used >= node.capacity:
            full = self._say("storage.full")
        elif node.capacity and node.used >= NEARLY_FULL * node.capacity:
            full = self._say("storage.nearly_full")
        count = f"  {node.used}/{node.capacity}" if node.capacity else ""
        return f"{kind} {node.name}{count}{full}"
