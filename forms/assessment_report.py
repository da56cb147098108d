"""The report of special assessments: results of scales, what they mean, how sure that is, and what follows from them.

One set of data for the page; nothing is worked out here that the results do not say.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.scales.advice import Advice, Crossing, Entry, Prescription, Told
from domain.scales.definitions import Scale
from domain.scales.exercise_draft import ExerciseDraft
from domain.scales.results import Graded, ScaleResult, sentences
from domain.version import VERSION
from forms.documents import Document, render_pdf

KINDS = ("diet", "routine", "exercise", "emotion", "acupoint")


@dataclasses.dataclass(frozen=True, slots=True)
class Assessed:
    """One result with its scale and the time it was answered."""

    scale: Scale
    result: ScaleResult
    at: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Follows:
    """What results lead to: advice, constitution beside risks, an exercise draft."""

    told: Told
    advice: Advice
    crossings: Sequence[Crossing] = ()
    exercise: ExerciseDraft | None = None


def assessment_content(
    head: Mapping[str, Any],
    assessed: Sequence[Assessed],
    follows: Follows,
    made_at: datetime,
    say: Callable[..., str],
) -> dict[str, Any]:
    """Return the data of ``assessment_report``.

    Args:
        head: `organisation` and `client` as `document.yaml` declares them.
        assessed: In the order of the page.
        follows: Where safety is at stake only its entry is shown.
        made_at: Aware; dates the file.
        say: `Texts.say`.
    """
    told, quiet = follows.told, follows.told.safety
    library = follows.advice.library
    content = {
        **head,
        "report": {"made_at": made_at.isoformat()},
        "safety": quiet,
        "assessments": [assessed_data(one, say) for one in assessed],
        "advice": [entry_data(entry) for entry in told.entries],
        "prescriptions": [] if quiet else [_prescription(one, say) for one in told.prescriptions],
        "prescriptions_note": say("assessment.prescriptions", source=library.source),
        "crossings": [] if quiet else [one.text for one in follows.crossings],
        "software": {"name": say("assessment.software"), "version": VERSION},
    }
    if follows.exercise is not None and not quiet:
        content["exercise"] = exercise_data(follows.exercise, say)
    return content


def render_assessment(document: Document, content: dict[str, Any]) -> bytes:
    """Return the report as PDF.

    Raises:
        DomainError: ``document.data_invalid``.
    """
    return render_pdf(document, content)


def assessed_data(one: Assessed, say: Callable[..., str]) -> dict[str, Any]:
    """Return one result as reports show it, with what its scores mean and what they rest on."""
    result, scale = one.result, one.scale
    made: dict[str, Any] = {
        "title": scale.title,
        "answered_at": one.at.isoformat(),
        "status": result.status,
        "unverified": result.total is not None and result.total.unverified,
        "scores": [_score(score) for score in result.scores] if result.status == "computed" else [],
        "remarks": _remarks(result, say),
        "sources": [{"what": p.what, "status": p.status, "source": p.source} for p in scale.parts],
    }
    if result.total is not None:
        number = f"{result.total.number}{result.total.unit}"
        made["result"] = " ".join(part for part in (result.total.label, number, result.total.text) if part)
        if result.total.level:
            made["level"] = result.total.level
    return made


def _score(score: Graded) -> dict[str, Any]:
    made: dict[str, Any] = {
        "label": score.label, "value": f"{score.number}{score.unit}" or "—", "meaning": score.text,
        "unverified": score.unverified,
    }  # fmt: skip
    if (
        score.value is not None
        and score.low is not None
        and score.high is not None
        and score.high > score.low
    ):
        made["share"] = round(100 * (score.value - score.low) / (score.high - score.low))
    return made


def _remarks(result: ScaleResult, say: Callable[..., str]) -> list[str]:
    """Return flags and reasons; where a score was had, the table says it already."""
    if result.status != "computed":
        return sentences(result, say)
    codes = {
        "safety": "scales.safety",
        "invalid": "scales.invalid",
        "positive": "scales.positive",
        "note": "scales.note",
    }
    return [say(codes[flag.kind], text=flag.text) for flag in result.flags]


def entry_data(entry: Entry) -> dict[str, Any]:
    """Return a piece of advice as reports show it; never without its source."""
    return {
        "title": entry.title, "do": list(entry.do), "avoid": list(entry.avoid), "see": entry.see,
        "source": entry.source, "grade": entry.grade, "unverified": entry.status != "V",
    }  # fmt: skip


def _prescription(one: Prescription, say: Callable[..., str]) -> dict[str, Any]:
    return {
        "kind": say(f"assessment.kind.{one.kind}"), "title": one.title, "do": list(one.do), "avoid": list(one.avoid),
        "often": one.often, "caution": one.caution,
    }  # fmt: skip


def exercise_data(draft: ExerciseDraft, say: Callable[..., str]) -> dict[str, Any]:
    """Return an exercise draft as lines, or why there is none."""
    plan = draft.plan
    if plan is None:
        return {"refused": draft.refused, "lines": [], "stop": []}
    lines = [
        say("assessment.fitt", label=plan.label, days=_span(plan.days), minutes=_span(plan.minutes),
            kinds="、".join(plan.kinds)),
        say("assessment.effort", reserve=_span(plan.reserve), rpe=_span(plan.rpe)),
    ]  # fmt: skip
    if draft.heart_rate is not None:
        lines.append(say("assessment.rate", low=draft.heart_rate[0], high=draft.heart_rate[1]))
    lines += [
        say("assessment.amount", met=_span(plan.met_minutes)),
        plan.progress,
        plan.resistance,
        *draft.notes,
    ]
    return {"refused": "", "lines": lines, "stop": list(draft.stop)}


def _span(ends: tuple[int, int]) -> str:
    return str(ends[0]) if ends[0] == ends[1] else f"{ends[0]}–{ends[1]}"
