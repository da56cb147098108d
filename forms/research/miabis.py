"""A study's specimens as a FHIR R4 Bundle by the profiles of MIABIS on FHIR (BBMRI-ERIC): for catalogues of biobanks.

One transaction that may be sent twice: the legal person, the biobank, the collection with what it holds, and by
subject the donor and the samples. Whoever is in it is told by study number and tube number, pseudonyms that stay the
same. A sample's day is told by the terms of the export, a donor's day of birth never; the age range stands at the
collection. What this installation does not know (an address to write to) is said to be unknown, not made up.

Source: implementation guide "MIABIS on FHIR", canonical https://fhir.bbmri-eric.eu, profiles miabis-juristic-person,
miabis-biobank, miabis-collection-organization, miabis-collection, miabis-sample-donor, miabis-sample.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from domain.biobank.records import StorageContainer
from domain.kernel.clock import clinic
from domain.kernel.columns import from_microseconds
from domain.people.records import Organization
from domain.research.choosing import Subject
from domain.research.pseudonyms import age_on
from domain.research.reading import EVENTS, TUBES
from domain.studies.nodes import DRAWN
from forms.research.tables import Days

IG = "https://fhir.bbmri-eric.eu"
OURS = "https://aftercheck.example/fhir"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
MEMBER = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Group.member.entity"
MATERIALS = {
    "BLD": "WholeBlood", "SER": "Serum", "PL1": "Plasma", "BUF": "BuffyCoat", "URN": "Urine", "STL": "Faeces",
    "SAL": "Saliva",
}  # fmt: skip
"""SPREC's types of sample by the guide's detailed ones."""
OF_COLLECTION = {"WholeBlood": "Blood"}
"""Where the guide's list for collections has another code."""
TEMPERATURES = {
    "RT": "RT",
    "2 to 10": "2to10",
    "-18 to -35": "-18to-35",
    "-60 to -85": "-60to-85",
    "<-135": "LN",
}
GENDERS = {"1": "male", "2": "female", "9": "other"}
AVAILABLE = ("collected", "received", "processed", "stored")
NAME = "miabis-bundle.json"


@dataclasses.dataclass
class Holding:
    """What was written so far: the collection's own description is made of it."""

    donors: int = 0
    samples: list[str] = dataclasses.field(default_factory=list)
    genders: set[str] = dataclasses.field(default_factory=set)
    ages: set[int] = dataclasses.field(default_factory=set)
    materials: set[str] = dataclasses.field(default_factory=set)
    temperatures: set[str] = dataclasses.field(default_factory=set)


class MiabisBundle:
    """Writes the bundle as subjects come; donors without a tube that was drawn are not in it.

    Args:
        path: The file.
        connection: The store.
        study: Row of the study: its collection.
        days: How days are told; None where they are no calendar days, then samples have none.
    """

    def __init__(self, path: Path, connection: Connection, study: Any, days: Days | None) -> None:
        self._connection, self._study, self._days = connection, study, days
        self.holding = Holding()
        table = StorageContainer.__table__.c
        boxes = connection.execute(select(table.code, table.temperature))
        self._cold = {row.code: row.temperature for row in boxes}
        self._file = path.open("wb")
        self._file.write(b'{"resourceType":"Bundle","type":"transaction","entry":[')
        self._first = True
        for resource in organisations(connection, study):
            self._entry(resource)

    def add(self, subjects: Sequence[Subject]) -> None:
        """Write the donors and samples of some subjects."""
        by_id = {subject.id.bytes: subject for subject in subjects}
        rows = [row for row in TUBES.rows(self._connection, by_id) if row[7] in DRAWN]
        drawn = {
            own: moment
            for own, kind, moment in EVENTS.rows(self._connection, [row[1] for row in rows])
            if kind == "collected"
        }
        numbers = {row[1]: row[2] for row in rows}
        of: dict[str, list[Any]] = {}
        for row in sorted(rows, key=lambda one: one[2]):
            of.setdefault(by_id[row[0]].number, []).append(row)
        for subject in subjects:
            tubes = of.get(subject.number, [])
            if not tubes:
                continue
            self.holding.donors += 1
            self._entry(self._donor(subject))
            for row in tubes:
                self._entry(self._sample(subject, row, drawn.get(row[1]), numbers.get(row[3])))

    def close(self) -> None:
        """Write the collection and end the file."""
        try:
            if self.holding.donors:
                self._entry(collection(self._study, self.holding))
            self._file.write(b"]}\n")
        finally:
            self._file.close()

    def abandon(self) -> None:
        """Close the file as it is; whoever holds the folder takes it away."""
        self._file.close()

    def _entry(self, resource: Mapping[str, Any]) -> None:
        kind, own = resource["resourceType"], resource["id"]
        entry = {
            "fullUrl": f"{OURS}/{kind}/{own}", "resource": resource, "request": {"method": "PUT",
            "url": f"{kind}/{own}"},
        }  # fmt: skip
        self._file.write((b"" if self._first else b",\n") + msgspec.json.encode(entry))
        self._first = False

    def _donor(self, subject: Subject) -> dict[str, Any]:
        gender = GENDERS.get(subject.sex, "unknown")
        self.holding.genders.add(gender)
        made = _resource("Patient", f"donor-{subject.number}", "miabis-sample-donor")
        return made | {
            "extension": [_coded("miabis-dataset-type-extension", "miabis-dataset-type-CS", "BiologicalSamples")],
            "identifier": [{"system": f"{OURS}/donor", "value": subject.number}], "gender": gender,
        }  # fmt: skip

    def _sample(self, subject: Subject, row: Any, moment: int | None, parent: str | None) -> dict[str, Any]:
        number, kind, state, sprec, frozen = (
            row[2],
            MATERIALS.get(str(row[5]), "Other"),
            row[7],
            row[8],
            row[12],
        )
        day = None if moment is None else clinic(from_microseconds(moment)).date()
        self.holding.samples.append(number)
        self.holding.materials.add(OF_COLLECTION.get(kind, kind))
        age = age_on(subject.born, day)
        if age is not None:
            self.holding.ages.add(age)
        made = _resource("Specimen", f"sample-{number}", "miabis-sample") | {
            "extension": [
                {
                    "url": f"{IG}/StructureDefinition/miabis-sample-collection-extension",
                    "valueIdentifier": {"system": f"{OURS}/collection", "value": self._study.code},
                }
            ],
            "identifier": [{"system": f"{OURS}/sample", "value": number}],
            "accessionIdentifier": {"system": f"{OURS}/sample", "value": number},
            "status": "available" if state in AVAILABLE and frozen is None else "unavailable",
            "type": _concept(f"{IG}/CodeSystem/miabis-detailed-samply-type-cs", kind),
            "subject": {"reference": f"Patient/donor-{subject.number}"},
        }
        told = None if self._days is None else self._days(subject, day)
        if told is not None:
            made["collection"] = {"collectedDateTime": told}
        if parent is not None:
            made["parent"] = [{"reference": f"Specimen/sample-{parent}"}]
        processing = self._processing(row, sprec)
        return made | ({"processing": [processing]} if processing else {})

    def _processing(self, row: Any, sprec: str | None) -> dict[str, Any]:
        made: dict[str, Any] = {}
        temperature = TEMPERATURES.get(self._cold.get(str(row[13] or "").partition(":")[0], ""))
        if temperature is not None:
            self.holding.temperatures.add(temperature)
            made["extension"] = [
                _coded(
                    "miabis-sample-storage-temperature-extension",
                    "miabis-storage-temperature-cs",
                    temperature,
                )
            ]
        if sprec:
            made["description"] = f"SPREC {sprec}"
        return made


def organisations(connection: Connection, study: Any) -> Iterator[dict[str, Any]]:
    """Yield the legal person, the biobank and the collection's organisation."""
    table = Organization.__table__
    rows = {row.id: row for row in connection.execute(select(table))}
    house = rows.get(study.org_id)
    top = house
    while top is not None and top.parent_id in rows:
        top = rows[top.parent_id]
    house_code, house_name = (house.code, house.name) if house is not None else ("biobank", "biobank")
    yield _resource("Organization", "juristic-person", "miabis-juristic-person") | {
        "name": top.name if top is not None else house_name
    }
    yield _resource("Organization", "biobank", "miabis-biobank") | {
        "extension": [
            _coded(
                "miabis-infrastructural-capabilities-extension", "miabis-infrastructural-capabilities-cs",
                "SampleStorage",
            )
        ],
        "identifier": [{"system": f"{OURS}/biobank", "value": house_code}], "name": house_name,
        "contact": [_contact(study.leader_name)], "address": [{"country": "CN"}],
        "partOf": {"reference": "Organization/juristic-person"},
    }  # fmt: skip
    yield _resource("Organization", "collection-organisation", "miabis-collection-organization") | {
        "extension": [
            _coded("miabis-sample-source-extension", "miabis-sample-source-cs", "Human"),
            _coded(
                "miabis-sample-collection-setting-extension", "miabis-sample-collection-setting-cs", "ResearchStudy"
            ),
            _coded("miabis-collection-design-extension", "miabis-collection-design-cs", "LongitudinalCohort"),
        ],
        "identifier": [{"system": f"{OURS}/collection", "value": study.code}], "name": study.name,
        "alias": [study.code], "contact": [_contact(study.leader_name)], "address": [{"country": "CN"}],
        "partOf": {"reference": "Organization/biobank"},
    }  # fmt: skip


def collection(study: Any, holding: Holding) -> dict[str, Any]:
    """Return the collection: who and what is in it."""
    systems = {
        "Sex": "http://hl7.org/fhir/administrative-gender",
        "StorageTemperature": f"{IG}/CodeSystem/miabis-storage-temperature-cs",
        "MaterialType": f"{IG}/CodeSystem/miabis-collection-sample-type-cs",
    }
    values = {
        "Sex": holding.genders,
        "StorageTemperature": holding.temperatures,
        "MaterialType": holding.materials,
    }
    characteristics = [
        {**_characteristic(name), "valueCodeableConcept": _concept(systems[name], code)}
        for name, codes in values.items()
        for code in sorted(codes)
    ]
    if holding.ages:
        years = {"unit": "years", "system": "http://unitsofmeasure.org", "code": "a"}
        bounds = {"low": {"value": min(holding.ages), **years}, "high": {"value": max(holding.ages), **years}}
        characteristics.insert(0, {**_characteristic("Age"), "valueRange": bounds})
    counted = {
        "url": f"{IG}/StructureDefinition/miabis-number-of-subjects-extension", "valueInteger": holding.donors,
    }  # fmt: skip
    members = [
        {"url": MEMBER, "valueReference": {"reference": f"Specimen/sample-{n}"}} for n in holding.samples
    ]
    return _resource("Group", "collection", "miabis-collection") | {
        "extension": [counted, *members],
        "identifier": [{"system": f"{OURS}/collection", "value": study.code}], "active": True, "type": "person",
        "actual": True, "name": study.name, "managingEntity": {"reference": "Organization/collection-organisation"},
        "characteristic": characteristics,
    }  # fmt: skip


def _resource(kind: str, own: str, profile: str) -> dict[str, Any]:
    return {"resourceType": kind, "id": own, "meta": {"profile": [f"{IG}/StructureDefinition/{profile}"]}}


def _characteristic(code: str) -> dict[str, Any]:
    return {"code": _concept(f"{IG}/CodeSystem/miabis-characteristicCS", code), "exclude": False}


def _concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _coded(extension: str, system: str, code: str) -> dict[str, Any]:
    return {
        "url": f"{IG}/StructureDefinition/{extension}",
        "valueCodeableConcept": _concept(f"{IG}/CodeSystem/{system}", code),
    }


def _contact(name: str) -> dict[str, Any]:
    """Return who answers for it: a Chinese name's first character is the family's; no address is known here."""
    unknown = {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}
    return {
        "name": {"text": name, "family": name[:1], "given": [name[1:] or name]},
        "telecom": [{"system": "email", "_value": unknown}],
    }
