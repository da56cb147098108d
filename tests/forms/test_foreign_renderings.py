"""The official examples and the LHC-Forms samples on each rendering: the desk's lines, the phone's fields, paper."""

from collections import Counter
from datetime import UTC, date, datetime

import pytest

from client.pages.form.filling import Filling
from domain.kernel.errors import DomainError
from domain.kernel.texts import Texts
from forms.pages import pages_of
from forms.paper import SheetHead, sheet_data
from forms.questionnaire_reader import parse_form
from forms.session import FormSession
from resources import folder
from server.pages.answering import page as rendered
from server.pages.fields import fields_at_the_end, fields_of, name_of
from tests.forms.foreign import FOLDER, resources

NOW = datetime(2026, 11, 29, 2, 0, tzinfo=UTC)
TEXTS = Texts.load(folder("texts/zh"))
HEAD = SheetHead(
    organisation="总院", branch="分院", name="张伟", sex="male", born=date(1976, 3, 2), number="P1010000001",
    form="foreign", printed_at=NOW,
)  # fmt: skip


def at_the_desk(session):
    """Return the link ids of every line the desk shows, page by page."""
    filling, found = Filling(session, TEXTS.say, TEXTS.explain), set()
    for number in range(len(filling.pages())):
        filling.open_page(number)
        found |= {line.place.link_id for line in filling.lines()}
    return found


def on_the_phone(session):
    """Return the names of the fields of every page, each page drawn by its template."""
    pages, found = pages_of(session), set()
    for number, page in enumerate(pages):
        fields = fields_of(session, page, {})
        if number == len(pages) - 1:
            fields += fields_at_the_end(session, {})
        text = rendered(
            "form.html", title=session.form.title, name="张*", page=page, number=number, count=len(pages),
            fields=fields, answered=0, total=1, kept=False,
        )  # fmt: skip
        assert "</form>" in text
        found |= {field.name for field in fields}
    return found


@pytest.mark.skipif(not FOLDER.is_dir(), reason="foreign questionnaires are not on this machine")
def test_foreign_forms_are_shown_at_the_desk_on_the_phone_and_on_paper():
    shown = Counter()
    for path, resource in resources("Questionnaire"):
        where = path.parent.name
        if where not in ("r4-examples", "lforms"):
            continue
        try:
            form = parse_form(resource)
        except DomainError:
            continue  # broken on purpose: told by the test of reading
        session = FormSession(form, clock=lambda: NOW)
        questions = [p for p in session.places() if session.item(p.link_id).type.is_question]
        written = [
            item
            for place in questions
            if not ((item := session.item(place.link_id)).hidden or item.read_only or item.calculated)
        ]
        desk, phone = at_the_desk(session), on_the_phone(session)
        assert {place.link_id for place in questions} <= desk, path.name
        assert {name_of(place) for place in questions} <= phone, path.name
        assert sheet_data(HEAD, session, blank=True)["items"] or not written, path.name
        shown[where] += 1
    assert shown["r4-examples"] >= 5
    assert shown["lforms"] > 20
