"""Sentences of a study's statistics: whole sentences of the catalogue, filled with the figures and of how many."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from forms.research.frame import Frame
from forms.research.statistics import Change, Line
from forms.research.survival import OPERATORS, Survival
from forms.research.variables import Variable

Say = Callable[..., str]
TOLD_AT_MOST = 8
NOTABLE = 0.05


def number(value: float | None) -> str:
    """Write a number with three figures that count, never with an exponent; a dash for none."""
    if value is None or math.isnan(value):
        return "—"
    if value == 0 or abs(value) >= 1e15:
        return f"{value:.0f}"
    places = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:.{min(places, 6)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def probability(p: float | None) -> str:
    """Write a p-value: three places, below a thousandth only that."""
    if p is None:
        return "—"
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def percent(part: int, whole: int) -> str:
    """Write a share in per cent with one place; a dash of nothing."""
    return f"{100 * part / whole:.1f}%" if whole else "—"


def about_people(frame: Frame, left_out: int, say: Say) -> list[str]:
    """Say of how many people and visits everything is."""
    subjects = len(set(frame.subject))
    return [
        say("research.say.people", n=subjects, visits=int(frame.begun.sum()), left=left_out),
        say("research.say.method"),
    ]


def about_line(line: Line, say: Say) -> str:
    """Say of one variable how it is spread among all."""
    label, unit = line.variable.label, line.variable.unit
    if line.numbers:
        whole = line.numbers[0]
        if whole is None:
            return say("research.say.nothing", label=label)
        return say(
            "research.say.number", label=label, n=whole.n, missing=whole.missing, mean=number(whole.mean),
            sd=number(whole.sd), unit=_unit(unit), median=number(whole.median),
            q1=number(whole.q1), q3=number(whole.q3),
        )  # fmt: skip
    code, name, counts = max(line.counts, key=lambda one: one[2][0], default=("", "", (0,)))
    return say(
        "research.say.code", label=label, n=line.of[0], missing=line.missing[0], top=name or code, count=counts[0],
        share=percent(counts[0], line.of[0]),
    )  # fmt: skip


def about_differences(lines: Sequence[Line], groups: Sequence[str], say: Say) -> list[str]:
    """Say which variables differ between groups after the correction, and out of how many tests."""
    if not groups:
        return [say("research.say.one_group")]
    tested = [line for line in lines if line.p is not None]
    found = sorted((line for line in tested if (line.q or 1) < NOTABLE), key=lambda line: line.p or 0)
    told = [say("research.say.tests", groups="、".join(groups), tests=len(tested), found=len(found))]
    told += [
        say(
            "research.say.difference", label=line.variable.label, test=line.test, p=probability(line.p),
            q=probability(line.q), smd=number(line.smd),
        )
        for line in found[:TOLD_AT_MOST]
    ]  # fmt: skip
    return told


def about_missing(
    told: Sequence[tuple[Variable, dict[str, tuple[int, int]]]], names: dict[str, str], say: Say
) -> list[str]:
    """Say where most is missing."""
    cells = [
        (lack / of, lack, of, variable.label, visit)
        for variable, by_visit in told
        for visit, (lack, of) in by_visit.items()
        if lack
    ]
    if not cells:
        return [say("research.say.complete")]
    whole = sum(of for _v, by in told for _lack, of in by.values())
    lack = sum(one[1] for one in cells)
    said = [say("research.say.missing", lack=lack, of=whole, share=percent(lack, whole))]
    for _share, missing, of, label, visit in sorted(cells, key=lambda one: (-one[0], one[3]))[:3]:
        said.append(
            say(
                "research.say.most_missing", label=label, visit=names.get(visit, visit), lack=missing, of=of,
                share=percent(missing, of),
            )
        )  # fmt: skip
    return said


def about_change(variable: Variable, changes: Sequence[Change], say: Say) -> list[str]:
    """Say how a number changed against the first visit, of those who have it at both."""
    return [
        say(
            "research.say.change", label=variable.label, pairs=one.pairs, first=changes[0].visit, visit=one.visit,
            difference=_signed(one.difference), low=_signed(one.low), high=_signed(one.high), p=probability(one.p),
        )
        for one in changes[1:]
        if one.difference is not None
    ]  # fmt: skip


def about_follow_up(frame: Frame, say: Say) -> list[str]:
    """Say how far the follow-up as a whole is: visits of the protocol and contacts."""
    states = Counter(frame.state)
    planned = len(frame.state) - states["cancelled"]
    said = [
        say(
            "research.say.visits", planned=planned, done=states["done"], rate=percent(states["done"], planned),
            going=states["going_on"], waiting=states["planned"], missed=states["missed"],
            off=int(frame.off_window.sum()),
        )
    ]  # fmt: skip
    if not frame.contacts:
        return [*said, say("research.say.no_contacts")]
    closed = [one for one in frame.contacts if one[2] is not None]
    reached = sum(outcome == "reached" for _state, outcome, _late in closed)
    late = sum(bool(one[2]) for one in closed)
    said.append(
        say(
            "research.say.contacts", all=len(frame.contacts), closed=len(closed), reached=reached,
            rate=percent(reached, len(closed)), late=late,
        )
    )  # fmt: skip
    return said


def about_survival(found: Survival, label: str, say: Say) -> list[str]:
    """Say how many had the event, of how many, when, and whether groups differ."""
    if not found.curves:
        return [say("research.say.no_event_data", event=event_words(found, label), before=found.had_before,
                    without=found.without)]  # fmt: skip
    whole = found.curves[0]
    told = [
        say(
            "research.say.survival", event=event_words(found, label), n=whole.n, events=whole.events,
            before=found.had_before, without=found.without,
            median=say("research.say.not_reached") if whole.median is None else f"{number(whole.median)} 天",
        )
    ]  # fmt: skip
    told += [
        say("research.say.curve", name=one.name, n=one.n, events=one.events,
            median=say("research.say.not_reached") if one.median is None else f"{number(one.median)} 天")
        for one in found.curves[1:]
    ]  # fmt: skip
    if found.p is not None:
        told.append(say("research.say.log_rank", p=probability(found.p)))
    return told


def event_words(found: Survival, label: str) -> str:
    """Return an event as people read it."""
    return f"{label} {OPERATORS.get(found.event.op, found.event.op)} {found.event.value}"


def _unit(ucum: str) -> str:
    return "" if ucum in ("", "1") else " 岁" if ucum == "a" else f" {ucum}"


def _signed(value: Any) -> str:
    if value is None:
        return "—"
    return f"+{number(value)}" if value > 0 else number(value)
