"""Boxes that are kept for a study or a kind: said once of a freezer, it holds for every box in it."""

import pytest

from domain.biobank.commands import (
    AliquotSpecimen,
    PlanSpecimen,
    ProcessSpecimen,
    ReceiveSpecimen,
    StoreSpecimen,
)
from domain.biobank.records import PrimaryContainer, Specimen, SpecimenType
from domain.kernel.errors import DomainError
from domain.storage.container_commands import ContainerKind, PutUpContainer, RestrictContainer
from domain.storage.rack_commands import StoreRack
from tests.studies.conftest import Lab


@pytest.fixture
def lab(desk, clock, authority, as_role):
    made = Lab(desk, clock, authority, as_role)
    made.set_up(criterion=False)
    return made


@pytest.fixture
def put_up(lab):
    def make(code, kind, parent=None, **facts):
        order = PutUpContainer(code=code, name=code, kind=ContainerKind(kind), parent=parent, **facts)
        return lab.run(order, lab.technician)

    return make


def aliquot(lab, number):
    lab.run(ReceiveSpecimen(number=number), lab.technician)
    lab.run(ProcessSpecimen(number=number), lab.technician)
    [made] = lab.run(AliquotSpecimen(number=number, count=1, volume_ul=500), lab.technician)
    return made.number


@pytest.fixture
def of_study(lab):
    subject = lab.enrolled(lab.client()).subject_id
    lab.agreed(subject)
    [number, *_] = [tube.number for tube in lab.begun(subject)]
    lab.draw(number)
    return aliquot(lab, number)


@pytest.fixture
def of_nobody(lab):
    """A tube of a checkup that belongs to no study."""
    visit_id = lab.checkup(lab.client(name="李建国"))
    order = PlanSpecimen(
        visit_id=visit_id, type=SpecimenType.SERUM, container=PrimaryContainer.SERUM_SEPARATOR
    )
    number = lab.run(order).number
    lab.draw(number)
    return aliquot(lab, number)


def store(lab, number, box, position="A1"):
    return lab.run(StoreSpecimen(number=number, container=box, position=position), lab.technician)


def refused(lab, number, box):
    with pytest.raises(DomainError) as told:
        store(lab, number, box)
    [row] = lab.rows(Specimen, number=number)
    assert row.slot is None
    return told.value


def test_a_freezer_kept_for_a_study_takes_its_tubes_alone_in_every_box(lab, put_up, of_study, of_nobody):
    put_up("F1", "freezer", studies=["c1"])
    put_up("R1", "rack", "F1")
    put_up("B1", "box", "R1")
    error = refused(lab, of_nobody, "B1")
    assert (error.code, error.facts["studies"], error.facts["study"]) == ("container.wrong_study", "C1", "—")
    assert store(lab, of_study, "B1").state == "stored"


def test_what_a_box_says_itself_comes_before_what_its_freezer_says(lab, put_up, of_study, of_nobody):
    lab.run(RestrictContainer(container=put_up_and_code(put_up), types=["URN"]), lab.technician)
    put_up("B1", "box", "F1", types=["SER"])
    put_up("B2", "box", "F1")
    assert refused(lab, of_nobody, "B2").code == "container.wrong_type"
    assert store(lab, of_nobody, "B1").state == "stored"
    lab.run(RestrictContainer(container="F1"), lab.technician)
    assert store(lab, of_study, "B2").state == "stored", "nothing said lets all in"


def put_up_and_code(put_up):
    put_up("F1", "freezer")
    return "F1"


def test_a_whole_rack_leaves_out_what_does_not_belong_there(lab, put_up, of_study, of_nobody):
    put_up("B1", "box", studies=["C1"])
    receipt = lab.run(StoreRack(container="B1", tubes={"A1": of_study, "A2": of_nobody}), lab.technician)
    assert receipt.done == 1
    assert [(one.number, one.code) for one in receipt.refused] == [(of_nobody, "container.wrong_study")]


@pytest.mark.parametrize(
    ("limits", "code", "field"),
    [
        ({"studies": ["NONE"]}, "study.unknown", "studies"),
        ({"types": ["XYZ"]}, "container.no_such_type", "types"),
    ],
)
def test_a_limit_that_nothing_could_meet_is_refused(lab, put_up, limits, code, field):
    with pytest.raises(DomainError) as told:
        put_up("B1", "box", **limits)
    assert (told.value.code, told.value.field) == (code, field)
