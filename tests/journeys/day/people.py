"""Who works in the demonstration, and whom the checkup system knows: all of them invented."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import msgspec

import resources
from domain.catalog.content import Catalog, load_catalog
from domain.kernel.clock import CLINIC_TIME
from server.interfaces.hl7.population import SamplePerson, load_samples, population, survey_population
from server.interfaces.hl7.samples import result_message
from tests.journeys.day.processes import ROOT

SURVEY = ROOT.parent / "shared" / "data" / "nhanes3-labs.csv"
"""Real laboratory values, where the checkout has them; a seeded generator stands in elsewhere."""

CORPUS = ROOT.parent / "shared" / "data" / "hl7"
"""Messages of other people's systems, where the checkout has them."""

BRANCHES = {"B01": "滨江分院", "B02": "城西分院"}

STAFF = [
    # login, name, role, organisation, title, licence
    ("it", "何信息", "it", "HQ", None, None),
    ("li", "李慎之", "chief_physician", "HQ", "主任医师", "110330000012345"),
    ("xu", "徐行知", "chief_physician", "HQ", "主任医师", "110330000067890"),
    ("zhou", "周敏", "nurse", "B01", "主管护师", None),
    ("wu", "吴小满", "biobank_technician", "B01", "检验技师", None),
    ("chen", "陈立", "physician", "B01", "主治医师", "110330000054321"),
    ("sun", "孙倩", "nurse", "B02", "护师", None),
    ("zheng", "郑小曼", "messaging_operator", "B01", None, None),
    ("han", "韩悦", "health_manager", "B01", "健康管理师", None),
    ("gao", "高主任", "department_head", "B01", "副主任医师", "110330000099999"),
]


@dataclass(frozen=True)
class Expected:
    """One person the checkup system examined: who, where, and the visit barcode."""

    person: SamplePerson
    branch: str
    visit_barcode: str
    message: bytes


def expected(
    count: int, day: date, seed: int = 20261123, *, generated: bool = False
) -> tuple[str, Iterator[Expected]]:
    """Return where the laboratory values come from, and `count` people with their messages."""
    catalog = load_catalog(resources.folder("catalog"))
    data = load_samples(resources.folder("samples"))
    if SURVEY.exists() and not generated:
        return "NHANES III", _messages(
            survey_population(data, SURVEY, count, seed=seed, today=day), catalog, day
        )
    return "生成数据", _messages(population(data, catalog, count, seed=seed, today=day), catalog, day)


CRITICAL_POTASSIUM = 6.8


def critical(one: Expected, now: datetime) -> bytes:
    """Return a later message of the same visit: potassium 6.8 mmol/L, critical by any catalogue."""
    catalog = load_catalog(resources.folder("catalog"))
    person = msgspec.structs.replace(one.person, values={"k": CRITICAL_POTASSIUM})
    return result_message(
        person, load_samples(resources.folder("samples")), catalog, visit_barcode=one.visit_barcode,
        facility=one.branch, control_id=f"K{one.visit_barcode}", sampled_at=now,
    )  # fmt: skip


def earlier(one: Expected, day: date, years: int = 2) -> list[bytes]:
    """Return the messages of a person's checkups in the years before, with somewhat other values."""
    catalog = load_catalog(resources.folder("catalog"))
    data = load_samples(resources.folder("samples"))
    found = []
    for back in range(years, 0, -1):
        values = {
            k: v * (1 - 0.03 * back) if isinstance(v, float) else v for k, v in one.person.values.items()
        }
        at = datetime(day.year - back, day.month, min(day.day, 28), 8, tzinfo=CLINIC_TIME)
        person = msgspec.structs.replace(one.person, values=values)
        found.append(
            result_message(
                person, data, catalog, visit_barcode=f"T{at:%y%m%d}{one.visit_barcode[-5:]}", facility=one.branch,
                control_id=f"E{back}{one.visit_barcode}", sampled_at=at,
            )
        )  # fmt: skip
    return found


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
    import pydicom.data

    folder = Path(pydicom.data.__file__).parent / "test_files"
    found = sorted(folder.glob("*.dcm"), key=lambda p: (-p.stat().st_size, p.name))
    chosen, total = [], 0
    for path in found:
        with path.open("rb") as file:
            if file.read(132)[128:] != b"DICM":
                continue  # written without its preamble: no program could tell what it is
        chosen.append(path)
        total += path.stat().st_size
        if total >= least_bytes:
            break
    return chosen


def corpus(facility: str) -> list[bytes]:
    """Return the messages of other people's systems, as this branch would have sent them.

    The files are as their projects keep them: with line feeds and a byte order mark, which no sender puts on the
    line, and with MSH-15 and MSH-16 that ask for no acknowledgment.
    """
    found = []
    for path in sorted(p for p in CORPUS.rglob("*") if p.is_file()):
        text = path.read_bytes().removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\r").replace(b"\n", b"\r")
        header, mark, rest = text.partition(b"\r")
        fields = header.split(b"|")
        for place, value in ((3, facility.encode("ascii")), (14, b""), (15, b"")):
            if len(fields) > place:
                fields[place] = value
        found.append(b"|".join(fields) + mark + rest)
    return found
