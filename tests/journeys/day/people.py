"""Who works in the demonstration, and whom the checkup system knows: all of them invented."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import resources
from domain.catalog.content import Catalog, load_catalog
from domain.kernel.clock import CLINIC_TIME
from server.interfaces.hl7.population import SamplePerson, load_samples, population, survey_population
from server.interfaces.hl7.samples import result_message
from tests.journeys.day.processes import ROOT

SURVEY = ROOT.parent / "shared" / "data" / "nhanes3-labs.csv"
"""Real laboratory values, where the checkout has them; a seeded generator stands in elsewhere."""

BRANCHES = {"B01": "滨江分院", "B02": "城西分院"}

STAFF = [
    # login, name, role, organisation, title, licence
    ("it", "何信息", "it", "HQ", None, None),
    ("li", "李慎之", "chief_physician", "HQ", "主任医师", "110330000012345"),
    ("zhou", "周敏", "nurse", "B01", "主管护师", None),
    ("wu", "吴小满", "biobank_technician", "B01", "检验技师", None),
    ("chen", "陈立", "physician", "B01", "主治医师", "110330000054321"),
    ("sun", "孙倩", "nurse", "B02", "护师", None),
    ("gao", "高主任", "department_head", "B01", "副主任医师", "110330000099999"),
]


@dataclass(frozen=True)
class Expected:
    """One person the checkup system examined: who, where, and the visit barcode."""

    person: SamplePerson
    branch: str
    visit_barcode: str
    message: bytes


def expected(count: int, day: date, seed: int = 20261123) -> tuple[str, Iterator[Expected]]:
    """Return where the laboratory values come from, and `count` people with their messages."""
    catalog = load_catalog(resources.folder("catalog"))
    data = load_samples(resources.folder("samples"))
    if SURVEY.exists():
        return "NHANES III", _messages(
            survey_population(data, SURVEY, count, seed=seed, today=day), catalog, day
        )
    return "生成数据", _messages(population(data, catalog, count, seed=seed, today=day), catalog, day)


def _messages(people: Iterator[SamplePerson], catalog: Catalog, day: date) -> Iterator[Expected]:
    data = load_samples(resources.folder("samples"))
    at = datetime(day.year, day.month, day.day, 7, 30, tzinfo=CLINIC_TIME)
    for number, person in enumerate(people):
        branch = "B01" if number % 5 < 3 else "B02"
        barcode = f"T{day:%y%m%d}{number:05d}"
        message = result_message(
            person,
            data,
            catalog,
            visit_barcode=barcode,
            facility=branch,
            control_id=f"D{number:06d}",
            sampled_at=at,
        )
        yield Expected(person, branch, barcode, message)


def dicom_files(least_bytes: int) -> list[Path]:
    """Return DICOM files that ship in the pydicom package, the largest first, of at least so many bytes in all."""
    from pydicom.data import get_testdata_file, get_testdata_files

    found = sorted(
        {Path(f) for f in get_testdata_files("*.dcm") if Path(f).is_file()},
        key=lambda p: p.stat().st_size,
        reverse=True,
    )
    chosen, total = [], 0
    for path in found:
        chosen.append(path)
        total += path.stat().st_size
        if total >= least_bytes:
            break
    assert get_testdata_file("CT_small.dcm")
    return chosen
