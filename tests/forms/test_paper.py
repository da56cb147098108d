"""Forms on paper: everything a person answers stands there, with number keys and a code that leads back to it."""

import zlib
from datetime import date, datetime, timedelta, timezone

import pypdfium2
import pytest
import zxingcpp

import resources
from domain.checkup.sheets import SheetCode, looks_like_sheet, read_sheet_code, sheet_code
from forms.documents import load_documents
from forms.paper import SheetHead, sheet_data, sheet_pdf
from forms.questionnaire import ItemType
from forms.questionnaire_reader import load_form, load_forms
from forms.session import FormSession

DOCUMENTS = load_documents(resources.folder("documents"))
FORMS = load_forms(resources.folder("forms"))
AT = datetime(2026, 11, 30, 8, 30, tzinfo=timezone(timedelta(hours=8)))


def head(form):
    return SheetHead(
        organisation="示例集团", branch="示例分院", name="王建军", sex="male", born=date(1968, 3, 2),
        number="P1010000001", form=form, printed_at=AT,
    )  # fmt: skip


def squeezed(text):
    return "".join(text.split())


@pytest.mark.parametrize("name", sorted(FORMS))
def test_every_question_of_every_form_is_on_the_sheet(name):
    form = FORMS[name]
    told = sheet_data(head(name), FormSession(form), blank=True)
    DOCUMENTS["form_sheet"].check(told)
    lines = {line["text"]: line for line in told["items"]}
    for item in form.walk():
        asked = item.type.is_question and not (item.hidden or item.read_only or item.calculated)
        if not asked:
            continue
        line = lines[f"{item.prefix} {item.text}".strip()]
        count = 2 if item.type is ItemType.BOOLEAN else len(item.options)
        assert [one["key"] for one in line["options"]][:10] == [str(n % 10) for n in range(1, count + 1)][:10]
        assert bool(line["condition"]) == bool(item.enable_when or item.enable_expression)


def test_a_sheet_shows_what_is_known_or_nothing_and_says_when_a_question_is_asked():
    session = FormSession(FORMS["ascvd"])
    session.set_answer("smoking", "former")
    session.set_answer("sbp", "138")
    known = {line["text"]: line for line in sheet_data(head("ascvd"), session, blank=False)["items"]}
    blank = {line["text"]: line for line in sheet_data(head("ascvd"), session, blank=True)["items"]}
    assert [one["chosen"] for one in known["吸烟"]["options"]] == [False, True, False]
    assert known["收缩压"]["answer"] == "138"
    assert not any(one["chosen"] or line["answer"] for line in blank.values() for one in line["options"])
    assert known["戒烟年数"]["condition"] == "仅当“吸烟”选“已戒烟”时填写"
    assert known["每日吸烟支数"]["condition"] == "仅当“吸烟”不选“从不吸烟”时填写"


def test_the_pdf_holds_its_fonts_its_text_and_a_code_that_a_photo_of_every_page_gives_back(pages, tmp_path):
    session = FormSession(load_form(resources.folder("forms") / "comprehensive.json"))
    pdf = sheet_pdf(DOCUMENTS, head("comprehensive"), session, blank=True)
    texts = pages(pdf)
    assert len(texts) > 2
    assert all("王建军" in squeezed(text) and "P1010000001" in squeezed(text) for text in texts)
    document = pypdfium2.PdfDocument(pdf)
    for page, dots in ((document[0], 120), (document[len(document) - 1], 200)):
        photo = page.render(scale=dots / 72).to_pil().convert("L").rotate(4, fillcolor=200, expand=True)
        [found] = zxingcpp.read_barcodes(photo)
        code = read_sheet_code(found.text)
        assert (code.number, code.form, code.version) == (
            "P1010000001",
            "comprehensive",
            session.form.version,
        )


def test_a_damaged_code_is_none():
    whole = sheet_code("P1010000001", "phq9", "1.0.0+lic")
    assert read_sheet_code(whole) == SheetCode("P1010000001", "phq9", "1.0.0+lic")
    assert read_sheet_code(whole.upper()).number == "P1010000001", "a scanner with capitals on"
    for place in range(5, len(whole)):
        broken = whole[:place] + ("x" if whole[place] != "x" else "y") + whole[place + 1 :]
        assert read_sheet_code(broken) is None
        assert looks_like_sheet(broken)
    for text in ("", "P1010000001", "http://x/ACF1", whole[:-3], whole + "0", f"{zlib.crc32(b''):08X}"):
        assert read_sheet_code(text) is None
