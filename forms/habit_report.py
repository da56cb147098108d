"""The report of eating and exercise habits: scores, how they changed, what they stood on, advice with its source.

One set of data for the professional and the plain version. Nothing is worked out here that results and answers do not
say; a habit nobody asked about is told as missing, with the questionnaire that would tell.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from domain.kernel.authority import Actor
from domain.kernel.clock import clinic
from domain.kernel.columns import Sensitivity
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.people.records import Patient
from domain.risk.content import RISK, RiskModels
from domain.risk.gathering import gather
from domain.risk.report_numbers import factor_value, short_of_ideal
from domain.scales.advice import Advice, Entry, advise
from domain.scales.definitions import Scale
from domain.scales.drafting import GATED, draft_of
from domain.scales.keeping import SCALES
from domain.scales.profile import Kept, kept_results, latest_of
from domain.version import VERSION
from forms.assessing import ADVICE, head_of, patient_seen, scales_known
from forms.assessment_report import Assessed, assessed_data, entry_data, exercise_data
from forms.documents import Document, render_pdf
from forms.risk_charts import radar_of

AREAS = ("diet", "exercise")
MAIN = {"diet": ("diet_habit", "mepa"), "exercise": ("ipaq", "fitness_2023")}
"""Scales that give the verdict of an area, the first that could be computed; the others stand beside it."""
GROUPS = {"diet": ("饮食", "饮酒"), "exercise": ("运动",)}
"""Groups of factors of the risk models that are habits of an area."""
VERSIONS = {"professional": "habit_report", "plain": "habit_report_plain"}


def habit_report_pdf(
    dispatcher: Dispatcher, actor: Actor, documents: Mapping[str, Document], patient_id: Id, version: str
) -> bytes:
    """Return one version as PDF.

    Raises:
        DomainError: As `habit_data`; ``document.data_invalid``.
    """
    document, data = documents[VERSIONS[version]], habit_data(dispatcher, actor, patient_id)
    document.check(data)
    return render_pdf(document, data, radar_of(data["axes"]))


def habit_data(dispatcher: Dispatcher, actor: Actor, patient_id: Id) -> dict[str, Any]:
    """Return the data of ``habit_report``.

    Args:
        dispatcher: Its store and content.
        actor: Needs ``form.view``, the scope of the person and clearance for what is sensitive.
        patient_id: Whose.

    Raises:
        DomainError: ``permission.denied``; ``assessment.clearance``; ``patient.unknown``; ``habits.nothing`` where
            neither a result nor an answer says anything of eating or exercise.
    """
    actor.check("form.view")
    if actor.clearance < Sensitivity.SENSITIVE:
        raise DomainError("assessment.clearance")
    with dispatcher.store.read() as connection:
        return _Habits(dispatcher, connection, patient_seen(connection, actor, patient_id)).data()


class _Habits:
    """One person's results and answers, read once."""

    def __init__(self, dispatcher: Dispatcher, connection: Connection, patient: Patient) -> None:
        told = dispatcher.content
        self._connection, self._patient, self._content = connection, patient, told
        self._now = dispatcher.clock()
        self._say = told["texts"].say
        self._advice: Advice = told[ADVICE]
        listed = kept_results(connection, patient.id)
        self._latest = {name: latest_of(found) for name, found in listed.items()}
        scales = scales_known(connection, told[SCALES], self._latest)
        self._scales = {name: one for name, one in scales.items() if name in listed}
        self._listed = {name: found for name, found in listed.items() if name in self._scales}
        self._safety = any(one.result.safety for one in self._latest.values())

    def data(self) -> dict[str, Any]:
        """Return the whole set."""
        facts = self._facts()
        areas = [self._area(area, facts[area]) for area in AREAS]
        if not any(one["results"] or one["facts"] for one in areas):
            raise DomainError("habits.nothing", field="patient_id")
        made = {
            **head_of(self._connection, self._patient, self._now),
            "report": {"made_at": clinic(self._now.replace(microsecond=0)).isoformat()},
            "safety": self._safety, "areas": areas, "axes": self._axes(),
            "software": {"name": self._say("assessment.software"), "version": VERSION},
        }  # fmt: skip
        if not self._safety and set(GATED) & self._listed.keys():
            draft = draft_of(self._connection, self._content, self._patient, self._now)
            made["exercise"] = exercise_data(draft, self._say)
        return made

    def _area(self, area: str, facts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        names = [name for name, scale in self._scales.items() if scale.group == area]
        names.sort(key=lambda name: (name not in MAIN[area], -self._latest[name].scored_at.timestamp(), name))
        results = [self._result(name) for name in names]
        computed = [
            name for name in (*MAIN[area], *names)
            if name in self._listed and self._latest[name].result.status == "computed"
        ]  # fmt: skip
        made: dict[str, Any] = {
            "id": area, "title": self._say(f"habits.area.{area}"), "results": results, "facts": list(facts),
            "good": [], "short": [], "advice": [],
        }  # fmt: skip
        if not computed:
            made["missing"] = self._say(f"habits.missing.{area}")
            return made
        main = self._latest[computed[0]].result
        if main.total is not None:
            number = f"{main.total.number}{main.total.unit}"
            parts = (self._scales[main.scale].title, number, main.total.text)
            made["verdict"] = " ".join(part for part in parts if part)
            if main.total.level:
                made["level"] = main.total.level
        parts_of = [one for one in main.scores if main.total is None or one.id != main.total.id]
        made["good"] = [one.label for one in parts_of if one.level == "low"]
        made["short"] = [f"{one.label}（{one.text}）" for one in parts_of if one.level in ("medium", "high")]
        made["advice"] = [] if self._safety else [entry_data(one) for one in self._advised(computed)]
        return made

    def _advised(self, names: Sequence[str]) -> Sequence[Entry]:
        """Return what follows from results, each entry once; 'keep it so' is not said beside a change."""
        found = advise(self._advice, [self._latest[name].result for name in dict.fromkeys(names)]).entries
        kept = {entry.id for entry in found if entry.id.endswith("_keep")}
        areas = {entry.area for entry in found if entry.id not in kept}
        return [entry for entry in found if entry.id not in kept or entry.area not in areas]

    def _result(self, name: str) -> dict[str, Any]:
        one, scale = self._latest[name], self._scales[name]
        made = assessed_data(
            Assessed(scale, one.result, clinic(one.scored_at.replace(microsecond=0))), self._say
        )
        made["expired"] = one.valid_until is not None and one.valid_until < clinic(self._now).date()
        if (before := self._before(name, scale)) is not None:
            made["before"] = before
        return made

    def _before(self, name: str, scale: Scale) -> str | None:
        """Return how the result differs from the one before it, None where there was none to compare."""
        done: list[Kept] = [one for one in self._listed[name] if one.result.status == "computed"]
        if len(done) < 2 or done[-2].result.version != done[-1].result.version:
            return None
        earlier, now = done[-2].result.total, done[-1].result.total
        if earlier is None or now is None:
            return None
        told = f"{earlier.number}{earlier.unit} {earlier.text}".strip()
        code = "habits.before"
        if earlier.value is not None and now.value is not None and earlier.value != now.value:
            code = "habits.before.more" if now.value > earlier.value else "habits.before.less"
        return str(self._say(code, on=_day(done[-2].scored_at).isoformat(), told=told))

    def _facts(self) -> dict[str, list[dict[str, Any]]]:
        """Return what was answered of habits by area: value, day, and whether it is short of what is wanted."""
        models: RiskModels = self._content[RISK]
        book = models.book
        known = book.know(
            gather(self._connection, self._patient, models, self._now), clinic(self._now).date()
        )
        found: dict[str, list[dict[str, Any]]] = {area: [] for area in AREAS}
        for code, one in known.used.items():
            definition = book.definitions[code]
            area = next((area for area in AREAS if definition.group in GROUPS[area]), None)
            if area is None or one.at is None or one.source.startswith("scale:"):
                continue
            value, unit = factor_value(code, one.value, book)
            found[area].append({
                "label": book.label(code), "value": f"{value} {unit}".strip(), "at": one.at.isoformat(),
                "short": short_of_ideal(code, one.value, known.sex, book),
            })  # fmt: skip
        return found

    def _axes(self) -> dict[str, Any]:
        """Return each food group's score in percent of its highest, of the latest score against the guideline."""
        one = self._latest.get("diet_habit")
        told = one is not None and one.result.status == "computed" and "diet_habit" in self._scales
        points = [
            {"label": score.label, "value": str(round(100 * score.value / score.high))}
            for score in (one.result.scores if one is not None and told else ())
            if score.id != "total" and score.value is not None and score.high
        ]
        return {"title": self._say("habits.axes"), "points": points}


def _day(at: datetime) -> date:
    return clinic(at).date()
