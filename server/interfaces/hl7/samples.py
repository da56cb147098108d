"""ORU^R01 messages of invented people, with the habits of real senders: odd unit spellings, local codes, charsets.

The other half of the simulator for the results interface; the demo, benchmarks and tests use it.
"""

import random
from datetime import datetime, timedelta

from domain.catalog.content import Catalog
from domain.catalog.definitions import ObservationDefinition
from domain.catalog.ranges import range_text
from domain.checkup.judge import fitting_ranges, judge
from domain.kernel.errors import DomainError
from server.interfaces.hl7.charsets import codec_named
from server.interfaces.hl7.escapes import escape
from server.interfaces.hl7.message import composite, write_message
from server.interfaces.hl7.population import SampleData, SamplePerson
from server.interfaces.hl7.times import write_time


def result_message(
    person: SamplePerson,
    data: SampleData,
    catalog: Catalog,
    *,
    visit_barcode: str,
    facility: str,
    control_id: str,
    sampled_at: datetime,
    specimen: str = "",
) -> bytes:
    """Return an unframed ORU^R01 with all results of a person; the same arguments give the same bytes.

    Args:
        person: Whose results.
        data: Unit spellings and shares.
        catalog: Codes, ranges and units.
        visit_barcode: OBR-2 and ORC-2, by which the visit is found.
        facility: MSH-4, the branch's code.
        control_id: MSH-10.
        sampled_at: Time of sampling, with its zone; results follow 40 minutes later.
        specimen: SPM-2; the visit barcode if left out.
    """
    chance = random.Random(f"{control_id}|{person.id_number}")  # noqa: S311  (odd habits, not secrets)
    declared = chance.choices(list(data.charsets), list(data.charsets.values()))[0]
    reported_at = sampled_at + timedelta(minutes=40)
    sampled, reported = write_time(sampled_at), write_time(reported_at)
    kind = "ORU^R01^ORU_R01"
    msh = [
        "MSH",
        "LIS",
        escape(facility),
        "AFTERCHECK",
        "HQ",
        reported,
        "",
        kind,
        escape(control_id),
        "P",
        "2.5.1",
    ]
    msh += ["", "", "", "", "", declared]
    identifiers = [
        composite(person.record_number, "", "", "HIS", "MR"),
        composite(person.id_number, "", "", "GA", "NI"),
    ]
    sex = "M" if person.sex == "male" else "F"
    name = composite(person.name[:1], person.name[1:])
    pid = ["PID", "1", "", "~".join(identifiers), "", name, "", f"{person.birth_date:%Y%m%d}", sex]
    pid += ["", "", "", "", composite(person.phone, "PRN", "CP")]
    obr = [
        "OBR",
        "1",
        escape(visit_barcode),
        escape(f"L{control_id}"),
        composite("TJ", "体检检验", "99LIS"),
        "",
        "",
    ]
    obr += [sampled, *[""] * 14, reported, "", "LAB", "F"]
    born = person.birth_date
    day = sampled_at.date()
    age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    rows = [
        _obx(number, catalog.observation(key), value, person, age, data, catalog, chance, reported)
        for number, (key, value) in enumerate(person.values.items(), 1)
    ]
    spm = ["SPM", "1", escape(specimen or visit_barcode), "", composite("BLD", "全血", "HL70487")]
    segments = [msh, pid, ["PV1", "1", "O"], ["ORC", "RE", escape(visit_barcode)], obr, *rows, spm]
    return write_message(segments, charset=codec_named(declared or "gb18030") or "utf-8")


def _obx(
    number: int,
    item: ObservationDefinition,
    value: float | str,
    person: SamplePerson,
    age: int,
    data: SampleData,
    catalog: Catalog,
    chance: random.Random,
    at: str,
) -> list[str]:
    local = chance.random() < data.share_local_codes and bool(item.local_codes)
    code = (
        composite(item.local_codes[0], item.name, "99LIS")
        if local
        else composite(item.loinc or "", item.name, "LN")
    )
    ranges = fitting_ranges(item, person.sex, age)
    shown = range_text(ranges[0], item.decimals) if ranges else ""
    if isinstance(value, str):
        flag = "" if catalog.grade(value) in (0, None) else "A"
        return ["OBX", str(number), "ST", code, "", escape(value), "", shown, flag, "", "", "F", "", "", at]
    unit = chance.choice(data.labs[item.key].units)
    factor, _ = catalog.units.factors(item, unit)
    flag = _flag(item, value, person.sex, age)
    sent = f"{value / factor:.{item.decimals if factor == 1 else 3}f}"
    shown = shown.replace("–", "-") if factor == 1 else ""
    spelled = escape(unit) if chance.random() < 0.5 else unit  # many senders forget to escape the ^ of 10^9/L
    return ["OBX", str(number), "NM", code, "", sent, spelled, escape(shown), flag, "", "", "F", "", "", at]


def _flag(item: ObservationDefinition, value: float, sex: str, age: int) -> str:
    try:
        flag = judge(item, value, sex, age).flag
    except DomainError:
        return "A"
    return {"H": "↑", "L": "↓", None: ""}.get(flag, flag or "")
