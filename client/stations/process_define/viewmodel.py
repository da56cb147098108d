"""What is in force, piece by piece, with where it comes from; a form opens with the piece as it is. QtCore only."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from sqlalchemy import select

from client.actions import Action
from client.live import Changed
from client.station import Context, StationModel
from domain.process.definitions import DayRules, Item, Node, ProcessContent
from domain.process.in_force import RULES_CODE, process_in_force
from domain.process.records import ProcessContentVersion, ProcessKind

ENTITY = ProcessContentVersion.record_info.entity
FORMS = {
    ProcessKind.NODES: "process.write_node", ProcessKind.ITEMS: "process.write_item",
    ProcessKind.PACKAGES: "process.write_package", ProcessKind.RULES: "process.set_rules",
}  # fmt: skip
SEX = {"male": "男", "female": "女", None: None}


@dataclasses.dataclass(frozen=True, slots=True)
class Piece:
    """One piece in force; `version` 0 is what ships, `given` fills its form."""

    kind: ProcessKind
    code: str
    name: str
    said: str
    version: int
    given: dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Words:
    """What pieces are told with: sentences, labels of roles, names of forms."""

    say: Callable[..., str]
    roles: Mapping[str, str]
    form: Callable[[str], str]


class ViewModel(StationModel):
    """`pieces` in the order of the kinds; `kind` is the one that is looked at."""

    changed = Signal()
    form_asked = Signal(str, object)

    actions = (
        Action("change", "process_define.action.change", "F2", command="process.write_node", primary=True),
        Action("new", "process_define.action.new", "F9", command="process.write_node"),
        Action("part", "process_define.action.part", "F6"),
        Action("reload", "process_define.action.reload", "F5"),
        Action("history", "process_define.action.history", "F11"),
    )

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        self.pieces: list[Piece] = []
        self.kind = ProcessKind.NODES
        self.selected = ""
        on = self.action_set.on
        on("change", self.change)
        on("new", self.new)
        on("reload", self.load)
        on("history", lambda: self.context.open_page("worklist:process.contents"))

    def watches(self) -> frozenset[str]:
        return frozenset({ENTITY})

    def on_changed(self, changed: Changed) -> None:
        self.load()

    def on_open(self, **arguments: Any) -> None:
        """Read what is in force."""
        self.load()

    @Slot()
    def load(self) -> None:
        """Read what is in force anew."""
        desk = self.context.desk
        c = ProcessContentVersion.__table__.c
        roles = {name: role.label for name, role in desk.authority.roles.items()}
        words = Words(self.context.say, roles, lambda form: self.context.formatter.name(form, "words:form"))

        def work() -> list[Piece]:
            with desk.store.read() as connection:
                content = process_in_force(connection, desk.dispatcher.content)
                rows = connection.execute(
                    select(c.kind, c.code, c.version, c.withdrawn).order_by(c.version, c.written_at)
                )
                own = {(str(r.kind), r.code): 0 if r.withdrawn else r.version for r in rows}
            return [] if content is None else list(pieces_of(content, own, words))

        self.query(work, self._take, "process_define")

    def _take(self, pieces: list[Piece]) -> None:
        self.pieces = pieces
        self.changed.emit()

    def shown(self) -> list[Piece]:
        """Return the pieces of the kind that is looked at."""
        return [one for one in self.pieces if one.kind is self.kind]

    def choose_kind(self, kind: ProcessKind) -> None:
        """Look at another kind."""
        self.kind, self.selected = kind, ""
        self.changed.emit()

    def change(self) -> None:
        """Open the form of the piece that is chosen, as it is now."""
        piece = next((one for one in self.shown() if one.code == self.selected), None)
        if piece is None:
            self.toast("process_define.choose", "warning")
        else:
            self.form_asked.emit(FORMS[piece.kind], dict(piece.given))

    def new(self) -> None:
        """Open an empty form of the kind that is looked at."""
        self.form_asked.emit(FORMS[self.kind], {})


def pieces_of(content: ProcessContent, own: Mapping[tuple[str, str], int], words: Words) -> Iterator[Piece]:
    """Yield every piece in force with what its form is filled with."""
    say = words.say
    for node in content.in_order():
        yield _piece(
            ProcessKind.NODES,
            node.code,
            node.name,
            _said_node(content, node, words),
            own,
            _node(content, node, words),
        )
    rank = {node.code: place for place, node in enumerate(content.in_order())}
    for item in sorted(content.items.values(), key=lambda one: (rank.get(one.node, 999), one.code)):
        said = _said_item(content, item, say)
        yield _piece(ProcessKind.ITEMS, item.code, item.name, said, own, _item(content, item))
    for package in content.packages.values():
        names = _names(content.items, package.items)
        said = say("process_define.package", count=len(package.items), items=names)
        given = {"code": package.code, "name": package.name, "items": names,
                 "key": _names(content.items, package.key) or None}  # fmt: skip
        yield _piece(ProcessKind.PACKAGES, package.code, package.name, said, own, given)
    rules: DayRules = content.rules
    given = {name: getattr(rules, name) for name in DayRules.__struct_fields__}
    said = say("process_define.rules", **given)
    yield _piece(ProcessKind.RULES, RULES_CODE, say("choice.process_kind.rules"), said, own, given)


def _piece(
    kind: ProcessKind,
    code: str,
    name: str,
    said: str,
    own: Mapping[tuple[str, str], int],
    given: dict[str, Any],
) -> Piece:
    return Piece(kind, code, name, said, own.get((str(kind), code), 0), given)


def _names(pieces: Any, codes: Any) -> str:
    return "、".join(pieces[code].name if code in pieces else code for code in codes)


def _node(content: ProcessContent, node: Node, words: Words) -> dict[str, Any]:
    return {
        "code": node.code, "name": node.name, "order": node.order, "places": node.places, "minutes": node.minutes,
        "limit": node.limit, "after": _names(content.nodes, node.after) or None,
        "roles": _roles(node, words) or None, "form": node.form, "exit": node.exit,
    }  # fmt: skip


def _roles(node: Node, words: Words) -> str:
    return "、".join(words.roles.get(role, role) for role in node.roles)


def _said_node(content: ProcessContent, node: Node, words: Words) -> str:
    say = words.say
    said = say("process_define.node", places=node.places, minutes=node.minutes, limit=node.limit)
    if node.after:
        said += say("process_define.after", nodes=_names(content.nodes, node.after))
    if node.form:
        said += say("process_define.form", form=words.form(node.form))
    if node.roles:
        said += say("process_define.roles", roles=_roles(node, words))
    return str(said)


def _item(content: ProcessContent, item: Item) -> dict[str, Any]:
    return {
        "code": item.code, "name": item.name, "node": _names(content.nodes, (item.node,)), "key": item.key,
        "results": "、".join(item.results) or None, "specimen": item.specimen, "sex": SEX[item.sex],
        "age_from": item.age_from, "age_below": item.age_below,
    }  # fmt: skip


def _said_item(content: ProcessContent, item: Item, say: Any) -> str:
    parts = [_names(content.nodes, (item.node,))]
    if item.key:
        parts.append(say("process_define.key"))
    if item.sex:
        parts.append(say("process_define.sex", sex=SEX[item.sex]))
    if (item.age_from, item.age_below) != (0, 200):
        code = "process_define.age_from" if item.age_below == 200 else "process_define.ages"
        parts.append(say(code, low=item.age_from, below=item.age_below))
    parts.append(say("process_define.results", results="、".join(item.results)) if item.results
                 else say("process_define.by_record"))  # fmt: skip
    return "，".join(parts)
