"""The data scope is added to every query that names a scoped table, wherever in the statement it is named."""

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased

from domain.biobank.records import Specimen, SpecimenEvent
from domain.kernel.scoping import scoped_in
from domain.kernel.unit_of_work import UnitOfWork
from tests.conftest import OTHER_BRANCH


def test_other_branches_tubes_are_in_no_form_of_query(desk, tubes, as_role):
    number = tubes.stored()
    other = aliased(Specimen)
    queries = [
        select(Specimen).where(Specimen.number == number),
        select(other).where(other.number == number),
        select(SpecimenEvent).where(
            SpecimenEvent.specimen_id.in_(select(Specimen.id).where(Specimen.number == number))
        ),
        select(SpecimenEvent).where(exists().where(other.id == SpecimenEvent.specimen_id)),
    ]
    for role_org, seen in ((None, True), (OTHER_BRANCH, False)):
        actor = as_role("biobank_technician") if role_org is None else as_role("biobank_technician", role_org)
        with desk.store.read() as connection:
            work = UnitOfWork(connection, actor, now=desk.clock(), new_id=None)
            for query in queries:
                assert bool(work.list(query)) is seen, query
            assert work.value(select(func.count()).select_from(Specimen)) == (1 + 1 if seen else 0)
            assert (work.find(Specimen, number=number) is not None) is seen
            work.close()


def test_every_table_a_statement_names_is_seen():
    other = aliased(SpecimenEvent)
    inside = select(other.specimen_id).where(other.note.is_(None)).scalar_subquery()
    found = scoped_in(select(Specimen.id).where(Specimen.id == inside))
    assert {kind.__name__ for kind in found} == {"Specimen", "SpecimenEvent"}
