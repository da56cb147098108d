"""Responses of a form as a table: what stands, nobody to be recognised without the right, what each column is."""

import uuid
from datetime import UTC, date, datetime, timedelta

import openpyxl
import pypdfium2
import pytest

import resources
from domain.checkup.form_commands import AnswerForm, CorrectForm
from domain.kernel.errors import DomainError
from domain.kernel.texts import Texts
from domain.outgoing.answer_commands import AnswerFile, ExportAnswers, Wanted
from domain.outgoing.records import Outgoing
from domain.people.records import Sex
from forms.answer_files import DOCUMENT, PER_PDF, Taken, write_book, write_pdfs
from forms.answer_table import WITHHELD, answer_table
from forms.documents import load_documents
from tests.scales.answering import reaching
from tests.scales.conftest import FORMS, SCALES
from tests.scales.handing_in import hand_in, person, response, rows

TEXTS = Texts.load(resources.folder("texts") / "zh")


@pytest.fixture
def filled(branch, nurse):
    """Three people with a response each; the second was corrected from 20 to 2."""
    people = [person(branch, nurse, f"王{n}", Sex.MALE, date(1960 + n, 3, 1)) for n in range(3)]
    hand_in(branch, nurse, people[0], "gad7", reaching(SCALES["gad7"], 7))
    wrong = hand_in(branch, nurse, people[1], "gad7", reaching(SCALES["gad7"], 20)).response_id
    fixed = response("gad7", reaching(SCALES["gad7"], 2))
    branch.run(CorrectForm(response_id=wrong, answers=fixed, reason="看错一行"), nurse)
    hand_in(branch, nurse, people[2], "gad7", reaching(SCALES["gad7"], 12))
    return people


def order(branch, **more):
    today = branch.clock().date()
    facts = {"form": "gad7", "since": today - timedelta(days=7), "until": today, "purpose": "睡眠专题"} | more
    return ExportAnswers(**facts)


def table(branch, actor, *, salt=b"s" * 32, identified=False, **more):
    today = branch.clock().date()
    wanted = Wanted(more.pop("form", "gad7"), today - timedelta(days=7), today, **more)
    return answer_table(
        branch.store.read, TEXTS, branch.content, resources.folder("forms"), actor, wanted,
        salt=salt, identified=identified,
    )  # fmt: skip


def taken(**more):
    facts = {
        "by": "周主任", "at": datetime(2026, 11, 23, 2, 0, tzinfo=UTC), "purpose": "睡眠专题",
        "number": "0A1B2C3D4E5F", "period": "2026-11-16 至 2026-11-23", "form": "gad7", "identified": False,
    }  # fmt: skip
    return Taken(**(facts | more))


def refused(branch, asked, actor):
    with pytest.raises(DomainError) as found:
        branch.run(asked, actor)
    return found.value


def test_it_is_on_record_with_purpose_and_whether_people_can_be_recognised(branch, filled, as_role):
    head = as_role("department_head")
    branch.run(order(branch), as_role("physician"))
    branch.run(order(branch, identified=True, file=AnswerFile.PDF), head)
    plain, known = rows(branch, Outgoing)
    assert (plain.count, plain.purpose, plain.staff_id) == (3, "睡眠专题", as_role("physician").staff_id)
    assert "去标识" in plain.filters
    assert "含身份信息" in known.filters
    assert "pdf" in known.what


def test_who_may_not_is_refused_and_nothing_is_on_record(branch, filled, as_role):
    assert refused(branch, order(branch), as_role("nurse")).code == "permission.denied"
    known = refused(branch, order(branch, identified=True), as_role("physician"))
    assert known.facts["permission"] == "document.export_identified"
    none = refused(branch, order(branch, form="phq9"), as_role("physician"))
    assert (none.code, none.field) == ("answers.none", "since")
    early = branch.clock().date() - timedelta(days=9)
    assert refused(branch, order(branch, until=early), as_role("physician")).field == "until"
    assert refused(branch, order(branch, purpose="  "), as_role("physician")).field == "purpose"
    elsewhere = as_role("physician", org_id=uuid.uuid4())
    assert refused(branch, order(branch), elsewhere).code == "answers.none"
    assert rows(branch, Outgoing) == []


def test_what_was_corrected_gives_way_and_nobody_can_be_recognised(branch, filled, as_role):
    found = table(branch, as_role("physician"))
    lines = list(found.lines())
    assert [one.results[0][1] for one in lines] == [7, 2, 12]
    told = str(lines)
    assert not [name for name in ("王0", "王1", "王2", "1960-03-01") if name in told]
    assert len({one.head[0] for one in lines}) == 3
    assert [one.head[2] for one in lines] == [66, 65, 64]
    again = list(table(branch, as_role("physician"), salt=b"t" * 32).lines())
    assert not {one.head[0] for one in again} & {one.head[0] for one in lines}


def test_with_the_right_people_are_named(branch, filled, as_role):
    found = table(branch, as_role("department_head"), identified=True)
    assert [one.head[1] for one in found.lines()] == ["王0", "王1", "王2"]
    assert found.heads[:3] == ("档案号", "姓名", "出生日期")


def test_words_of_ones_own_stay_behind(branch, nurse, as_role):
    patient = person(branch, nurse)
    name, link_id = next(
        (name, item["linkId"])
        for name, resource in FORMS.items()
        for item in _items(resource)
        if item.get("type") in ("string", "text")
    )
    resource = FORMS[name]
    answers = {
        "resourceType": "QuestionnaireResponse", "questionnaire": f"{resource['url']}|{resource['version']}",
        "item": [{"linkId": link_id, "answer": [{"valueString": "我是王美娜，电话 13800000000"}]}],
    }  # fmt: skip
    branch.run(
        AnswerForm(patient_id=patient, form=name, form_version=resource["version"], answers=answers), nurse
    )
    [hidden] = table(branch, as_role("physician"), form=name).lines()
    assert hidden.words[link_id] == WITHHELD
    assert hidden.codes[link_id] == ""
    [clear] = table(branch, as_role("department_head"), form=name, identified=True).lines()
    assert "王美娜" in clear.words[link_id]


def test_the_dictionary_says_text_type_choices_and_what_they_count(branch, filled, as_role):
    found = table(branch, as_role("physician"))
    first = found.variables[0]
    assert first.kind == "choice"
    assert first.text
    assert [points for _, _, points in first.options] == ["0", "1", "2", "3"]
    assert found.scoring
    assert any("≥" in span for _, span, _ in found.scoring)


def test_the_book_has_words_codes_dictionary_and_what_it_is(branch, filled, as_role, tmp_path):
    found = table(branch, as_role("physician"))
    path, steps = tmp_path / "out.xlsx", []
    assert write_book(found, taken(), path, lambda done: steps.append(done) is None)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["答案", "编码", "数据字典", "计分", "说明"]
    codes = list(book["编码"].values)
    variable = found.variables[0]
    at = codes[0].index(variable.name)
    assert codes[1][at] in {code for code, _, _ in variable.options}
    words = list(book["答案"].values)
    assert words[1][at] in {label for _, label, _ in variable.options}
    assert [row[codes[0].index("得分")] for row in codes[1:]] == [one.head[-1] for one in found.lines()]
    dictionary = {row[0]: row for row in book["数据字典"].values}
    assert set(dictionary) == {"变量", *(one.name for one in found.variables)}
    about = dict(list(book["说明"].values)[1:])
    assert (about["导出人"], about["外发记录"], about["用途"]) == ("周主任", "0A1B2C3D4E5F", "睡眠专题")
    assert "周主任" in book["答案"].oddHeader.center.text
    assert steps == [3]


def test_a_purpose_that_looks_like_a_formula_is_text(branch, filled, as_role, tmp_path):
    path = tmp_path / "out.xlsx"
    write_book(table(branch, as_role("physician")), taken(purpose="=1+1"), path, lambda _: True)
    sheet = openpyxl.load_workbook(path)["说明"]
    cell = next(row[1] for row in sheet.iter_rows() if row[0].value == "用途")
    assert (cell.value, cell.data_type) == ("=1+1", "s")
    assert cell.quotePrefix


def test_the_pdf_bears_who_took_it_out_on_every_page(branch, filled, as_role, tmp_path):
    documents = load_documents(resources.folder("documents"))
    path = tmp_path / "out.pdf"
    files, whole = write_pdfs(
        table(branch, as_role("physician")), taken(), documents[DOCUMENT], path, lambda _: True
    )
    assert (files, whole) == ([path], True)
    pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(path)]
    assert all("0A1B2C3D4E5F" in page and "周主任" in page for page in pages)
    whole_text = "".join(pages)
    assert "去标识" in whole_text
    assert "数据字典" in whole_text
    assert not [name for name in ("王0", "王1", "王2") if name in whole_text]


def test_many_are_several_files_and_stopping_leaves_whole_ones(branch, nurse, as_role, tmp_path):
    patient = person(branch, nurse)
    for _ in range(PER_PDF + 1):
        hand_in(branch, nurse, patient, "gad7", reaching(SCALES["gad7"], 2))
    found = table(branch, as_role("physician"))
    document = load_documents(resources.folder("documents"))[DOCUMENT]
    out = tmp_path / "out"
    out.mkdir()
    files, whole = write_pdfs(found, taken(), document, out / "o.pdf", lambda _: False)
    assert (files, whole) == ([out / "o-1.pdf"], False)
    assert sorted(out.iterdir()) == files
    steps = []
    assert not write_book(found, taken(), out / "o.xlsx", lambda done: bool(steps.append(done)))
    assert steps == [50]


def _items(resource):
    for item in resource.get("item", ()):
        yield item
        yield from _items(item)
