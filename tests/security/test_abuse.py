"""What somebody might type or send to reach further than they may: it stays text, and reaches nothing."""

from datetime import date

import pypdfium2
import pytest
from sqlalchemy import select

from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from domain.kernel.worklists import Filter, Pages, worklists
from domain.messaging.templates import filled
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Patient, Sex
from forms.document_catalogue import load_documents
from forms.documents import render_pdf
from resources import folder
from sync.search import SearchIndex
from tests.conftest import BRANCH, DEVICE

SQL = (
    "' OR '1'='1",
    "x'; DROP TABLE patient; --",
    '" OR ""="',
    "王%' UNION SELECT password_hash FROM staff --",
    "name:* OR name:*",
    "王\\",
    "%",
    "_",
    "*",
)
TYPST = '#read("/etc/passwd") #include "secret.typ" #eval("1+1") $ x $ \\#let'
BRACES = (
    "{name.__class__}",
    "{0.__globals__}",
    "{name!r}",
    "{name:>1000000000}",
    "{}",
    "{{name}} {who[secret]}",
)


@pytest.fixture
def filled_desk(desk, nurse):
    for number in range(3):
        desk.run(
            RegisterPatient(name=f"王小{number}", sex=Sex.MALE, birth_date=date(1980, 5, 1 + number)), nurse
        )
    return desk


def people(desk):
    with desk.store.read() as connection:
        return len(connection.execute(select(Patient.__table__.c.id)).all())


@pytest.mark.parametrize("text", SQL)
def test_sql_in_a_filter_or_in_the_search_is_a_text_like_any_other(filled_desk, nurse, text):
    pages, listing = Pages(filled_desk.store), worklists()["people.clients"]
    for op in ("eq", "starts"):
        assert not pages.page(listing, nurse, filters=[Filter("name", op, text)]).rows
        assert pages.count(listing, nurse, filters=[Filter("name", op, text)]) == 0
    for wrong in (Filter(text, "eq", "x"), Filter("name", text, "x")):
        with pytest.raises(DomainError, match=r"worklist\.unknown"):
            pages.page(listing, nurse, filters=[wrong])
    with pytest.raises(DomainError, match=r"worklist\.unknown"):
        pages.page(listing, nurse, order=text)
    index = SearchIndex()
    index.prepare(filled_desk.store)
    with filled_desk.store.read() as connection:
        assert len(index.find(connection, text, nurse)) <= 3
    assert people(filled_desk) == 3


@pytest.mark.parametrize("text", [*SQL, TYPST])
def test_a_hostile_name_is_kept_letter_by_letter(filled_desk, nurse, text):
    made = filled_desk.run(
        RegisterPatient(name=text[:60], sex=Sex.MALE, birth_date=date(1990, 1, 1)), nurse
    ).receipt
    [row] = Pages(filled_desk.store).rows_of(worklists()["people.clients"], nurse, [made.patient_id])
    assert text[:60] in row.values


def test_a_document_prints_what_looks_like_its_own_language():
    document = load_documents(folder("documents"))["final_report"]
    sample = document.sample()
    sample["client"] = {**sample["client"], "name": TYPST[:40]}
    pdf = pypdfium2.PdfDocument(render_pdf(document, sample))
    read = "".join(pdf[0].get_textpage().get_text_range().split())
    pdf.close()
    assert "#read(" in read
    assert "root:" not in read


@pytest.mark.parametrize("text", BRACES)
def test_a_message_template_reaches_no_attribute(text):
    with pytest.raises(DomainError, match=r"message\."):
        filled(text, {"name": "王"})


def test_the_system_itself_is_nobody_who_can_sign_in():
    """What the program does by itself needs no account that could be taken."""
    assert system_actor(BRANCH, DEVICE).staff_id is None
