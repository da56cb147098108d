"""The statistics of a study as one report: figures, sentences and charts of each part and of the follow-up."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection

from domain.consent.records import ConsentUse
from domain.kernel.authority import Actor
from domain.kernel.clock import clinic
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.research.choosing import Choice, choose, study_of
from domain.research.export_commands import EXPORT, PreviewStudyExport
from domain.version import NAME, VERSION
from forms.assessing import organisation_names
from forms.charts import Chart
from forms.documents import Document, render_pdf
from forms.research import wording as say_of
from forms.research.frame import Frame, frame_of
from forms.research.statistics import Change, Line, change_over_visits, missing_map, spread, table_of_people
from forms.research.study_charts import bars_chart, means_chart, survival_chart
from forms.research.survival import OPERATORS, Event, survival_of
from forms.research.variables import Variable, dictionary_of

MOST_LINES, MOST_MISSING, MOST_CHANGES, MOST_SPREADS = 80, 40, 8, 8
"""What one report shows of each; the rest is in the data that is exported, and the report says how much."""


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """What a report is about: which part of the study, groups by ``arm`` or ``sex``, and perhaps an event."""

    study_id: Id
    choice: Choice
    use: ConsentUse = ConsentUse.DATA
    by: str = "arm"
    event: Event | None = None
    told: str = "全部"


def summary_pdf(
    dispatcher: Dispatcher, actor: Actor, document: Document, asked: Asked, folder: Any, say: Callable[..., str],
    go_on: Callable[[int, int], bool] = lambda _done, _of: True,
) -> bytes | None:  # fmt: skip
    """Return the report as PDF, None if `go_on` stopped it.

    Raises:
        DomainError: ``permission.denied``, what `PreviewStudyExport` refuses, ``research.no_data``,
            ``research.event`` (field ``event``).
    """
    actor.check(EXPORT)
    preview = dispatcher.run(
        PreviewStudyExport(study_id=asked.study_id, choice=asked.choice.as_json(), use=asked.use), actor
    )
    with dispatcher.store.read() as connection:
        frame = _frame(connection, dispatcher, actor, asked, folder, say, go_on)
        study = study_of(connection, asked.study_id)
        names = organisation_names(connection, study.org_id)
    if frame is None:
        return None
    if not frame.begun.any():
        raise DomainError("research.no_data", field="choice")
    data, charts = content_of(frame, asked, sum(preview.receipt.left_out.values()), say)
    data |= {
        "organisation": {"name": names[-1], "branch": names[0]},
        "report": {"made_at": dispatcher.clock().isoformat(), "made_by": actor.name},
        "study": {
            "code": study.code,
            "name": study.name,
            "protocol": study.protocol,
            "visit": data.pop("visit"),
        },
        "told": f"{asked.told}（截至 {clinic(dispatcher.clock()):%Y-%m-%d}）",
        "software": {"name": NAME, "version": VERSION},
    }
    return render_pdf(document, data, charts)


def _frame(
    connection: Connection, dispatcher: Dispatcher, actor: Actor, asked: Asked, folder: Any, say: Callable[..., str],
    go_on: Callable[[int, int], bool],
) -> Frame | None:  # fmt: skip
    study, catalog = study_of(connection, asked.study_id), dispatcher.content["catalog"]
    chosen = choose(connection, actor, asked.study_id, asked.choice, asked.use, dispatcher.clock())
    dictionary = dictionary_of(
        connection, study, list(chosen.plans), asked.choice.kinds, catalog=catalog, folder=folder, say=say
    )
    return frame_of(connection, chosen, asked.choice, dictionary, catalog, go_on)


def content_of(
    frame: Frame, asked: Asked, left_out: int, say: Callable[..., str]
) -> tuple[dict[str, Any], list[Chart]]:
    """Return the fields of ``study_summary`` that are figures, and its charts in their order."""
    names = dict(frame.visits)
    visit = next(code for code, _name in frame.visits if len(frame.at(code)))
    groups, lines = table_of_people(frame, visit, asked.by)
    shown = lines[:MOST_LINES]
    titles = [_group(asked.by, one) for one in groups]
    spreads = [chart for line in shown if (chart := _spread(frame, visit, line)) is not None][:MOST_SPREADS]
    changes = _changes(frame)
    events, drawn = _survival(frame, asked, say)
    follow = [
        _visit_row(frame, code, name)
        for code, name in frame.visits
        if any(one == code for one in frame.visit)
    ]
    data = {
        "visit": names[visit], "groups": titles, "people": [row for line in shown for row in _rows(line)],
        "sentences": say_of.about_people(frame, left_out, say) + say_of.about_differences(lines, titles, say),
        "people_left": len(lines) - len(shown),
        "described": [say_of.about_line(line, say) for line in shown[: say_of.TOLD_AT_MOST]],
        "missing": _missing(frame, names, say),
        "changes": [_change(variable, some, say) for variable, some in changes],
        "follow_up": {"sentences": say_of.about_follow_up(frame, say), "rows": follow},
        "survival": events,
        "charts": {"spreads": len(spreads), "changes": len(changes), "survival": len(drawn)},
    }  # fmt: skip
    means = [means_chart(variable.label, _unit(variable), some) for variable, some in changes]
    return data, [*spreads, *means, *drawn]


def _group(by: str, code: str) -> str:
    return {"1": "男", "2": "女"}.get(code, code) if by == "sex" else code


def _unit(variable: Variable) -> str:
    return "" if variable.unit in ("", "1", "a") else variable.unit


def _rows(line: Line) -> list[dict[str, Any]]:
    """Return a number as one row, a code as a head and a row a value."""
    head = {
        "label": line.variable.label, "unit": _unit(line.variable), "missing": str(line.missing[0]),
        "test": line.test,
        "p": say_of.probability(line.p) if line.test else "", "q": say_of.probability(line.q) if line.test else "",
        "smd": "" if line.smd is None else f"{line.smd:.2f}", "head": True,
    }  # fmt: skip
    if line.numbers:
        cells = [
            "—" if one is None else f"{say_of.number(one.mean)} ± {say_of.number(one.sd)}（{one.n}）"
            for one in line.numbers
        ]
        return [{**head, "cells": cells}]
    rows = [{**head, "cells": [f"（{n}）" for n in line.of]}]
    blank = {"unit": "", "missing": "", "test": "", "p": "", "q": "", "smd": "", "head": False}
    for code, name, counts in line.counts:
        cells = [f"{n}（{say_of.percent(n, of)}）" for n, of in zip(counts, line.of, strict=True)]
        rows.append({**blank, "label": name or code, "cells": cells})
    return rows


def _spread(frame: Frame, visit: str, line: Line) -> Chart | None:
    if line.numbers:
        values = frame.numbers[line.variable.name][frame.at(visit)]
        bins = spread(values)
        if len(bins) < 2:
            return None
        return bars_chart(
            f"{line.variable.label}（{line.of[0]} 人）", [(say_of.number(low), n) for low, _high, n in bins]
        )
    if len(line.counts) < 2:
        return None
    return bars_chart(
        f"{line.variable.label}（{line.of[0]} 人）", [(name or code, n[0]) for code, name, n in line.counts]
    )


def _missing(frame: Frame, names: dict[str, str], say: Callable[..., str]) -> dict[str, Any]:
    told = missing_map(frame)
    visits = [code for code, _name in frame.visits if len(frame.at(code))]
    lacking = [(v, by) for v, by in told if any(lack for lack, _of in by.values())]
    lacking.sort(key=lambda one: -max(lack / of for lack, of in one[1].values()))
    rows = [
        {
            "label": variable.label,
            "cells": [
                {"said": f"{by[code][0]}/{by[code][1]}", "level": _level(*by[code])} for code in visits
            ],
        }
        for variable, by in lacking[:MOST_MISSING]
    ]
    return {
        "visits": [names[code] for code in visits], "rows": rows, "left": len(told) - len(rows),
        "sentences": say_of.about_missing(told, names, say),
    }  # fmt: skip


def _level(lack: int, of: int) -> int:
    """Return a shade, 0 for nothing missing, 4 for more than three quarters."""
    return 0 if not lack else min(4, 1 + int(4 * lack / of - 1e-9))


def _changes(frame: Frame) -> list[tuple[Variable, list[Change]]]:
    found = []
    for variable in frame.variables:
        if variable.name in frame.numbers and variable.kind == "number" and variable.name != "age":
            changes = change_over_visits(frame, variable.name)
            if len(changes) > 1 and any(one.difference is not None for one in changes):
                found.append((variable, changes))
    found.sort(key=lambda one: min((c.p for c in one[1] if c.p is not None), default=2.0))
    return found[:MOST_CHANGES]


def _change(variable: Variable, changes: Sequence[Change], say: Callable[..., str]) -> dict[str, Any]:
    number = say_of.number
    rows = [
        {
            "visit": one.visit, "n": str(one.n),
            "mean": f"{number(one.mean)}（{number(one.mean - one.half)} 至 {number(one.mean + one.half)}）",
            "pairs": str(one.pairs) if one.pairs else "—",
            "difference": "—" if one.difference is None
            else f"{number(one.difference)}（{number(one.low)} 至 {number(one.high)}）",
            "p": say_of.probability(one.p),
        }
        for one in changes
    ]  # fmt: skip
    return {
        "label": variable.label, "unit": _unit(variable), "rows": rows,
        "sentences": say_of.about_change(variable, changes, say),
    }  # fmt: skip


def _visit_row(frame: Frame, code: str, name: str) -> dict[str, str]:
    here = [at for at, one in enumerate(frame.visit) if one == code and frame.state[at] != "cancelled"]
    done = sum(frame.state[at] == "done" for at in here)
    return {
        "visit": name, "planned": str(len(here)), "done": str(done), "rate": say_of.percent(done, len(here)),
        "missed": str(sum(frame.state[at] == "missed" for at in here)),
        "outside": str(int(np.sum(frame.off_window[here]))) if here else "0",
    }  # fmt: skip


def _survival(
    frame: Frame, asked: Asked, say: Callable[..., str]
) -> tuple[dict[str, Any] | None, list[Chart]]:
    event = asked.event
    if event is None:
        return None, []
    known = next((one for one in frame.variables if one.name == event.variable), None)
    if known is None or event.op not in OPERATORS or not _readable(event, known):
        raise DomainError("research.event", field="event", value=f"{event.variable} {event.op} {event.value}")
    found = survival_of(frame, event, asked.by)
    told = say_of.about_survival(found, known.label, say)
    title = say_of.event_words(found, known.label)
    curves = [dataclasses.replace(one, name=_group(asked.by, one.name)) for one in found.curves]
    rows = [
        {
            "name": one.name or "全部", "n": str(one.n), "events": str(one.events),
            "median": "未达到" if one.median is None else f"{say_of.number(one.median)} 天",
            "at_risk": [str(count) for _day, count in one.at_risk],
        }
        for one in curves
    ]  # fmt: skip
    marks = [str(day) for day, _count in curves[0].at_risk] if curves else []
    drawn = [survival_chart(title, curves[1:] or curves)] if curves else []
    return {"title": title, "sentences": told, "marks": marks, "rows": rows}, drawn


def _readable(event: Event, variable: Variable) -> bool:
    if variable.kind == "code":
        return event.op == "eq"
    try:
        float(event.value)
    except ValueError:
        return False
    return True
