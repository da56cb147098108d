"""The declared rules of the four colours: each with its condition, changed here, tried on stored clients, published.

Nothing is in force before it is published as a whole, under a version of its own and with a reason.
"""

import re
from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from client.actions import Action
from client.live import Changed
from client.station import Context, PageModel
from domain.kernel.errors import DomainError
from domain.risk.content import RISK
from domain.risk.levels import Colour, HighFactor, LevelFile, LevelRule
from domain.risk.preview_commands import PreviewLevelRules, RulePreview
from domain.risk.rule_commands import file_in_force, written

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SIGNS = {">=": "≥", "<=": "≤", "==": "=", "!=": "≠"}
_JOINING = {"or": "或", "and": "且", "not": "非"}
_GRADE = re.compile(r"(level_\w+) == ([012])")
_GRADES = ("低危", "中危", "高危")
_STANDS = re.compile(r"(diagnosed_(?!count)\w+) == 1")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")


class ViewModel(PageModel):
    """`rules_changed` carries the `LevelFile` as it is being changed; `previewed` what it would change, in words."""

    rules_changed = Signal(object)
    previewed = Signal(str, str)
    publish_asked = Signal(object)

    actions = (
        Action("reload", "level_rules.reset", "F5"),
        Action("preview", "level_rules.preview", "F9", command="risk.preview_rules", primary=True),
        Action("publish", "level_rules.publish", "Ctrl+S", command="risk.publish_rules"),
        Action("versions", "level_rules.versions", "F8"),
    )

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        context.actor.check("risk.rules")
        self.file: LevelFile | None = None
        self.in_force: LevelFile | None = None
        self.action_set.on("reload", self.load)
        self.action_set.on("preview", self.preview)
        self.action_set.on("publish", self.ask_to_publish)
        self.action_set.on("versions", lambda: self.context.open_page("worklist:risk.rules"))

    def watches(self) -> frozenset[str]:
        return frozenset({"risk_rule_set"})

    def on_changed(self, changed: Changed) -> None:
        if self.file == self.in_force:
            self.load()

    def on_open(self, **arguments: Any) -> None:
        if self.file is None:
            self.title_changed.emit(self.context.say("level_rules.title"))
            self.load()

    @Slot()
    def load(self) -> None:
        """Begin with the rules in force; what was changed and not published is dropped."""
        dispatcher = self.context.desk.dispatcher

        def read() -> LevelFile:
            with dispatcher.store.read() as connection:
                return file_in_force(connection, dispatcher.content[RISK])

        self.query(read, self._take, "level_rules")

    def rows(self) -> list[LevelRule | HighFactor]:
        """Return the rules of the colours, then those of factors at high risk."""
        return [] if self.file is None else [*self.file.rules, *self.file.high_factors]

    def is_new(self, row: int) -> bool:
        """Tell whether a rule differs from the one in force."""
        now = [] if self.in_force is None else [*self.in_force.rules, *self.in_force.high_factors]
        return self.rows()[row] not in now

    def change(
        self, row: int, *, when: str | None = None, text: str | None = None, colour: str | None = None
    ) -> None:
        """Change a rule; whether it holds together is told by the preview."""
        if self.file is None or not 0 <= row < len(self.rows()):
            return
        one = self.rows()[row]
        given: dict[str, Any] = {k: v.strip() for k, v in (("when", when), ("text", text)) if v is not None}
        if colour is not None and isinstance(one, LevelRule):
            given["colour"] = Colour(colour)
        rows = [*self.rows()]
        rows[row] = msgspec.structs.replace(one, **given)
        count = len(self.file.rules)
        rules = tuple(one for one in rows[:count] if isinstance(one, LevelRule))
        factors = tuple(one for one in rows[count:] if isinstance(one, HighFactor))
        self.file = msgspec.structs.replace(self.file, rules=rules, high_factors=factors)
        self.rules_changed.emit(self.file)

    def in_words(self, when: str) -> str:
        """Return a condition as people read it: factors by their names, levels by theirs."""
        models = self.context.desk.dispatcher.content[RISK]

        def named(name: str) -> str:
            return _JOINING.get(name) or models.levels.labels.get(name) or models.book.label(name)

        said = _GRADE.sub(lambda m: f"{m[1]}为{_GRADES[int(m[2])]}", when)
        said = _STANDS.sub(r"\1", said)
        for sign, shown in _SIGNS.items():
            said = said.replace(sign, shown)
        return _WORD.sub(lambda m: named(m[0]), said)

    @staticmethod
    def thresholds(when: str) -> list[str]:
        """Return the numbers of a condition, in their order."""
        return _NUMBER.findall(when)

    def set_threshold(self, row: int, place: int, number: str) -> bool:
        """Put another number into a condition; False for what is no number."""
        if not _NUMBER.fullmatch(number.strip()):
            return False
        seen = iter(range(1000))
        when = self.rows()[row].when
        self.change(row, when=_NUMBER.sub(lambda m: number.strip() if next(seen) == place else m[0], when))
        return True

    @Slot()
    def preview(self) -> None:
        """Try the rules on the stored clients; nothing is kept."""
        if self.file is not None:
            self.previewed.emit(self.context.say("level_rules.trying"), "")
            order = PreviewLevelRules(text=written(self.file))
            self.run(order, lambda done: self._told(done.receipt), self._refused_rules)

    @Slot()
    def ask_to_publish(self) -> None:
        """Publish what was changed, under a new version; a person says why."""
        if self.file is None or self.file == self.in_force:
            self.toast("level_rules.unchanged", "warning")
            return
        version = _next_version(self.file.version)
        self.publish_asked.emit({"text": written(msgspec.structs.replace(self.file, version=version))})

    def published(self) -> None:
        """The rules are in force from the next assessment."""
        self.toast("level_rules.published", "success")
        self.load()

    def _take(self, file: LevelFile) -> None:
        self.file = self.in_force = file
        self.rules_changed.emit(file)
        self.previewed.emit("", "")

    def _told(self, told: RulePreview) -> None:
        say, name = self.context.say, self.context.formatter.name
        head = say("level_rules.would_change", changed=told.changed, looked=told.looked)
        if told.clients > told.looked:
            head += say("level_rules.only_some", clients=told.clients)
        if told.physicians:
            head += say("level_rules.physicians", count=told.physicians)

        def colour(code: str) -> str:
            return say("level_rules.no_colour") if code == "none" else name(code, "words:risk_colour")

        moves = [f"{colour(one.before)} → {colour(one.after)}：{one.count}" for one in told.moves]
        self.previewed.emit("\n".join([head, *moves]), "warning" if told.changed else "success")

    def _refused_rules(self, error: Any) -> None:
        known = isinstance(error, DomainError)
        self.previewed.emit(self.explain(error), "danger" if known else "warning")


def _next_version(version: str) -> str:
    """Return a version behind one: its last number one higher."""
    base = version.partition("~")[0]
    head, dot, last = base.rpartition(".")
    return f"{head}{dot}{int(last) + 1}" if last.isdigit() else f"{base}.1"
