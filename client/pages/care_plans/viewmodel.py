"""Plans as columns and facts as rows; read in the background, read anew when something of them changes."""

from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from client.actions import Action
from client.live import Changed
from client.navigation import RECORD_PAGES
from client.station import Context, PageModel
from domain.care.comparison import Change, PlanFigures, plans_beside
from domain.care.content import CARE, CareContent
from domain.care.records import CareKind, CarePlan
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.worklists import records

Row = tuple[str, tuple[str, ...]]


class ViewModel(PageModel):
    """`plans_changed` carries `PlanFigures` of a client, the drafts first; `choose_asked` a draft to be chosen."""

    plans_changed = Signal(object)
    choose_asked = Signal(object)

    actions = (
        Action("reload", "worklist.reload", "F5"),
        Action("record", "care_plans.record", "F7"),
        Action("choose", "care_plans.choose", "F9", command="care.choose_plan", primary=True),
    )

    def __init__(self, context: Context, entity: str, record_id: Id, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        context.actor.check(str(RECORD_PAGES["care_plans"]))
        if entity not in {"patient", "care_plan"}:
            raise DomainError("page.unknown", page=f"care_plans:{entity}")
        self._entity, self._record_id = entity, record_id
        self.patient_id: Id | None = record_id if entity == "patient" else None
        self.plans: list[PlanFigures] = []
        self.action_set.on("reload", self.load)
        self.action_set.on("record", self._open_record)

    def watches(self) -> frozenset[str]:
        return frozenset({"care_plan", "care_item", "care_event", "observation"})

    def on_changed(self, changed: Changed) -> None:
        self.load()

    def on_open(self, **arguments: Any) -> None:
        self.title_changed.emit(self.context.say("care_plans.title"))
        self.load()

    @Slot()
    def load(self) -> None:
        """Read the plans anew."""
        self.query(self._read, self._take, "care_plans")

    def choose(self, at: int) -> None:
        """Ask for the reason to choose the plan of a column; only a draft can be chosen."""
        if not 0 <= at < len(self.plans):
            return
        plan = self.plans[at]
        if plan.state != "draft":
            self.toast("care_plans.no_draft", "warning", name=plan.name)
        else:
            self.choose_asked.emit({"care_plan_id": plan.id})

    def _open_record(self) -> None:
        if self.patient_id is not None:
            self.context.open_page(f"record:patient:{self.patient_id}")

    def _read(self) -> tuple[Id | None, list[PlanFigures]]:
        actor = self.context.actor
        with self.context.desk.store.read() as connection:
            patient_id = self.patient_id
            if patient_id is None:
                mine = records(connection, actor, CarePlan, CarePlan.id == self._record_id, limit=1)
                patient_id = mine[0].patient_id if mine else None
            content: CareContent | None = self.context.desk.dispatcher.content.get(CARE)
            swings = content.indicators.indicators if content is not None else {}
            found = [] if patient_id is None else plans_beside(connection, actor, patient_id, swings)
            return patient_id, found

    def _take(self, found: tuple[Id | None, list[PlanFigures]]) -> None:
        self.patient_id, self.plans = found
        self.patient_changed.emit(self.patient_id)
        self.plans_changed.emit(self.plans)

    def rows(self) -> list[Row]:
        """Return the facts as they are shown, a cell a plan; rows in which nobody says anything are left out."""
        say, shown = self.context.say, self.context.formatter
        found: list[Row] = [
            (say("care_plans.state"), self._each(lambda p: shown.value(p.state, "care_plan", "state"))),
            (say("care_plans.span"), self._each(lambda p: f"{p.starts_on} – {p.ends_on}")),
            (
                say("care_plans.mark"),
                self._each(lambda p: say("care_plans.unverified") if p.unverified else ""),
            ),
            (say("care_plans.kcal"), self._each(lambda p: _numbers(p.kcal))),
            (say("care_plans.shares"), self._each(lambda p: _numbers(p.shares))),
            (say("care_plans.sodium"), self._each(lambda p: _numbers(p.sodium))),
            (say("care_plans.minutes"), self._each(lambda p: _numbers(p.minutes))),
        ]
        for kind in ("medication", "supplement", "monitoring"):
            label = say("care_plans.count", kind=shown.choice(CareKind(kind)))
            found.append((label, self._each(lambda p, kind=kind: str(p.others.get(kind) or ""))))  # type: ignore[misc]
        found += [
            (say("care_plans.asked"), self._each(lambda p: f"{p.asked:g}" if p.asked else "")),
            (say("care_plans.done"), self._each(lambda p: "" if p.done is None else f"{p.done:g}%")),
            (say("care_plans.effect"), self._each(self._effect)),
            (say("care_plans.goal"), self._each(lambda p: p.goal)),
            (say("care_plans.notes"), self._each(lambda p: "\n".join(p.notes))),
        ]
        return [(label, cells) for label, cells in found if any(cells)]

    def _each(self, said: Any) -> tuple[str, ...]:
        return tuple(said(plan) for plan in self.plans)

    def _effect(self, plan: PlanFigures) -> str:
        catalog = self.context.desk.dispatcher.content["catalog"]
        return "\n".join(
            f"{catalog.observation(one.item).name} {one.before:g} → {one.after:g}（{one.by:+g}{self._swing(one)}）"
            for one in plan.changes
        )

    def _swing(self, one: Change) -> str:
        if one.counts is None:
            return ""
        return self.context.say("care_plans.changed" if one.counts else "care_plans.within_swing")


def _numbers(values: tuple[float | None, ...]) -> str:
    return " / ".join("—" if one is None else f"{one:g}" for one in values) if any(values) else ""
