"""The alert rules: one is chosen, changed by fields, tried on what is stored, published with a note, or taken back.

What is changed is kept for each rule until it is published or dropped; nothing counts before it is published, and
nothing is published that was not tried as it stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from sqlalchemy import select

from client.actions import Action
from client.live import Changed
from client.pages.alert_rules.conditions.fields import known_fields, wrong_condition
from client.pages.alert_rules.drafts import Draft, draft_of, refusals, written
from client.pages.alert_rules.words import Words
from client.station import Context, PageModel
from domain.alerts.back_tests import STORM, BackTest
from domain.alerts.plans import RuleBook
from domain.alerts.records import AlertRuleChange
from domain.alerts.rule_changes import RulePatch, changed
from domain.alerts.rule_commands import PERMISSION, TryRule, newest_changes
from domain.alerts.rules import Rule
from domain.alerts.steps import RULE_FILES
from domain.kernel.errors import DomainError
from domain.people.records import Organization

HISTORY = 200
"""Changes of one rule that are shown, the newest."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule of the list: as it ships, what is in force of it, how often it was changed, and whether it waits."""

    file: Rule
    rule: Rule
    patch: RulePatch
    number: int
    waits: bool


@dataclass(frozen=True, slots=True)
class Past:
    """One change of a rule, as it is told."""

    number: int
    said: str


class ViewModel(PageModel):
    """`rules_changed`: the list; `chosen`: an `Entry` with its draft; `errors_changed`: sentences by field."""

    rules_changed = Signal()
    chosen = Signal(object, object)
    drafted = Signal()
    errors_changed = Signal(object)
    told = Signal(str, str)
    trying = Signal(bool)
    history_changed = Signal(object)
    roll_back_asked = Signal(object)
    publish_asked = Signal(object)
    """What is put into force, once whoever publishes has confirmed it at the centre."""

    actions = (
        Action("filter", "alert_rules.filter", "F3"),
        Action("reset", "alert_rules.reset", "F5"),
        Action("try", "alert_rules.try", "F9", command="alert.try_rule", primary=True),
        Action("publish", "alert_rules.publish", "Ctrl+S", command="alert.change_rule"),
        Action("history", "alert_rules.history", "F11"),
        Action("roll_back", "alert_rules.roll_back", "F4", command="alert.roll_back_rule"),
    )

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        context.actor.check(PERMISSION)
        self.words = Words(context)
        self.entries: dict[str, Entry] = {}
        self.places: dict[str, str] = {}
        self.rule_id = ""
        self._wanted = ""
        self.drafts: dict[str, Draft] = {}
        self.reason = ""
        self._tried: tuple[str, str] | None = None
        self.action_set.on("reset", self.reset)
        self.action_set.on("try", self.try_out)
        self.action_set.on("publish", self.publish)

    def watches(self) -> frozenset[str]:
        return frozenset({"alert_rule_change", "organization"})

    def on_changed(self, changed: Changed) -> None:
        self.load()

    def on_open(self, **arguments: Any) -> None:
        self._wanted = arguments.get("rule", "")
        if self._wanted in self.entries:
            self.choose(self._wanted)
            self.rules_changed.emit()
        if not self.entries:
            self.title_changed.emit(self.context.say("alert_rules.title"))
            self.load()

    @Slot()
    def load(self) -> None:
        """Read the rules and what is in force of them; drafts stay."""
        dispatcher = self.context.desk.dispatcher

        def read() -> tuple[list[Entry], dict[str, str]]:
            files: RuleBook | None = dispatcher.content.get(RULE_FILES)
            with dispatcher.store.read() as connection:
                newest = newest_changes(connection)
                places = connection.execute(select(Organization.id, Organization.name)).all()
            waiting = {} if files is None else files.waiting
            rules = {} if files is None else {**files.rules, **waiting}
            found = [
                _entry(rules[name], *newest.get(name, (0, RulePatch())), waits=name in waiting)
                for name in sorted(rules)
            ]
            return found, {row.id.hex: row.name for row in places}

        self.query(read, self._take, "alert_rules")

    def matching(self, typed: str) -> list[Entry]:
        """Return the rules whose number, name, kind or level has every word that was typed."""
        words = typed.lower().split()
        found = []
        for one in self.entries.values():
            text = (
                f"{one.rule.id} {one.rule.name} {self.words.kind(one.rule)} {self.words.severity(one.rule)}"
            )
            if all(word in text.lower() for word in words):
                found.append(one)
        return found

    @property
    def entry(self) -> Entry | None:
        """The rule that is chosen."""
        return self.entries.get(self.rule_id)

    def choose(self, rule_id: str) -> None:
        """Show a rule with what was changed of it, and its history."""
        if rule_id == self.rule_id or rule_id not in self.entries:
            return
        self.rule_id, self.reason, self._tried = rule_id, "", None
        self._show()

    def keep(self, draft: Draft) -> None:
        """Take what the form has now; a trial of something else says nothing about it any more."""
        entry = self.entry
        if entry is None:
            return
        before = self.is_drafted(entry)
        if draft == draft_of(entry.file, entry.patch):
            self.drafts.pop(self.rule_id, None)
        else:
            self.drafts[self.rule_id] = draft
        if before != self.is_drafted(entry):
            self.drafted.emit()
        if self._tried is not None and self._tried != (self.rule_id, written(entry.file, draft)[0]):
            self._tried = None
            self.told.emit(self.context.say("alert_rules.try_again"), "warning")

    def is_drafted(self, entry: Entry) -> bool:
        """Tell whether something of a rule was changed and not published."""
        return entry.rule.id in self.drafts

    def draft(self) -> Draft | None:
        """Return the values of the form for the rule that is chosen."""
        entry = self.entry
        return None if entry is None else self.drafts.get(self.rule_id) or draft_of(entry.file, entry.patch)

    @Slot()
    def reset(self) -> None:
        """Drop what was changed of this rule and read what is in force."""
        self.drafts.pop(self.rule_id, None)
        self._tried = None
        self.load()
        self._show()

    @Slot()
    def try_out(self) -> None:
        """Try the rule as the form has it; nothing is kept."""
        text = self._text()
        if text is None:
            return
        self.trying.emit(True)
        self.told.emit(self.context.say("alert_rules.trying"), "info")
        asked = (self.rule_id, text)
        order = TryRule(rule=self.rule_id, text=text)
        self.run(order, lambda done: self._found(asked, done.receipt), self._refused)

    @Slot()
    def publish(self) -> None:
        """Put it into force: changed, tried as it stands, and with a note."""
        entry, text = self.entry, self._text()
        if entry is None or text is None:
            return
        if self.rule_id not in self.drafts:
            self.toast("alert_rules.unchanged", "warning")
        elif self._tried != (self.rule_id, text):
            self.told.emit(self.context.say("alert_rules.try_first"), "warning")
        elif not self.reason.strip():
            self.errors_changed.emit({"reason": self.context.say("alert_rules.wrong.no_reason")})
        else:
            self.publish_asked.emit({"rule": self.rule_id, "text": text, "reason": self.reason.strip()})

    def published(self, rule_id: str, number: int | None) -> None:
        """The centre has put it into force; it counts here with the next exchange."""
        self.drafts.pop(rule_id, None)
        self.reason, self._tried = "", None
        self.toast("alert_rules.published", "success", rule=rule_id, number="" if number is None else number)
        self.load()

    def ask_to_roll_back(self, number: int) -> None:
        """Ask why an earlier state is put into force again; 0 is the rule as it ships."""
        entry = self.entry
        if entry is None or entry.number == 0:
            self.toast("alert_rules.nothing_past", "warning")
        elif number == entry.number:
            self.toast("alert_rules.is_in_force", "warning")
        else:
            self.roll_back_asked.emit({"rule": self.rule_id, "number": number})

    def rolled_back(self) -> None:
        """An earlier state counts again."""
        self.toast("alert_rules.rolled_back", "success")
        self.reset()

    def _text(self) -> str | None:
        entry, draft = self.entry, self.draft()
        if entry is None or draft is None:
            return None
        text, wrong = written(entry.file, draft)
        fields = known_fields(entry.file, self.context) if draft.also else []
        if any(wrong_condition(one, fields) for one in draft.also):
            wrong["also"] = "no_value"
        self._tell_wrong(wrong)
        return None if wrong else text

    def _tell_wrong(self, wrong: dict[str, str]) -> None:
        say = self.context.say
        self.errors_changed.emit({field: say(f"alert_rules.wrong.{code}") for field, code in wrong.items()})
        if wrong:
            self.told.emit(say("alert_rules.look_at_fields"), "danger")

    def _found(self, asked: tuple[str, str], found: BackTest | None) -> None:
        self.trying.emit(False)
        if asked[0] != self.rule_id:
            return
        sentence, refused = self.words.trial(found, self.places), ""
        if found is not None and found.always:
            refused = self.context.say("alert.rule_always", count=found.examined)
        elif found is not None and found.storm:
            refused = self.context.say("alert.rule_storm", count=max(found.by_place.values()))
        if refused:
            self.errors_changed.emit({"numbers": refused})
        self._tried = None if refused else asked
        tone = (
            "danger" if refused else "warning" if found is None or found.raised > STORM // 10 else "success"
        )
        self.told.emit(f"{refused}\n{sentence}" if refused else sentence, tone)

    def _refused(self, error: Any) -> None:
        self.trying.emit(False)
        known = refusals(error.facts.get("problems", "")) if isinstance(error, DomainError) else {}
        if known:
            self._tell_wrong(known)
        else:
            self.told.emit(self.explain(error), "danger")

    def _take(self, read: tuple[list[Entry], dict[str, str]]) -> None:
        before = self.entry
        found, self.places = read
        self.entries = {one.rule.id: one for one in found}
        if self._wanted in self.entries:
            self.rule_id, self._wanted = self._wanted, ""
        self.rules_changed.emit()
        if self.rule_id not in self.drafts and self.entry != before:
            self._show()

    def _show(self) -> None:
        self.chosen.emit(self.entry, self.draft())
        self.errors_changed.emit({})
        self.told.emit("", "")
        rule_id, store = self.rule_id, self.context.desk.dispatcher.store

        def read() -> Sequence[Any]:
            of = AlertRuleChange.__table__
            with store.read() as connection:
                rows = select(of).where(of.c.rule == rule_id).order_by(of.c.number.desc()).limit(HISTORY)
                return connection.execute(rows).all()

        self.query(read, lambda rows: self._past(rule_id, rows), "alert_rule_history")

    def _past(self, rule_id: str, rows: Sequence[Any]) -> None:
        if rule_id != self.rule_id:
            return
        say, shown = self.context.say, self.context.formatter
        found = [
            Past(
                row.number,
                say(
                    "alert_rules.past", number=row.number, at=shown.moment(row.published_at),
                    who=row.published_name, reason=row.reason,
                ),
            )
            for row in rows
        ]  # fmt: skip
        self.history_changed.emit([*found, Past(0, say("alert_rules.as_shipped"))])


def _entry(file: Rule, number: int, patch: RulePatch, *, waits: bool) -> Entry:
    try:
        rule = changed(file, patch, number)
    except ValueError:  # made for an earlier file; this one counts
        rule, patch = file, RulePatch()
    return Entry(file, rule, patch, number, waits)
