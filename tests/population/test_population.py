"""R4.3: the region's people are counted by site, sex and age, compared fairly, and nobody can be recognised."""

import random
from datetime import date, timedelta

import pytest
from sqlalchemy import select

import resources
from domain.catalog.content import load_catalog
from domain.checkup.records import Finding, Visit
from domain.checkup.workflow import visit_life
from domain.kernel.authority import system_actor
from domain.kernel.ids import stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.kernel.worklists import Pages, worklists
from domain.people.records import Organization, OrganizationKind, Patient, Sex
from domain.population.counting import count_population
from domain.population.figures import (
    ALL,
    CLIENTS,
    SMALL,
    Count,
    One,
    band_of,
    count,
    differs,
    standardised,
    withheld,
)
from domain.population.records import PopulationFigure, PopulationJudgement
from domain.tags.records import ClientTag, TagKind
from tests.conftest import BRANCH, DEVICE, HEAD_OFFICE, OTHER_BRANCH

SYSTEM = system_actor(HEAD_OFFICE, DEVICE)


def people(site, sex, band, cases, others, mark="class_a", key=""):
    return [
        One(person=f"{site}{sex}{band}{key}{n}", site=site, sex=sex, band=band,
            marks=frozenset({mark} if n < cases else ()))
        for n in range(cases + others)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("born", "band"),
    [
        (date(2008, 12, 31), "18-29岁"), (date(2009, 1, 1), "17岁及以下"), (date(1956, 12, 31), "70岁及以上"),
        (date(1957, 1, 1), "60-69岁"), (None, ALL),
    ],
)  # fmt: skip
def test_bands_begin_on_the_birthday(born, band):
    assert band_of(born, date(2026, 12, 31)) == band


def test_a_person_known_at_two_sites_is_one_in_the_region():
    both = [
        One("p", "B1", "male", "30-39岁", frozenset({"class_a"})),
        One("p", "B2", "male", "30-39岁", frozenset()),
    ]
    counts = count(both)["class_a"]
    assert counts["B1", ALL, ALL] == Count(1, 1)
    assert counts[ALL, ALL, ALL] == Count(1, 1)


@pytest.mark.parametrize("seed", range(40))
def test_no_withheld_number_can_be_worked_out_from_the_others(seed):
    chance = random.Random(seed)  # noqa: S311
    everybody = [
        one
        for site in ("B1", "B2", "B3")
        for sex in ("male", "female")
        for band in ("30-39岁", "40-49岁", "50-59岁")
        for one in people(site, sex, band, chance.choice([0, 1, 3, 7, 20]), chance.choice([0, 4, 30]))
    ]
    counts = count(everybody)["class_a"]
    shut = withheld(counts)
    for cell, one in counts.items():
        assert cell in shut or one.cases == 0 or one.cases >= SMALL
    for axis in range(3):
        for total in (c for c in counts if c[axis] == ALL and c not in shut):
            members = [
                c for c in counts if c[axis] != ALL and all(c[i] == total[i] for i in range(3) if i != axis)
            ]
            hidden = [c for c in members if c in shut and counts[c].cases]
            assert len(hidden) != 1, f"{total} minus the others gives {hidden}"


def test_nothing_is_withheld_where_everything_is_large():
    counts = count(people("B1", "male", "30-39岁", 10, 90) + people("B1", "female", "30-39岁", 20, 80))[
        "class_a"
    ]
    assert withheld(counts) == frozenset()


def test_an_older_site_is_not_called_worse_for_its_age():
    """Both sites have the same share in each age band; only their ages differ."""
    everybody = (
        people("B1", "male", "30-39岁", 10, 190) + people("B1", "male", "60-69岁", 10, 40)
        + people("B2", "male", "30-39岁", 5, 95) + people("B2", "male", "60-69岁", 80, 320)
    )  # fmt: skip
    counts = count(everybody)["class_a"]
    assert counts["B2", ALL, ALL].cases / 500 > 2 * counts["B1", ALL, ALL].cases / 250
    found = standardised(counts, "B2")
    assert found.ratio == pytest.approx(1.0)
    assert found.low < 1 < found.high


@pytest.mark.parametrize(
    ("observed", "low", "high"),
    [(10, 4.795, 18.390), (100, 81.364, 121.627), (5, 1.623, 11.668), (0, 0.0, 3.689)],
)
def test_the_interval_is_that_of_poisson(observed, low, high):
    """Exact limits, from the chi-squared distribution (R: `qchisq(c(.025, .975), c(2*O, 2*O+2))/2`)."""
    counts = {
        ("B1", "male", "x"): Count(1000, observed), (ALL, "male", "x"): Count(1000, 1000),
    }  # fmt: skip
    found = standardised(counts, "B1")
    assert found.low * 1000 == pytest.approx(low, rel=0.02, abs=0.02)
    assert found.high * 1000 == pytest.approx(high, rel=0.02)


@pytest.mark.parametrize(
    ("now", "before", "course"),
    [((80, 1000), (50, 1000), 1), ((50, 1000), (80, 1000), -1), ((55, 1000), (50, 1000), 0), ((8, 100), (5, 100), 0),
     ((0, 100), (0, 100), 0), ((5, 0), (5, 100), 0)],
)  # fmt: skip
def test_a_share_has_risen_only_where_it_is_no_chance(now, before, course):
    assert differs(Count(now[1], now[0]), Count(before[1], before[0])) == course


@pytest.fixture
def region(desk, clock):
    """Two branches of a head office with clients; the second has many more class A findings of the same ages."""
    desk.content["catalog"] = load_catalog(resources.folder("catalog"))

    def add(work, site, number, *, year=2026, found=(), disease=None, card=None):
        patient = work.add(
            Patient(
                org_id=site, number=f"P{site.int:x}{year}{number:04d}", name=f"客{number}",
                sex=(Sex.MALE, Sex.FEMALE)[number % 2], birth_date=date(1960 + number % 40, 5, 5), id_number=card,
            )
        )  # fmt: skip
        visit = Visit(
            org_id=site, number=f"V{patient.number}", patient_id=patient.id, visit_date=date(year, 5, 6)
        )
        work.start(visit_life, visit)
        work.add(visit)
        for kind in found:
            work.add(
                Finding(
                    id=stable_id("finding", visit.id, kind), org_id=site, visit_id=visit.id, patient_id=patient.id,
                    observation_id=visit.id, important_class=kind, sentence="x", rule="x",
                    found_at=clock().replace(year=year, month=5, day=6),
                )
            )  # fmt: skip
        if disease:
            work.add(
                ClientTag(
                    org_id=site, patient_id=patient.id, kind=TagKind.DISEASE, name=disease, since=clock()
                )
            )
        return patient

    with desk.store.write() as connection:
        work = UnitOfWork(connection, SYSTEM, now=clock(), new_id=desk.ids)
        for code, own, kind, above in (
            ("HQ", HEAD_OFFICE, OrganizationKind.HEAD_OFFICE, None),
            ("B01", BRANCH, OrganizationKind.BRANCH, HEAD_OFFICE),
            ("B02", OTHER_BRANCH, OrganizationKind.BRANCH, HEAD_OFFICE),
        ):  # fmt: skip
            work.add(
                Organization(id=own, org_id=own, code=code, name=f"{code} 院", kind=kind, parent_id=above)
            )
        for number in range(200):
            add(work, BRANCH, number, found=("A",) if number % 20 == 0 else ())
            add(
                work,
                OTHER_BRANCH,
                number,
                found=("A",) if number % 5 == 0 else (),
                disease="高血压" if number < 3 else None,
            )
            add(work, OTHER_BRANCH, number, year=2025, found=("A",) if number % 20 == 0 else ())
        work.commit_entry("test.region", txn_id=desk.ids())
        work.close()
    return desk


def told(desk, record, **values):
    table = record.__table__
    with desk.store.read() as connection:
        query = select(table)
        for name, value in values.items():
            query = query.where(table.c[name] == value)
        return connection.execute(query).all()


def test_the_region_is_counted_compared_and_told_to_whom_it_concerns(region, as_role):
    assert count_population(region, SYSTEM) > 0
    [own] = told(region, PopulationFigure, site="B02 院", measure="class_a", sex="all", band="全部")
    assert (own.people, own.cases, own.percent, own.withheld) == (200, 40, 20.0, False)
    [whole] = told(region, PopulationFigure, site="全区域", measure="class_a", sex="all", band="全部")
    assert (whole.people, whole.cases, whole.org_id) == (400, 50, HEAD_OFFICE)
    [few] = told(region, PopulationFigure, site="B02 院", measure="disease:高血压", sex="all", band="全部")
    assert (few.people, few.cases, few.percent, few.withheld) == (200, None, None, True)
    judged = {row.site: row for row in told(region, PopulationJudgement, measure="class_a")}
    assert judged["B02 院"].against == "higher"
    assert judged["B02 院"].course == "rising"
    assert judged["B02 院"].sentence.startswith("B02 院 2026 年体检 200 人，A 类重要异常 40 人（20.0%）")
    assert "高于区域" in judged["B02 院"].sentence
    assert judged["B01 院"].against == "lower"
    assert judged["全区域"].against == "region"
    head = as_role("chief_physician", HEAD_OFFICE, subtree=(HEAD_OFFICE, BRANCH, OTHER_BRANCH))
    branch = as_role("department_head", BRANCH, subtree=(BRANCH,))
    pages, listing = Pages(region.store), worklists()["population.judgements"]
    sites = [c.name for c in listing.columns].index("site")
    assert pages.page(listing, head).rows[0].values[sites] == "B02 院", "the worst first"
    assert {r.values[sites] for r in pages.page(listing, branch).rows} == {"B01 院"}, "a site sees its own"


def test_a_night_without_news_writes_nothing_and_what_is_no_more_goes(region):
    count_population(region, SYSTEM)
    assert count_population(region, SYSTEM) == 0
    with region.store.write() as connection:
        work = UnitOfWork(connection, SYSTEM, now=region.clock(), new_id=region.ids)
        for row in told(region, Finding)[:400]:
            work.remove(work.get(Finding, row.id))
        work.commit_entry("test.gone", txn_id=region.ids())
        work.close()
    assert count_population(region, SYSTEM) > 0
    assert told(region, PopulationFigure, measure="class_a") == []
    assert told(region, PopulationJudgement, measure="class_a") == []


def test_another_year_begins_with_its_own_figures(region, clock):
    count_population(region, SYSTEM)
    clock.advance(timedelta(days=60))
    assert count_population(region, SYSTEM) == 0, "no checkup in the new year yet"
    assert {row.year for row in told(region, PopulationFigure)} == {2026}
    assert told(region, PopulationFigure, measure=CLIENTS) != []
