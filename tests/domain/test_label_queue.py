"""The queue of labels by its commands: on the disk first, ended one by one, put in order after a fault or a crash."""

from datetime import date

import pytest
from sqlalchemy import select

from domain.biobank.commands import PlanSpecimen
from domain.biobank.records import LabelPrint, PrimaryContainer, SpecimenType
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.kernel.errors import DomainError
from domain.labels.queue_commands import (
    MOST,
    BeginLabels,
    EndLabel,
    GiveBackLabels,
    LastGoodLabel,
    Outcome,
    QueueLabels,
    RecoverLabels,
    SettleLabel,
    VerifyLabel,
)
from domain.labels.reading import queue_of
from domain.labels.records import LabelJob
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex


@pytest.fixture
def numbers(desk, nurse):
    """Four tubes of one visit."""
    patient = desk.run(
        RegisterPatient(name="王美娜", sex=Sex.FEMALE, birth_date=date(1980, 5, 1)), nurse
    ).receipt
    visit_id = desk.run(OpenVisit(patient_id=patient.patient_id), nurse).receipt.visit_id
    desk.run(Arrive(visit_id=visit_id), nurse)
    kinds = (
        (SpecimenType.SERUM, PrimaryContainer.SERUM_SEPARATOR), (SpecimenType.BLOOD,
        PrimaryContainer.POTASSIUM_EDTA),
        (SpecimenType.URINE, PrimaryContainer.ORIGINAL), (SpecimenType.STOOL, PrimaryContainer.ORIGINAL),
    )  # fmt: skip
    return [
        desk.run(PlanSpecimen(visit_id=visit_id, type=kind, container=container), nurse).receipt.number
        for kind, container in kinds
    ]


@pytest.fixture
def act(desk, nurse):
    return lambda order: desk.run(order, nurse).receipt


@pytest.fixture
def queued(act, numbers):
    return lambda *chosen, **more: act(ask_for(*(chosen or numbers), **more))


def ask_for(*numbers, reason=None, fields=None):
    labels = [
        {"number": n, "fields": fields or {"patient_name": "王美娜"}, "reason": reason} for n in numbers
    ]
    return QueueLabels(labels=labels, purpose="tube", printer="采血标签机")


def end(job_id, result="confirmed", fault=None):
    return EndLabel(
        job_id=job_id,
        result=result,
        printer="采血标签机",
        template="tube_50x30/1",
        content_sha256="0" * 64,
        fault=fault,
    )


def states(desk):
    with desk.store.read() as connection:
        rows = connection.execute(
            select(LabelJob.place, LabelJob.state).order_by(LabelJob.queued_at, LabelJob.place)
        )
        return [row.state for row in rows]


def prints(desk, number):
    with desk.store.read() as connection:
        query = select(LabelPrint.result).join_from(
            LabelPrint, LabelJob, LabelJob.specimen_id == LabelPrint.specimen_id
        )
        return list(connection.execute(query.where(LabelJob.number == number)).scalars())


def refused(act, order):
    with pytest.raises(DomainError) as told:
        act(order)
    return told.value.code


def test_a_label_is_on_the_disk_with_its_text_before_anything_is_sent(desk, nurse, queued, numbers):
    queued(fields={"patient_name": "张䶮"})
    with desk.store.read() as connection:
        waiting = queue_of(connection, nurse.device_id, 10)
    assert [one.number for one in waiting] == numbers
    assert all(one.fields == {"patient_name": "张䶮"} and one.state == "queued" for one in waiting)


def test_what_is_under_way_is_not_asked_for_twice(act, queued, desk):
    ids = queued()
    assert queued() == ids
    assert act(BeginLabels(jobs=ids)) == ids
    assert act(BeginLabels(jobs=ids)) == []
    assert queued() == ids
    assert states(desk) == ["sending"] * 4


def test_a_fault_in_the_middle_leaves_the_rest_waiting_and_nothing_is_printed_twice(
    act, queued, desk, numbers
):
    ids = queued()
    act(BeginLabels(jobs=ids))
    act(end(ids[0]))
    act(end(ids[1], "failed", "media_out"))
    act(GiveBackLabels(jobs=ids[2:], fault="media_out"))
    assert states(desk) == ["printed", "failed", "queued", "queued"]
    assert act(BeginLabels(jobs=ids)) == ids[1:]
    for job_id in ids[1:]:
        act(end(job_id))
    assert states(desk) == ["printed"] * 4
    assert [prints(desk, number).count("confirmed") for number in numbers] == [1] * 4


def test_a_crash_leaves_one_label_unknown_and_those_behind_it_waiting(act, queued, desk):
    ids = queued()
    act(BeginLabels(jobs=ids))
    act(end(ids[0]))
    assert act(RecoverLabels()) == 1
    assert states(desk) == ["printed", "unknown", "queued", "queued"]
    assert act(RecoverLabels()) == 0


def test_the_last_good_label_settles_all_before_it_and_frees_all_behind_it(act, queued, desk, numbers):
    ids = queued()
    act(BeginLabels(jobs=ids))
    act(end(ids[0], "sent"))
    act(end(ids[1], "sent"))
    act(end(ids[2], "unknown", "no_answer"))
    act(GiveBackLabels(jobs=ids[3:], fault="no_answer"))
    assert act(LastGoodLabel(number=numbers[0])) == ids[1:]
    assert states(desk) == ["printed", "queued", "queued", "queued"]
    # They are first copies: no reason is asked, no mark is printed.
    act(BeginLabels(jobs=ids[1:]))
    assert [act(end(job_id)) for job_id in ids[1:]] == [0, 0, 0]
    with desk.store.read() as connection:
        assert connection.execute(select(LabelJob.reprint)).scalars().all() == [0] * 4


def test_a_number_no_run_has_is_no_last_good_label(act, numbers, queued):
    queued(numbers[0])
    assert refused(act, LastGoodLabel(number=numbers[1])) == "label.not_in_run"


def test_an_unknown_label_is_settled_by_who_looked(act, queued, desk, numbers):
    ids = queued()
    act(BeginLabels(jobs=ids))
    for job_id in ids:
        act(end(job_id, "unknown", "connection_lost"))
    assert act(SettleLabel(job_id=ids[0], outcome=Outcome.APPLIED)) == "printed"
    again = SettleLabel(job_id=ids[1], outcome=Outcome.AGAIN)
    assert refused(act, again) == "specimen.reprint_reason"
    assert act(SettleLabel(job_id=ids[1], outcome=Outcome.AGAIN, reason="标签破损")) == "queued"
    assert act(SettleLabel(job_id=ids[2], outcome=Outcome.CANCEL)) == "cancelled"
    with desk.store.read() as connection:
        row = connection.execute(select(LabelJob.reprint, LabelJob.reason).where(LabelJob.id == ids[1])).one()
    assert tuple(row) == (1, "标签破损")


def test_a_second_copy_needs_its_reason(act, queued, numbers):
    (job_id,) = queued(numbers[0])
    act(BeginLabels(jobs=[job_id]))
    act(end(job_id))
    assert refused(act, ask_for(numbers[0])) == "specimen.reprint_reason"
    (second,) = queued(numbers[0], reason="标签破损")
    assert second != job_id


def test_reading_the_code_back_ends_the_job(act, queued, desk, numbers):
    ids = queued()
    act(BeginLabels(jobs=ids))
    act(end(ids[0]))
    assert act(VerifyLabel(number=numbers[0], expected=numbers[0]))
    assert not act(VerifyLabel(number=numbers[1], expected=numbers[2]))
    assert states(desk) == ["verified", "sending", "sending", "sending"]
    assert prints(desk, numbers[2]) == ["mismatch"]


@pytest.mark.parametrize(
    "labels",
    [
        [{}],
        [{"number": 7, "fields": {}}],
        [{"number": "261100000058", "fields": {"a": 1}}],
        [{"number": "261100000058", "fields": {"a": "x" * 256}}],
        [{"number": "261100000058", "fields": [], "reason": None}],
    ],
)
def test_what_is_no_label_is_refused_and_nothing_is_queued(act, desk, labels):
    assert refused(act, QueueLabels(labels=labels, purpose="tube", printer="p")) == "label.shape"
    assert states(desk) == []


def test_too_many_labels_and_none_are_refused(act):
    assert refused(act, QueueLabels(labels=[], purpose="tube", printer="p")) == "input.missing"
    labels = [{"number": "1", "fields": {}}] * (MOST + 1)
    assert refused(act, QueueLabels(labels=labels, purpose="tube", printer="p")) == "label.too_many"


def test_another_workstation_has_a_queue_of_its_own(act, queued, desk, as_role, numbers):
    queued()
    with desk.store.read() as connection:
        assert queue_of(connection, desk.ids(), 10) == []
