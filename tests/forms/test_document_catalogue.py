import json
import shutil

import pytest

from domain.kernel.content import ContentError
from domain.kernel.errors import DomainError
from forms.documents import load_documents, render_pdf
from forms.final_report import trend_charts
from resources import folder


@pytest.fixture
def documents(tmp_path):
    """A copy of the shipped documents that a test may spoil."""
    return shutil.copytree(folder("documents"), tmp_path / "documents")


def test_every_shipped_document_prints_its_sample(pages):
    for document in load_documents(folder("documents")).values():
        sample = document.sample()
        pdf = render_pdf(document, sample, trend_charts(sample.get("trends") or ()))
        assert document.label in "".join("".join(pages(pdf)).split())


def test_all_mistakes_of_a_document_are_told_at_once(documents):
    declaration = documents / "final_report" / "document.yaml"
    spoilt = declaration.read_text("utf-8").replace("version: 1.0.0", "version: one", 1)
    spoilt = spoilt.replace("paper: a4", "paper: a3\ncolour: red").replace("age: integer", "age: whole")
    declaration.write_text(spoilt, "utf-8")
    (documents / "final_report" / "template.typ").unlink()
    with pytest.raises(ContentError) as caught:
        load_documents(documents)
    told = "\n".join(caught.value.problems)
    for mistake in (
        "version: refused",
        "paper: refused",
        "colour: unknown",
        "unknown kind 'whole'",
        "template.typ: missing",
    ):
        assert mistake in told
    assert all(problem.startswith("final_report") for problem in caught.value.problems), (
        "its versions share its fields"
    )


@pytest.mark.parametrize(
    ("name", "text"), [("document.yaml", "id: [open"), ("sample.json", "{"), ("document.yaml", "- 1")]
)
def test_an_unreadable_file_is_named(documents, name, text):
    (documents / "final_report" / name).write_text(text, "utf-8")
    with pytest.raises(ContentError):
        load_documents(documents)


def test_a_sample_that_does_not_fit_is_refused(documents):
    path = documents / "final_report" / "sample.json"
    sample = json.loads(path.read_text("utf-8"))
    del sample["client"]["name"]
    path.write_text(json.dumps(sample), "utf-8")
    with pytest.raises(ContentError, match=r"client\.name: missing"):
        load_documents(documents)


def test_a_template_without_declaration_is_refused(documents):
    (documents / "final_report" / "document.yaml").unlink()
    with pytest.raises(ContentError, match=r"stands without document\.yaml"):
        load_documents(documents)


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        (lambda data: data["client"].pop("name"), "client.name"),
        (lambda data: data["client"].update(sex="M"), "client.sex"),
        (lambda data: data["client"].update(age=True), "client.age"),
        (lambda data: data["groups"][0]["items"][2].update(value=27.4), "groups[0].items[2].value"),
        (lambda data: data["report"].update(issued_at="2026-11-24T16:40:00"), "report.issued_at"),
        (lambda data: data["visit"].update(date="2026-2-3"), "visit.date"),
        (lambda data: data["trends"][0]["points"][0].update(value="1e5"), "trends[0].points[0].value"),
        (lambda data: data.update(secret="x"), "secret"),
        (lambda data: data.update(reviews={}), "reviews"),
    ],
)
def test_wrong_data_names_its_place(report_document, spoil, place):
    data = report_document.sample()
    spoil(data)
    with pytest.raises(DomainError) as caught:
        report_document.check(data)
    assert (caught.value.code, caught.value.field) == ("document.data_invalid", place)
