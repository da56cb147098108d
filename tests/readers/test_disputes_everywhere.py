"""Safety values in dispute: every reader of rows shows both until a person has decided, and none after."""

import dataclasses
import types
from datetime import date

import pypdfium2
import pytest
from sqlalchemy import select

import resources
from client.formatting import Formatter
from client.pages.record.viewmodel import read_sheet
from client.stations.bench.reading import look_up
from client.stations.bench.telling import Teller
from client.stations.front_desk.encounter import read_encounter
from client.stations.front_desk.tubes import whose
from client.views.banner import read_banner
from domain.biobank.records import Specimen
from domain.checkup.report_content import read_facts, report_content
from domain.exchange.commands import DecideConflict
from domain.exchange.rules import Choice
from domain.kernel.authority import system_actor
from domain.kernel.columns import Sensitivity
from domain.kernel.disputes import Disputed, beside, safety_columns
from domain.kernel.errors import DomainError
from domain.kernel.record import record_classes
from domain.kernel.texts import Texts
from domain.kernel.worklists import Pages, records, worklists
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Patient, Sex
from forms.document_catalogue import load_documents
from forms.final_report import render_final_report
from tests.conftest import DEVICE
from tests.fixtures.conflicts import dispute
from tests.fixtures.whole_day import ALLERGY, live_a_day

TEXTS = Texts.load(resources.folder("texts") / "zh")
OTHER, BORN = "头孢曲松", date(1981, 2, 3)


@pytest.fixture
def day(store, authority, clock):
    lived = live_a_day(store, authority, clock, DEVICE)
    lived.actor = system_actor(lived.org_id, DEVICE)
    return lived


@pytest.fixture
def stranger(day):
    """The other client whose tube it may be."""
    order = RegisterPatient(name="贺兰雪", sex=Sex.FEMALE, birth_date=BORN, another_person=True)
    return day.desk.run(order, day.actor).receipt


@pytest.fixture
def tube(day):
    with day.desk.store.read() as connection:
        query = select(Specimen.id).where(Specimen.visit_id == day.visit_id, Specimen.parent_id.is_(None))
        return connection.execute(query.order_by(Specimen.number)).scalars().first()


@pytest.fixture
def disputed(day, stranger, tube):
    """Allergy, blood group and a tube's client are in dispute; returns the conflicts."""
    return [
        dispute(day.desk, day.actor, "patient", day.patient_id, "allergy", ALLERGY, OTHER),
        dispute(day.desk, day.actor, "patient", day.patient_id, "blood_group", "1", "3"),
        dispute(day.desk, day.actor, "specimen", tube, "patient_id", day.patient_id.bytes, stranger.patient_id.bytes),
    ]  # fmt: skip


@pytest.fixture
def context(day):
    desk = types.SimpleNamespace(store=day.desk.store, clock=day.desk.clock, dispatcher=day.desk, texts=TEXTS)
    return types.SimpleNamespace(desk=desk, actor=day.actor, formatter=Formatter(TEXTS), say=TEXTS.say)


def text_of(pdf):
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "".join(document[index].get_textpage().get_text_range() for index in range(len(document)))
    finally:
        document.close()


def rows_of(day, name):
    return Pages(day.desk.store).page(worklists()[name], day.actor, limit=500).rows


def test_rows_of_records_bear_both_values_and_the_reader_cannot_forget_them(day, disputed):
    with day.desk.store.read() as connection:
        [row] = records(connection, day.actor, Patient, Patient.id == day.patient_id)
        [plain] = records(connection, day.actor, Patient, Patient.id != day.patient_id, limit=1)
    assert row.allergy == Disputed([ALLERGY, OTHER])
    assert str(row.allergy) == f"{ALLERGY} ／ {OTHER}"
    assert Formatter(TEXTS).value(row.blood_group, "patient", "blood_group") == "（空） ／ A 型 ／ O 型"
    assert not isinstance(plain.allergy, Disputed)


def test_without_clearance_neither_value_is_told(day, disputed, authority):
    reader = authority.actor(
        staff_id=day.actor.staff_id, name="", role="it", org_id=day.org_id, device_id=DEVICE, subtree=()
    )
    assert reader.clearance < Sensitivity.SENSITIVE
    with day.desk.store.read() as connection:
        [row] = records(connection, reader, Patient, Patient.id == day.patient_id)
    assert ALLERGY not in str(row.allergy)
    assert OTHER not in str(row.allergy)


def concerns(day, name, row):
    """Tell whether a row is about the client of the day; lists whose records name no client always are."""
    table = worklists()[name].record.__table__
    if "patient_id" not in table.c:
        return True
    with day.desk.store.read() as connection:
        found = connection.execute(select(table.c.patient_id).where(table.c.id == row.id)).scalar()
    return found in (None, day.patient_id)


def test_every_list_marks_the_rows_of_a_client_or_tube_in_dispute(day, disputed, tube):
    """Found by what the list reads, so a new list cannot leave it out."""
    told = {}
    for name, listing in worklists().items():
        for entity, _key in listing.subjects:
            told.setdefault(entity, []).append(name)
        for row in rows_of(day, name):
            assert row.disputes == () or listing.subjects
    assert len(told["patient"]) >= 8
    assert {"specimen.waiting", "specimen.stored", "specimen.events"} <= set(told["specimen"])
    marked = {name for name in told["patient"] if any(r.disputes for r in rows_of(day, name))}
    filled = {name for name in told["patient"] if any(concerns(day, name, row) for row in rows_of(day, name))}
    assert filled - marked == set()
    assert any(r.disputes for r in rows_of(day, "specimen.events"))
    listing = next(w for w in worklists().values() if w.record is Patient)
    [row] = [r for r in rows_of(day, listing.name) if r.id == day.patient_id]
    assert [(d.label, str(d.value)) for d in row.disputes] == [
        ("过敏史", f"{ALLERGY} ／ {OTHER}"), ("血型", "（空） ／ 1 ／ 3")
    ]  # fmt: skip


def test_a_list_reads_the_kinds_with_safety_fields_behind_each_of_its_columns():
    """Whatever a list shows of a record with safety fields, it bears the id that they are looked up by."""
    for name, listing in worklists().items():
        known = {entity for entity, _key in listing.subjects}
        shown = {c.entity for c in listing.columns if c.entity and safety_columns(c.entity)}
        assert shown <= known, name
    assert {kind for kind in record_classes() if safety_columns(kind)} == {"patient", "specimen", "care_item"}


def test_the_record_page_shows_both(day, disputed, context, tube, stranger):
    values = {v.name: v.text for v in read_sheet(context, Patient, day.patient_id).values}
    assert values["allergy"] == f"{ALLERGY} ／ {OTHER}"
    assert values["blood_group"] == "（空） ／ A 型 ／ O 型"
    values = {v.name: v.text for v in read_sheet(context, Specimen, tube).values}
    assert stranger.number in values["patient_id"]
    assert " ／ " in values["patient_id"]


def test_the_banner_shows_both(day, disputed, context):
    assert read_banner(context, day.patient_id).allergy == f"{ALLERGY} ／ {OTHER}"


def test_a_tubes_label_names_everybody_it_may_be_of(day, disputed, tube):
    found = read_encounter(day.desk.store, day.actor, day.desk.content["catalog"], day.visit_id)
    [mine] = [t for t in found.tubes if t.specimen_id == tube]
    text = whose(mine.disputes, found.name)
    assert "贺兰雪" in text
    assert found.name in text
    for other in found.tubes:
        assert other.specimen_id == tube or whose(other.disputes, found.name) == found.name


def test_the_bench_says_of_whom_a_scanned_tube_may_be(day, disputed, tube, clock):
    with day.desk.store.read() as connection:
        number = connection.execute(select(Specimen.number).where(Specimen.id == tube)).scalar_one()
    found = look_up(day.desk.store, day.actor, number).tube
    told = Teller(TEXTS).describe(found)
    assert "⚠ 受检者：" in told
    assert "贺兰雪" in told


def test_the_final_report_prints_all_of_them(day, disputed, clock):
    with day.desk.store.read() as connection:
        facts = read_facts(connection, day.report_id)
    content = report_content(facts, day.desk.content["catalog"], at=clock())
    assert {d["field"] for d in content["disputes"]} == {"allergy", "blood_group", "patient_id"}
    document = load_documents(resources.folder("documents"))["final_report"]
    text = text_of(render_final_report(document, content))
    assert "裁决前请按全部可能处理" in text
    for value in (ALLERGY, OTHER, "A 型", "O 型", "贺兰雪"):
        assert value.replace(" ", "") in text.replace(" ", ""), value


def test_a_report_whose_organisation_has_not_come_yet_says_so(day):
    """A workstation that worked before its first exchange has it not, and could not print whose report it is."""
    with day.desk.store.read() as connection:
        facts = read_facts(connection, day.report_id)
    facts = dataclasses.replace(facts, organization=None, head_office=None)
    with pytest.raises(DomainError, match=r"report\.no_organisation"):
        report_content(facts, day.desk.content["catalog"], at=day.desk.clock())


def test_a_conflict_of_another_kind_is_shown_nowhere_else(day, context):
    dispute(day.desk, day.actor, "patient", day.patient_id, "phone", "1", "2", safety=False)
    dispute(day.desk, day.actor, "patient", day.patient_id, "allergy", ALLERGY, OTHER, state="decided")
    with day.desk.store.read() as connection:
        assert beside(connection, "patient", [day.patient_id]) == {}
        facts = read_facts(connection, day.report_id)
    assert "disputes" not in report_content(facts, day.desk.content["catalog"], at=day.desk.clock())
    assert read_banner(context, day.patient_id).allergy == ALLERGY


def test_after_the_decision_nobody_shows_both(day, disputed, context, clock):
    for conflict in disputed:
        day.desk.run(DecideConflict(conflict_id=conflict, choice=Choice.THEIRS), day.actor)
    assert read_banner(context, day.patient_id).allergy == ALLERGY
    assert not any(r.disputes for name in worklists() for r in rows_of(day, name))
    with day.desk.store.read() as connection:
        assert read_facts(connection, day.report_id).disputes == ()
