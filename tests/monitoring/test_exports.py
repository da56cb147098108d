"""Files that phones export: what stands in them by item, unit and time, and nothing of a broken one."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

import resources
from domain.care.activities import load_activities
from domain.care.programmes import load_programmes
from domain.catalog.content import load_catalog
from domain.kernel.errors import DomainError
from domain.monitoring.exports import load_formats, read_export

FORMATS = load_formats(resources.folder("monitoring"))
NOW = datetime(2026, 11, 30, 4, 0, tzinfo=UTC)
APPLE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE HealthData [
<!ELEMENT HealthData (Record|Workout)*>
<!ATTLIST HealthData locale CDATA #REQUIRED>
]>
<HealthData locale="zh_CN">
 <Record type="HKQuantityTypeIdentifierBloodPressureSystolic" unit="mmHg" startDate="2026-11-29 07:30:00 +0800" value="152"/>
 <Record type="HKQuantityTypeIdentifierBloodPressureDiastolic" unit="mmHg" startDate="2026-11-29 07:30:00 +0800" value="94"/>
 <Record type="HKQuantityTypeIdentifierBodyMass" unit="kg" startDate="2026-11-28 08:00:00 +0800" value="70.5">
  <MetadataEntry key="HKWasUserEntered" value="1"/>
 </Record>
 <Record type="HKQuantityTypeIdentifierBodyMass" unit="kg" startDate="2025-01-01 08:00:00 +0800" value="80"/>
 <Record type="HKQuantityTypeIdentifierOxygenSaturation" unit="%" startDate="2026-11-29 01:00:00 +0800" value="0.97"/>
 <Record type="HKQuantityTypeIdentifierOxygenSaturation" unit="%" startDate="2026-11-29 06:00:00 +0800" value="0.95"/>
 <Record type="HKQuantityTypeIdentifierBodyMass" unit="kg" startDate="昨天" value="70"/>
 <Record type="HKQuantityTypeIdentifierStepCount" unit="count" startDate="2026-11-29 06:00:00 +0800" value="900"/>
 <Workout workoutActivityType="HKWorkoutActivityTypeWalking" duration="31.5" durationUnit="min" totalEnergyBurned="140" startDate="2026-11-29 19:00:00 +0800"/>
</HealthData>
"""  # noqa: E501
SAT = datetime(2026, 11, 29, 19, 0, tzinfo=UTC)


def ms(moment):
    return int(moment.timestamp() * 1000)


def read(name, body):
    return read_export(FORMATS, name, body if isinstance(body, bytes) else body.encode(), NOW)


def said(found):
    return {(one.item, one.value, one.unit) for one in found.readings}


def zipped(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name.replace("__", "/"), body)
    return out.getvalue()


@pytest.mark.parametrize("pack", [False, True])
def test_apples_file_bare_or_zipped(pack):
    body = zipped(**{"apple_health_export__export.xml": APPLE}) if pack else APPLE
    found = read("export.zip" if pack else "export.xml", body)
    assert said(found) == {
        ("sbp", 152.0, "mm[Hg]"), ("dbp", 94.0, "mm[Hg]"), ("weight", 70.5, "kg"), ("spo2", 95.0, "%"),
    }  # fmt: skip
    assert found.readings[-1].at == datetime(2026, 11, 28, 23, 30, tzinfo=UTC)
    [bout] = found.bouts
    assert (bout.activity, bout.minutes, bout.kcal) == ("快走", 31.5, 140.0)
    assert (found.older, found.unreadable, found.unverified) == (1, 1, True)
    assert "待核定" in found.said


def test_huaweis_file():
    walk = {"sportType": 5, "startTime": ms(SAT), "totalTime": 1_800_000, "totalCalories": 120_000}
    health = {"type": 1, "startTime": ms(SAT), "samplePoints": [
        {"key": "BLOODPRESSURE_SYSTOLIC", "value": "131"}, {"key": "BLOODPRESSURE_DIASTOLIC", "value": "82"},
        {"key": "UNKNOWN_KIND", "value": "1"},
    ]}  # fmt: skip
    [bout] = read("motion path detail data.json", json.dumps([walk])).bouts
    assert (bout.activity, bout.minutes, bout.kcal, bout.at) == ("快走", 30.0, 120.0, SAT)
    found = read("health detail data.json", json.dumps([health]))
    assert said(found) == {("sbp", 131.0, "mm[Hg]"), ("dbp", 82.0, "mm[Hg]")}


def test_xiaomis_files_together():
    stamp = int(SAT.timestamp())
    fitness = (
        "Uid,Sid,Key,Time,Value,UpdateTime\n"
        f'1,2,weight,{stamp},"{{""weight"":68.4,""bmi"":22}}",{stamp}\n'
        f'1,2,heart_rate,{stamp},"{{""bpm"":88}}",{stamp}\n'
        f'1,2,weight,{stamp},"{{broken",{stamp}\n'
    )
    sport = (
        "Uid,Sid,Key,Time,Category,Value,UpdateTime\n"
        f'1,2,outdoor_running,{stamp},running,"{{""duration"":1500,""calories"":210,""avg_hrm"":141}}",{stamp}\n'
    )
    found = read("x.zip", zipped(a__MiFitness_hlth_center_fitness_data_csv="", **{
        "20261130_1_MiFitness_hlth_center_fitness_data.csv": fitness,
        "20261130_1_MiFitness_hlth_center_sport_record.csv": sport,
    }))  # fmt: skip
    assert said(found) == {("weight", 68.4, "kg")}
    [bout] = found.bouts
    assert (bout.activity, bout.minutes, bout.kcal, bout.heart_rate) == ("慢跑", 25.0, 210.0, 141.0)


def test_zepps_file():
    stamp = int(SAT.timestamp())
    found = read("BODY_1.csv", f"\ufefftimestamp,weight,height\n{stamp},66.2,170\n")
    assert said(found) == {("weight", 66.2, "kg")}


def test_what_cannot_be_read_is_refused_whole():
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><HealthData>&b;</HealthData>'
    for name, body, code in (
        ("holiday.jpg", b"\xff\xd8\xff", "monitor.unknown_file"),
        ("export.xml", APPLE[:600], "monitor.broken_file"),
        ("export.xml", bomb, "monitor.broken_file"),
        ("export.zip", zipped(**{"export.xml": APPLE})[:-40], "monitor.broken_file"),
        ("health detail data.json", "[{", "monitor.broken_file"),
        ("x.zip", zipped(**{"notes.txt": "x"}), "monitor.unknown_file"),
    ):
        with pytest.raises(DomainError) as refused:
            read(name, body)
        assert (refused.value.code, refused.value.field) == (code, "file"), (name, body[:40])


def test_a_zip_that_would_fill_the_memory_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr("domain.monitoring.exports.MOST_UNPACKED", 1000)
    with pytest.raises(DomainError, match="file_too_large"):
        read("x.zip", zipped(**{"export.xml": APPLE}))


def test_every_item_unit_and_activity_of_the_formats_is_known_here():
    catalog = load_catalog(resources.folder("catalog"))
    folder = resources.folder("care")
    names = load_activities(folder, load_programmes(folder)[0]).activities
    for one in FORMATS.formats.values():
        for rule in one.rules:
            for item in [*rule.items.values(), *([rule.item] if rule.item else [])]:
                definition = catalog.observation(item.item)
                if item.unit:
                    catalog.units.convert(definition, 1.0, item.unit)
            assert set(rule.activities.values()) <= set(names)
    assert {msgspec.structs.asdict(one)["status"] for one in FORMATS.formats.values()} == {"UNVERIFIED"}
    assert NOW - timedelta(days=29) < SAT
