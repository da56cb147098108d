"""Every list says what would bring rows into it; what needs no row can be begun in an empty list."""

import pytest

from client.pages.worklist.view import View
from client.pages.worklist.viewmodel import ViewModel
from domain.kernel.worklists import worklists


def test_every_text_is_of_a_list_that_is_there_and_names_what_brings_rows(open_desk):
    codes = [code for code in open_desk.texts.codes() if code.startswith("empty.")]
    assert {code.removeprefix("empty.") for code in codes} <= worklists().keys()
    ours = {name for name in worklists() if name.partition(".")[0] in {
        "followup", "feedback", "reception", "unit", "package", "tracking",
    }}  # fmt: skip
    assert {f"empty.{name}" for name in ours} <= set(codes)
    for code in codes:
        assert len(open_desk.texts.say(code)) > 8
        assert open_desk.texts.say(code).endswith("。")


@pytest.fixture
def page(open_desk, context_for, qtbot):
    def make(name, role="department_head"):
        context, _opened = context_for(role)
        view = View(ViewModel(context, name))
        qtbot.addWidget(view)
        view.show()
        view.model.on_open()
        qtbot.waitUntil(lambda: view.model.table.state != "loading")
        return view

    return make


def test_an_empty_list_says_what_to_do_and_its_key_opens_the_form(page, qtbot):
    view = page("unit.units")
    assert view._note.text() == view.say("empty.unit.units")
    assert "F4" in view._note.text()
    assert [o.command.name for o in view.model.offers()] == ["unit.add"]
    with qtbot.waitSignal(view.model.command_asked) as asked:
        view.model.ask("unit.add")
    assert (asked.args[0].name, asked.args[1]) == ("unit.add", {})


def test_what_is_about_a_row_is_not_offered_without_one(page):
    view = page("package.contracts")
    assert view.model.offers() == []
    assert "签约" in view._note.text()
