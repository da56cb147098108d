"""Two desks of a branch write the report of one visit while apart: one report, both texts, one number."""

import dataclasses
import uuid
from datetime import date

import pytest

from domain.checkup.report_commands import SubmitReport, WriteReport
from domain.checkup.visit_commands import OpenVisit
from domain.exchange.commands import DecideConflict
from domain.exchange.rules import Choice
from domain.kernel.change_log import change_log, decode_body
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from sync.local_tables import parked_txn, push_outcome, refused_record


@pytest.fixture
def desks(world, north, north_too):
    """Both desks, each with its own numbers and physician, and the visit both have."""
    for place, prefix in ((north, "901"), (north_too, "902")):
        place.desk.content = {**place.desk.content, "number_prefix": prefix}
        place.actor = dataclasses.replace(place.actor, staff_id=uuid.uuid5(uuid.NAMESPACE_OID, prefix))
    client = north.run(
        RegisterPatient(name="王美娜", sex=Sex.FEMALE, birth_date=date(1980, 5, 1), phone="139")
    )
    visit = north.run(OpenVisit(patient_id=client.receipt.patient_id)).receipt.visit_id
    world.settle()
    return north, north_too, visit


def write(place, visit, conclusion):
    return place.run(WriteReport(visit_id=visit, conclusion=conclusion)).receipt


def test_two_texts_of_one_visit_are_one_report_in_conflict(world, desks):
    north, north_too, visit = desks
    first, second = write(north, visit, "血压偏高"), write(north_too, visit, "血压正常")
    assert first.number != second.number
    world.settle()
    for place in (world.centre, north, north_too):
        [report] = place.rows("report")
        assert (report.conclusion, report.number) == ("血压偏高", first.number)
        assert report.author_id == north.actor.staff_id, "who wrote the text that stands"
        [conflict] = place.rows("conflict")
        assert (conflict.theirs, conflict.mine) == ({"conclusion": "血压偏高"}, {"conclusion": "血压正常"})
    for place in (north, north_too):
        assert place.all(refused_record) == place.all(parked_txn) == []
        assert world.differing(place) == []
    assert [(o.outcome, o.code) for o in north_too.all(push_outcome)] == [("conflict", "sync.conflict")]


def test_the_number_that_does_not_stand_is_kept_in_the_log(world, desks):
    north, north_too, visit = desks
    write(north, visit, "血压偏高")
    second = write(north_too, visit, "血压正常")
    world.settle()
    [entry] = [
        body for row in world.centre.all(change_log)
        if (body := decode_body(row.body)).command == "report.write" and body.note.get("refused")
    ]  # fmt: skip
    assert second.number in str(entry.note["refused"])


def test_a_person_at_the_second_desk_settles_it(world, desks):
    north, north_too, visit = desks
    write(north, visit, "血压偏高")
    write(north_too, visit, "血压正常")
    world.settle()
    [conflict] = north_too.rows("conflict")
    north_too.run(DecideConflict(conflict_id=conflict.id, choice=Choice.MINE))
    world.settle()
    assert [place.rows("report")[0].conclusion for place in (world.centre, north)] == ["血压正常"] * 2


def test_what_was_submitted_at_the_second_desk_stays_a_revision(world, desks):
    north, north_too, visit = desks
    first, second = write(north, visit, "血压偏高"), write(north_too, visit, "血压正常")
    north.run(SubmitReport(report_id=first.report_id))
    north_too.run(SubmitReport(report_id=second.report_id))
    world.settle()
    for place in (world.centre, north, north_too):
        assert {row.conclusion for row in place.rows("report_revision")} == {"血压偏高", "血压正常"}
        assert place.rows("report")[0].state == "first_review"
    assert world.differing(north) == world.differing(north_too) == []


def test_a_report_of_an_earlier_program_goes_on_under_its_id(world, desks):
    north, north_too, visit = desks
    written = write(north, visit, "血压偏高")
    earlier = north.desk.ids()
    row = dict(north.row("report", written.report_id)._mapping)
    north.remove("report", written.report_id)
    north.add("report", earlier, **{k: v for k, v in row.items() if k not in {"id", "ver", "extra"}})
    world.settle()
    assert write(north_too, visit, "血压正常").report_id == earlier
    world.settle()
    assert [row.id for row in world.centre.rows("report")] == [earlier]
