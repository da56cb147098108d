"""The night's count of the region: read once, counted in memory, kept where it is otherwise than the night before."""

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, exists, select
from sqlalchemy.orm import aliased

from domain.checkup.records import Finding, Observation, Visit
from domain.kernel.authority import Actor
from domain.kernel.clock import clinic
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id, stable_id
from domain.people.records import Organization, Patient, Sex
from domain.population.commands import KeepFigures, KeepJudgements, Kept
from domain.population.figures import (
    ALL,
    CLIENTS,
    LEAST_PEOPLE,
    Cell,
    Count,
    One,
    band_of,
    count,
    differs,
    standardised,
    withheld,
)
from domain.population.records import Against, Course, PopulationFigure, PopulationJudgement
from domain.risk.records import RiskLevel
from domain.tags.records import ClientTag, TagKind

SEXES = {Sex.MALE: "male", Sex.FEMALE: "female"}
LABELS = {
    CLIENTS: "体检人数", "class_a": "A 类重要异常", "class_b": "B 类重要异常", "red": "风险等级：红色",
    "orange": "风险等级：橙色", "yellow": "风险等级：黄色", "green": "风险等级：绿色",
}  # fmt: skip
GOOD = frozenset({"green", CLIENTS})
"""Of these more is no cause for concern: they are counted and not judged."""
DISEASE = "disease:"
CHUNK = 400
REGION = "全区域"


def count_population(dispatcher: Dispatcher, actor: Actor) -> int:
    """Count this year and compare it with the last; returns how many rows changed."""
    year = clinic(dispatcher.clock()).year
    with dispatcher.store.read() as connection:
        sites, root = _sites(connection)
        found = count(_everybody(connection, year, now=True))
        before = count(_everybody(connection, year - 1, now=False))
        old_figures, old_judgements = (
            set(connection.execute(select(kind.id).where(kind.year == year)).scalars())
            for kind in (PopulationFigure, PopulationJudgement)
        )
    if root is None:
        return 0
    rows = list(_figures(year, found, sites, root))
    gone = sorted(old_figures - {one.row_id for one in rows})
    changed = 0
    for start in range(0, max(len(rows), len(gone)), CHUNK):
        part = slice(start, start + CHUNK)
        changed += dispatcher.run(KeepFigures(rows=rows[part], gone=gone[part]), actor).receipt
    judged = list(_judgements(year, found, before, sites, root))
    gone = sorted(old_judgements - {one.row_id for one in judged})
    if judged or gone:
        changed += dispatcher.run(KeepJudgements(rows=judged, gone=gone), actor).receipt
    return changed


def _sites(connection: Connection) -> tuple[dict[str, str], Id | None]:
    """Return the names of organisations by id, and the one at the top."""
    org = Organization.__table__.c
    rows = connection.execute(select(org.id, org.name, org.parent_id).order_by(org.id)).all()
    root = next((row.id for row in rows if row.parent_id is None), None)
    return {str(row.id): row.name for row in rows}, root


def _everybody(connection: Connection, year: int, *, now: bool) -> Iterator[One]:
    """Yield each client of each site who had a checkup in a year, with what they have.

    What is only known of the present (colours, chronic diseases) counts where `now`: it says nothing of the past.
    """
    first, last = date(year, 1, 1), date(year, 12, 31)
    marks = _marks(connection, first, last, now=now)
    v, p = Visit.__table__.c, Patient.__table__.c
    query = (
        select(v.org_id, p.id, p.sex, p.birth_date, p.id_number)
        .select_from(Visit.__table__.join(Patient.__table__, p.id == v.patient_id))
        .where(v.visit_date >= first, v.visit_date <= last)
        .distinct()
    )
    for row in connection.execute(query):
        known = row.id_number or row.id.hex
        yield One(
            person=hashlib.sha256(known.encode()).hexdigest()[:24], site=str(row.org_id),
            sex=SEXES.get(row.sex, ALL), band=band_of(row.birth_date, last),
            marks=frozenset(marks.get(row.id, ())),
        )  # fmt: skip


def _marks(connection: Connection, first: date, last: date, *, now: bool) -> Mapping[Id, set[str]]:
    """Return what each client has: important results of the year that stand, the colour, chronic diseases."""
    marks: dict[Id, set[str]] = defaultdict(set)
    f, o = Finding.__table__, aliased(Observation.__table__)
    corrected = exists().where(and_(o.c.visit_id == f.c.visit_id, o.c.amends == f.c.observation_id))
    begin = datetime(first.year, 1, 1, tzinfo=UTC) - timedelta(hours=8)
    end = datetime(last.year + 1, 1, 1, tzinfo=UTC) - timedelta(hours=8)
    query = select(f.c.patient_id, f.c.important_class).where(
        f.c.found_at >= begin, f.c.found_at < end, ~corrected
    )
    for row in connection.execute(query):
        marks[row.patient_id].add(f"class_{row.important_class.lower()}")
    if not now:
        return marks
    r, t = RiskLevel.__table__.c, ClientTag.__table__.c
    for row in connection.execute(select(r.patient_id, r.colour).where(r.colour.is_not(None))):
        marks[row.patient_id].add(str(row.colour))
    tags = select(t.patient_id, t.name).where(t.kind == TagKind.DISEASE, t.off_at.is_(None))
    for row in connection.execute(tags):
        marks[row.patient_id].add(f"{DISEASE}{row.name}")
    return marks


def _label(measure: str) -> str:
    return LABELS.get(measure) or f"慢病：{measure.removeprefix(DISEASE)}"


def _where(site: str, sites: Mapping[str, str], root: Id) -> tuple[Id, str]:
    """Return whose a row of a site is, and the name it is shown with."""
    return (root, REGION) if site == ALL else (uuid.UUID(site), sites.get(site, site))


def _figures(
    year: int, found: Mapping[str, Mapping[Cell, Count]], sites: Mapping[str, str], root: Id
) -> Iterator[Kept]:
    shut_people = withheld(found.get(CLIENTS, {}))
    for measure, counts in sorted(found.items()):
        shut = withheld(counts, shut_people)
        for cell, one in sorted(counts.items()):
            site, sex, band = cell
            org_id, name = _where(site, sites, root)
            closed = cell in shut
            yield Kept(
                stable_id("population_figure", year, site, measure, sex, band), org_id,
                {
                    "year": year, "site": name, "measure": measure, "label": _label(measure), "sex": sex,
                    "band": "全部" if band == ALL else band, "people": None if cell in shut_people else one.people,
                    "cases": None if closed else one.cases,
                    "percent": None if closed or not one.people else round(100 * one.cases / one.people, 2),
                    "withheld": closed,
                },
            )  # fmt: skip


def _judgements(
    year: int,
    found: Mapping[str, Mapping[Cell, Count]],
    before: Mapping[str, Mapping[Cell, Count]],
    sites: Mapping[str, str],
    root: Id,
) -> Iterator[Kept]:
    shut_people = withheld(found.get(CLIENTS, {}))
    for measure, counts in sorted(found.items()):
        if measure in GOOD:
            continue
        shut = withheld(counts, shut_people)
        for (site, sex, band), one in sorted(counts.items()):
            if (sex, band) != (ALL, ALL) or (site, sex, band) in shut or one.people < LEAST_PEOPLE:
                continue
            org_id, name = _where(site, sites, root)
            values = _judged(measure, counts, before.get(measure, {}), site, one)
            values |= {"year": year, "site": name, "measure": measure, "label": _label(measure)}
            values["sentence"] = sentence(values)
            yield Kept(stable_id("population_judgement", year, site, measure), org_id, values)


def _judged(
    measure: str, counts: Mapping[Cell, Count], before: Mapping[Cell, Count], site: str, one: Count
) -> dict[str, Any]:
    ratio = None if site == ALL else standardised(counts, site)
    against = Against.REGION if site == ALL else Against.SAME
    if ratio is not None and site != ALL:
        against = Against.HIGHER if ratio.low > 1 else Against.LOWER if ratio.high < 1 else Against.SAME
    last = before.get((site, ALL, ALL))
    course, share = Course.UNKNOWN, None
    if last is not None and last.people >= LEAST_PEOPLE and (site, ALL, ALL) not in withheld(before):
        share = round(100 * last.cases / last.people, 2)
        course = {1: Course.RISING, -1: Course.FALLING, 0: Course.STEADY}[differs(one, last)]
    weight = 2 * (against is Against.HIGHER) + (course is Course.RISING) + 2 * (measure == "class_a")
    return {
        "people": one.people, "cases": one.cases, "percent": round(100 * one.cases / one.people, 2),
        "expected": round(ratio.expected, 1) if ratio else None, "ratio": round(ratio.ratio, 2) if ratio else None,
        "low": round(ratio.low, 2) if ratio else None, "high": round(ratio.high, 2) if ratio else None,
        "against": against, "before": share, "course": course,
        "weight": weight if against is Against.HIGHER or course is Course.RISING else 0,
    }  # fmt: skip


_AGAINST = {Against.HIGHER: "高于区域", Against.LOWER: "低于区域", Against.SAME: "与区域相当"}
_COURSE = {Course.RISING: "较上年上升", Course.FALLING: "较上年下降", Course.STEADY: "与上年相当"}


def sentence(v: Mapping[str, Any]) -> str:
    """Return what a judgement says, with the numbers it rests on."""
    said = f"{v['site']} {v['year']} 年体检 {v['people']} 人，{v['label']} {v['cases']} 人（{v['percent']}%）"
    if v["ratio"] is not None:
        interval = f"95% 可信区间 {v['low']}～{v['high']}"
        said += f"；按性别年龄校正为区域的 {v['ratio']} 倍（{interval}），{_AGAINST[v['against']]}"
    if v["before"] is not None:
        said += f"；上年 {v['before']}%，{_COURSE[v['course']]}"
    return said + "。"
