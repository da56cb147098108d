"""The bundle is read by the guide's own library and by a model of FHIR R4, and names nobody."""

import json
import warnings
from datetime import date

import pytest

from domain.biobank.commands import (
    AliquotSpecimen,
    CreateContainer,
    ProcessSpecimen,
    ReceiveSpecimen,
    StoreSpecimen,
)
from domain.kernel.errors import DomainError
from domain.research.pseudonyms import shift_of
from domain.research.records import PseudonymKey

with warnings.catch_warnings():  # it reads its lists of codes by a way that Python is about to drop
    warnings.simplefilter("ignore", DeprecationWarning)
    from fhirclient.models.bundle import Bundle
    from miabis_model.collection import Collection
    from miabis_model.sample import Sample
    from miabis_model.sample_donor import SampleDonor
    from miabis_model.storage_temperature import StorageTemperature


@pytest.fixture
def stored(three):
    """Of one subject a tube in a freezer and one still at the arm; of another nothing was drawn."""
    first, second = three.tubes()[:2]
    for tube in (first, second):
        three.draw(tube.number)
    three.run(CreateContainer(code="BOX1", name="一号盒", temperature="-60 to -85"), three.technician)
    for order in (ReceiveSpecimen, ProcessSpecimen):
        three.run(order(number=first.number), three.technician)
    three.run(StoreSpecimen(number=first.number, container="BOX1", position="A1"), three.technician)
    three.settle()
    three.later(days=30)
    return three, first.number, second.number


def bundle(lab, folder, **facts):
    _begun, _written, target = lab.export(folder, formats=["miabis"], **facts)
    return json.loads((target / "miabis-bundle.json").read_bytes())


def of(found, kind):
    return [e["resource"] for e in found["entry"] if e["resource"]["resourceType"] == kind]


def test_a_model_of_fhir_reads_it(stored, tmp_path):
    found = bundle(stored[0], tmp_path)
    read = Bundle(found, strict=True)
    kinds = [entry.resource.resource_type for entry in read.entry]
    assert kinds == ["Organization"] * 3 + ["Patient", "Specimen", "Specimen", "Group"]
    assert {entry.request.method for entry in read.entry} == {"PUT"}
    known = {f"{e.resource.resource_type}/{e.resource.id}" for e in read.entry}
    for reference in _references(found):
        assert reference in known, "nothing is referred to that is not in it"


def _references(value):
    if isinstance(value, dict):
        if "reference" in value:
            yield value["reference"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def test_the_guides_own_library_reads_donor_samples_and_collection(stored, tmp_path):
    lab, kept, drawn = stored
    found = bundle(lab, tmp_path)
    [donor] = of(found, "Patient")
    assert SampleDonor.from_json(donor).gender.name == "FEMALE"
    assert "birthDate" not in donor
    samples = {
        s["identifier"][0]["value"]: Sample.from_json(s, [], donor["identifier"][0]["value"])
        for s in of(found, "Specimen")
    }
    assert set(samples) == {kept, drawn}
    assert samples[kept].material_type == "Serum"
    assert samples[kept].storage_temperature is StorageTemperature.TEMPERATURE_MINUS_60_TO_MINUS_85
    assert samples[drawn].storage_temperature is None
    [key] = lab.rows(PseudonymKey)
    visit = lab.first_visit(lab.first)
    moved = (samples[kept].collected_datetime.date() - visit.begun_at.date()).days
    assert moved == shift_of(key.secret, lab.first)
    [group] = of(found, "Group")
    organisation = of(found, "Organization")[2]
    read = Collection.from_json(group, organisation, "B1", [])
    assert (read.number_of_subjects, read.material_types, read.age_range_low, read.age_range_high) == (
        1, ["Serum"], 51, 51,
    )  # fmt: skip
    assert [one.name for one in read.genders] == ["FEMALE"]


def test_it_names_nobody_and_says_what_it_does_not_know(stored, tmp_path):
    lab, _kept, _drawn = stored
    text = json.dumps(bundle(lab, tmp_path), ensure_ascii=False)
    begun = lab.first_visit(lab.first).begun_at.date().isoformat()
    for secret in ("王美娜", "1975", begun):
        assert secret not in text
    assert "data-absent-reason" in text
    found = bundle(lab, tmp_path / "days", choice={"dates": "study_day"})
    assert all("collection" not in one for one in of(found, "Specimen"))


def test_an_aliquot_names_its_parent_and_who_left_is_not_in_it(stored, tmp_path):
    lab, kept, drawn = stored
    for order in (ReceiveSpecimen, ProcessSpecimen):
        lab.run(order(number=drawn), lab.technician)
    lab.run(AliquotSpecimen(number=drawn, count=2, volume_ul=500), lab.technician)
    samples = {s["identifier"][0]["value"]: s for s in of(bundle(lab, tmp_path), "Specimen")}
    parents = [s["parent"][0]["reference"] for s in samples.values() if "parent" in s]
    assert parents == [f"Specimen/sample-{drawn}"] * 2
    lab.subject("孙一", date(1980, 1, 1), "collect", "store")
    assert {p["identifier"][0]["value"] for p in of(bundle(lab, tmp_path / "two"), "Patient")} == {
        lab.first_number()
    }
    assert samples[kept]["status"] == "available"


def test_a_bundle_of_specimens_without_specimens_is_refused(three, tmp_path):
    with pytest.raises(DomainError, match=r"research\.miabis_specimens"):
        three.export(tmp_path, formats=["miabis"], choice={"kinds": ["results"]})
