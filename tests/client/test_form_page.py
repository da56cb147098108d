"""Any form filled in for a client, by keys: chosen, answered, kept, recovered, moved, handed in and told."""

import json
from datetime import timedelta

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QLabel, QListWidget, QPushButton, QWidget
from sqlalchemy import select

import resources
from client.pages.form.view import View
from client.pages.form.viewmodel import CHOOSING, FILLING, RESULT, ViewModel
from client.pages.record.viewmodel import ViewModel as Record
from client.pages.worklist.viewmodel import ViewModel as Worklist
from client.views.pages import build_page
from domain.checkup.form_commands import IssueForm
from domain.checkup.records import QuestionnaireResponse
from domain.kernel.errors import DomainError
from domain.scales.records import FormTask, ScaleResult
from forms.questionnaire_reader import load_form
from forms.session import FormSession
from tests.client import seeding

PATIENCE_MS = 20_000


@pytest.fixture(autouse=True)
def draft_key(tmp_path, monkeypatch):
    """The key that drafts are sealed with lies in a file, as on a machine without a keyring."""
    path = tmp_path / "key"
    path.write_text(bytes(range(32)).hex())
    path.chmod(0o600)
    monkeypatch.setenv("AFTERCHECK_KEY_FILE", str(path))


class Desk:
    """A page with its window, and what a person does with it."""

    def __init__(self, qtbot, context, entity, record_id, folder=None):
        self.qtbot = qtbot
        self.model = ViewModel(context, entity, record_id, folder=folder)
        self.said = []
        self.model.message.connect(lambda sentence, tone: self.said.append(sentence))
        self.view = View(self.model)
        self.view.resize(1366, 700)
        self.view.show()
        qtbot.waitExposed(self.view)
        self.view.activateWindow()
        self.model.on_open()
        self.settle()

    def settle(self):
        self.qtbot.waitUntil(lambda: not self.model.context.jobs.busy, timeout=PATIENCE_MS)
        QCoreApplication.processEvents()
        self.qtbot.waitUntil(lambda: not self.model.context.jobs.busy, timeout=PATIENCE_MS)

    def key(self, key, widget=None):
        self.qtbot.keyClick(widget or self.view.focusWidget() or self.view, key)
        self.settle()

    def write(self, text):
        assert self.view.focusWidget() is not None, self.said
        self.qtbot.keyClicks(self.view.focusWidget(), text)

    def choices(self):
        listed = self.view.findChild(QListWidget, "form_choices")
        return [listed.item(n).data(Qt.ItemDataRole.UserRole) for n in range(listed.count())]

    def open(self, form):
        listed = self.view.findChild(QListWidget, "form_choices")
        listed.setCurrentRow(next(n for n, one in enumerate(self.choices()) if one.form == form))
        self.key(Qt.Key.Key_Return, listed)

    def line(self, link_id, *at):
        return self.view.findChild(QWidget, "_".join(["line", link_id, *map(str, at)]))

    def text(self, link_id, part, *at):
        label = self.line(link_id, *at).findChild(QLabel, f"line_{part}")
        return label.text() if label.isVisibleTo(self.view) else ""

    def here(self):
        """Return the link id of the question that has the focus."""
        widget = self.view.focusWidget()
        while widget is not None and not widget.objectName().startswith("line_"):
            widget = widget.parentWidget()
        while widget is not None and not hasattr(widget, "place"):
            widget = widget.parentWidget()
        return widget.place.link_id if widget is not None else ""

    def told(self):
        return [
            one.text() for one in self.view.findChildren(QLabel) if one.objectName().startswith("form_told")
        ]

    def close(self):
        self.settle()
        self.model.close()
        self.view.close()
        self.view.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def desk_for(qtbot, context_for):
    made = []

    def make(entity, record_id, role="nurse", folder=None):
        context, pages = context_for(role)
        desk = Desk(qtbot, context, entity, record_id, folder)
        desk.pages = pages
        made.append(desk)
        return desk

    yield make
    for desk in made:
        desk.close()


@pytest.fixture
def wei(seeded):
    """The id of 张伟."""
    return seeded[0][0].patient_id


def rows(open_desk, record):
    with open_desk.store.read() as connection:
        return connection.execute(select(record.__table__)).all()


def write_form(folder, *items, version="1.0.0", name="house"):
    folder.mkdir(exist_ok=True)
    resource = {
        "resourceType": "Questionnaire", "url": f"https://example.org/{name}", "version": version,
        "title": "院内问卷", "status": "active", "item": list(items),
    }  # fmt: skip
    (folder / f"{name}.json").write_text(json.dumps(resource), "utf-8")
    return folder


def question(link_id, kind="integer", *items, **more):
    found = {"linkId": link_id, "type": kind, "text": f"题{link_id}", **more}
    return found | ({"item": list(items)} if items else {})


def test_forms_that_suit_come_first_with_their_reason_and_none_is_lost(desk_for, wei):
    desk = desk_for("patient", wei)
    choices = desk.choices()
    whys = [one.why for one in choices]
    assert "proposed" in whys
    assert whys == sorted(whys, key=["given", "begun", "proposed", "other"].index)
    assert all(one.reason for one in choices if one.why == "proposed")
    assert sorted(one.form for one in choices) == sorted(
        path.stem for path in resources.folder("forms").glob("*.json")
    )


def answer_all(desk, digit):
    """Answer every question with one digit, page by page, from wherever the focus is."""
    for _ in range(40):
        filling = desk.model.filling
        page = filling.pages()[filling.number]
        if page.answered < page.total:
            desk.key(digit)
        elif not filling.is_last:
            desk.key(Qt.Key.Key_F9)
        else:
            return
    raise AssertionError(f"the keys did not get through: {desk.here()} {desk.said}")


def test_a_scale_is_filled_in_by_number_keys_alone_and_its_result_told(desk_for, wei, open_desk):
    desk = desk_for("patient", wei)
    desk.open("phq9")
    assert desk.here() == "interest"
    answer_all(desk, Qt.Key.Key_4)
    desk.key(Qt.Key.Key_F9)
    assert desk.model.stage == RESULT, desk.said
    [response] = rows(open_desk, QuestionnaireResponse)
    assert (response.form, response.form_version, response.patient_id) == ("phq9", "1.0.0", wei)
    [result] = rows(open_desk, ScaleResult)
    assert result.total == 27
    assert result.safety
    told = desk.told()
    assert any("27" in one for one in told)
    red = [
        one
        for one in desk.view.findChildren(QLabel)
        if one.property("role") == "error" and "安全提示" in one.text()
    ]
    assert red
    desk.key(Qt.Key.Key_F9)
    assert desk.model.stage == CHOOSING
    assert "begun" not in [one.why for one in desk.choices()]


def test_who_may_not_see_results_is_still_told_to_act(desk_for, wei):
    desk = desk_for("patient", wei, role="health_manager")
    desk.open("phq9")
    answer_all(desk, Qt.Key.Key_4)
    desk.key(Qt.Key.Key_F9)
    assert desk.model.stage == RESULT, desk.said
    assert not any("27" in one for one in desk.told())
    assert any("立即通知医生" in one for one in desk.told())


def test_what_is_missing_is_gone_to_and_said_beside_the_question(desk_for, wei, open_desk):
    desk = desk_for("patient", wei)
    desk.open("gad7")
    first = desk.here()
    desk.key(Qt.Key.Key_Return)  # passed over
    second = desk.here()
    assert second != first
    assert desk.text(first, "problem") == ""
    answer_all_but_first = len([line for line in desk.model.lines() if line.is_asked]) - 1
    for _ in range(answer_all_but_first):
        desk.key(Qt.Key.Key_1)
    desk.key(Qt.Key.Key_F9)
    assert desk.model.stage == FILLING
    assert desk.here() == first
    assert "请填写" in desk.text(first, "problem")
    assert any("还有 1 题未答" in one for one in desk.said)
    assert rows(open_desk, QuestionnaireResponse) == []
    desk.key(Qt.Key.Key_1)
    assert desk.model.stage == FILLING, "only F9 hands in"
    desk.key(Qt.Key.Key_F9)
    assert desk.model.stage == RESULT


def two_pages(tmp_path, **more):
    return write_form(
        tmp_path / "forms",
        question("one", "group", question("a", required=True), question("b", "boolean")),
        question("two", "group", question("c", required=True)),
        **more,
    )


def test_pages_are_turned_by_f9_and_f7_and_a_gap_is_told_once(desk_for, wei, tmp_path):
    desk = desk_for("patient", wei, folder=two_pages(tmp_path))
    desk.key(Qt.Key.Key_F9)  # opens the form that is marked
    assert desk.line("c") is None
    desk.key(Qt.Key.Key_F9)
    assert desk.line("a") is not None, "a gap keeps the page the first time"
    assert "请填写" in desk.text("a", "problem")
    desk.key(Qt.Key.Key_F9)
    assert desk.line("c") is not None
    desk.key(Qt.Key.Key_F7)
    assert desk.line("a") is not None
    desk.key(Qt.Key.Key_F7)
    assert desk.model.stage == CHOOSING
    desk.key(Qt.Key.Key_F7)
    assert desk.pages == [(f"record:patient:{wei}", {})]


def test_what_a_question_does_not_take_stays_typed_with_its_reason(desk_for, wei, tmp_path):
    desk = desk_for("patient", wei, folder=two_pages(tmp_path))
    desk.open("house")
    desk.write("abc")
    desk.key(Qt.Key.Key_Return)
    assert desk.line("a").field.text() == "abc"
    assert "要填" in desk.text("a", "problem")


def test_what_was_refused_is_still_there_after_another_page_and_can_be_taken_back(desk_for, wei, tmp_path):
    folder = write_form(
        tmp_path / "forms", question("one", "group", question("a")), question("two", "group", question("c"))
    )
    desk = desk_for("patient", wei, folder=folder)
    desk.open("house")
    desk.write("abc")
    desk.key(Qt.Key.Key_F9)
    assert desk.line("a") is not None
    desk.key(Qt.Key.Key_F9)
    assert desk.text("a", "problem")
    desk.key(Qt.Key.Key_F9)
    assert desk.line("c") is not None
    desk.key(Qt.Key.Key_F9)
    assert desk.here() == "a", "it cannot be handed in like that"
    assert desk.line("a").field.text() == "abc"
    desk.line("a").field.selectAll()
    desk.key(Qt.Key.Key_Delete)
    desk.key(Qt.Key.Key_F9)
    desk.key(Qt.Key.Key_F9)
    assert desk.model.stage == RESULT, desk.said


def test_a_refused_text_of_a_question_that_went_away_keeps_nobody(desk_for, wei, tmp_path):
    shown = [{"question": "b", "operator": "=", "answerBoolean": True}]
    folder = write_form(tmp_path / "forms", question("b", "boolean"), question("a", enableWhen=shown))
    desk = desk_for("patient", wei, folder=folder)
    desk.open("house")
    desk.key(Qt.Key.Key_1)
    desk.line("a").field.setFocus()
    desk.write("abc")
    desk.line("b").setFocus()
    assert desk.text("a", "problem")
    desk.key(Qt.Key.Key_2)
    assert desk.line("a") is None
    desk.key(Qt.Key.Key_F9)
    assert desk.model.stage == RESULT, desk.said


def test_delete_takes_a_choice_back(desk_for, wei, tmp_path):
    desk = desk_for("patient", wei, folder=write_form(tmp_path / "forms", question("b", "boolean")))
    desk.open("house")
    desk.key(Qt.Key.Key_2)
    assert desk.model.filling.session.answers("b") == (False,)
    desk.key(Qt.Key.Key_Delete)
    assert desk.model.filling.session.answers("b") == ()


def test_a_second_look_is_asked_for_and_keeps_nobody(desk_for, wei, open_desk, tmp_path):
    said = [
        ("key", "valueId", "k"),
        ("severity", "valueCode", "warning"),
        ("human", "valueString", "心率偏快，请核对"),
    ]
    parts = [
        {"url": name, kind: value}
        for name, kind, value in (*said, ("expression", "valueString", "answer.value < 100"))
    ]
    soft = {"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-constraint", "extension": parts}
    desk = desk_for("patient", wei, folder=write_form(tmp_path / "forms", question("p", extension=[soft])))
    desk.open("house")
    desk.write("120")
    desk.key(Qt.Key.Key_Return)
    assert "心率偏快，请核对" in desk.text("p", "warning")
    desk.key(Qt.Key.Key_F9)
    assert desk.model.stage == RESULT
    assert len(rows(open_desk, QuestionnaireResponse)) == 1


def test_a_result_that_waits_for_a_physicians_word_says_so(desk_for, wei):
    desk = desk_for("patient", wei)
    desk.open("sds")
    answer_all(desk, Qt.Key.Key_3)
    desk.key(Qt.Key.Key_F9)
    assert desk.model.stage == RESULT, desk.said
    assert any("待医师核定" in one for one in desk.told()), desk.told()


def test_a_form_goes_on_after_a_crash_from_an_encrypted_draft(desk_for, wei, tmp_path, home):
    folder = two_pages(tmp_path)
    desk = desk_for("patient", wei, folder=folder)
    desk.open("house")
    desk.write("42")
    desk.key(Qt.Key.Key_Return)
    assert desk.model.kept_at is not None
    [draft] = (home.folder / "drafts").glob("*.draft")
    assert b"house" not in draft.read_bytes()
    again = desk_for("patient", wei, folder=folder)
    assert [one.why for one in again.choices()] == ["begun"]
    again.open("house")
    assert again.model.filling.session.answers("a") == (42,)


def test_a_draft_of_an_older_version_is_moved_and_what_changed_is_shown(desk_for, wei, tmp_path):
    folder = two_pages(tmp_path)
    desk = desk_for("patient", wei, folder=folder)
    desk.open("house")
    desk.write("42")
    desk.key(Qt.Key.Key_Return)
    desk.key(Qt.Key.Key_1)
    write_form(
        folder,
        question("one", "group", question("a", required=True), question("d", required=True)),
        version="2.0.0",
    )
    again = desk_for("patient", wei, folder=folder)
    again.open("house")
    assert again.model.filling.session.form.version == "2.0.0"
    assert again.model.filling.session.answers("a") == (42,)
    told = again.view.findChild(QLabel, "form_page_moved").text()
    assert "1.0.0" in told
    assert "题b　原答案：是" in told
    assert "题d" in told


def test_what_stands_in_a_field_counts_when_f9_leaves_the_page(desk_for, wei, tmp_path):
    desk = desk_for("patient", wei, folder=two_pages(tmp_path))
    desk.open("house")
    desk.write("42")
    desk.key(Qt.Key.Key_F9)
    assert desk.model.filling.session.answers("a") == (42,)
    assert desk.line("c") is not None, "nothing required is missing on the first page"
    desk.write("x")
    desk.key(Qt.Key.Key_F9)
    assert "要填" in desk.text("c", "problem")
    assert desk.model.stage == FILLING


def test_groups_that_repeat_get_and_lose_instances_by_keys(desk_for, wei, tmp_path):
    folder = write_form(
        tmp_path / "forms", question("drugs", "group", question("name", "string"), repeats=True)
    )
    desk = desk_for("patient", wei, folder=folder)
    desk.open("house")
    desk.write("x")
    desk.key(Qt.Key.Key_Space, desk.line("drugs", 0).findChild(QPushButton, "line_add"))
    assert desk.line("name", 1) is not None
    assert desk.view.focusWidget() is desk.line("name", 1).field
    desk.write("y")
    remove = desk.line("drugs", 0).findChild(QPushButton, "line_remove")
    remove.setFocus()
    desk.key(Qt.Key.Key_Space)
    assert desk.line("name", 1) is None
    assert desk.model.filling.session.answers("name", (0,)) == ("y",)


def test_what_the_record_knows_is_there_with_source_and_day_until_confirmed(
    desk_for, wei, open_desk, tmp_path
):
    factor = [{"system": "urn:aftercheck:factor", "code": "height"}]
    folder = write_form(
        tmp_path / "forms", question("h", "decimal", code=factor), question("z", "boolean", required=True)
    )
    measure(open_desk, wei)
    desk = desk_for("patient", wei, folder=folder)
    desk.open("house")
    assert str(desk.model.filling.session.answers("h")[0]) == "172"
    assert "检查结果" in desk.text("h", "origin")
    assert "2026-11-23" in desk.text("h", "origin")
    assert not desk.model.filling.session.provenance("h").confirmed
    desk.line("h").field.setFocus()
    desk.key(Qt.Key.Key_Tab)
    assert desk.model.filling.session.provenance("h").confirmed
    assert "已确认" in desk.text("h", "origin")
    desk.line("h").field.setFocus()
    desk.line("h").field.selectAll()
    desk.write("170")
    desk.key(Qt.Key.Key_Return)
    assert desk.text("h", "origin") == "", "what a person wrote comes from no record"


def test_leaving_the_page_confirms_what_stands_there_and_the_response_says_so(
    desk_for, wei, open_desk, tmp_path
):
    factor = [{"system": "urn:aftercheck:factor", "code": "height"}]
    folder = write_form(
        tmp_path / "forms", question("h", "decimal", code=factor), question("z", "boolean", required=True)
    )
    measure(open_desk, wei)
    desk = desk_for("patient", wei, folder=folder)
    desk.open("house")
    assert desk.here() == "z"
    desk.key(Qt.Key.Key_1)
    desk.key(Qt.Key.Key_F9)
    assert desk.model.stage == RESULT, desk.said
    [response] = rows(open_desk, QuestionnaireResponse)
    kept = FormSession.restore(load_form(folder / "house.json"), response.answers)
    known = kept.provenance("h")
    assert (known.source, known.at, known.confirmed) == ("检查结果", "2026-11-23", True)


def test_values_of_the_record_are_kept_from_who_may_not_see_them(desk_for, wei, open_desk, tmp_path):
    factor = [{"system": "urn:aftercheck:factor", "code": "height"}]
    folder = write_form(tmp_path / "forms", question("h", "decimal", code=factor))
    measure(open_desk, wei)
    desk = desk_for("patient", wei, role="health_manager", folder=folder)
    desk.open("house")
    assert desk.model.filling.session.answers("h") == ()


def measure(open_desk, patient_id):
    from domain.checkup.records import Observation, ResultSource
    from domain.kernel.commands import ask, command, commands, handles

    if "test.seed_height" not in commands():

        @command("test.seed_height", "量身高", permission="test.seed", place="internal")
        class SeedHeight:
            """A height as the front desk measures it."""

            patient_id: object = ask("客户")

        SeedHeight.__annotations__["patient_id"] = type(patient_id)

        @handles(SeedHeight)
        def _seed(order, work):
            work.add(
                Observation(
                    org_id=seeding.BRANCH, patient_id=order.patient_id, item="height", label="身高", value_number=172,
                    value_text="172 cm", ucum="cm", effective_at=work.now, source=ResultSource.INTERFACE,
                )
            )  # fmt: skip

    entry = commands()["test.seed_height"]
    open_desk.dispatcher.run(entry.input(patient_id=patient_id), seeding.system())


def issue(open_desk, patient_id, clock, version="1.0.0"):
    order = IssueForm(
        patient_id=patient_id, form="gad7", form_version=version, due_at=clock() + timedelta(days=3)
    )
    return open_desk.dispatcher.run(order, seeding.system()).receipt


def test_one_that_was_given_out_opens_from_its_list_and_is_over_when_handed_in(
    qtbot, desk_for, context_for, wei, open_desk, clock
):
    task_id = issue(open_desk, wei, clock)
    context, pages = context_for("nurse")
    listed = Worklist(context, "form.tasks")
    listed.on_open()
    qtbot.waitUntil(lambda: not context.jobs.busy and listed.table.rowCount() == 1, timeout=PATIENCE_MS)
    listed.select(0)
    listed.open_selected()
    listed.close()
    assert pages == [(f"form:form_task:{task_id}", {})]
    desk = desk_for("form_task", task_id)
    assert desk.model.stage == FILLING
    assert rows(open_desk, FormTask)[0].begun_at is not None
    answer_all(desk, Qt.Key.Key_1)
    desk.key(Qt.Key.Key_F9)
    assert desk.model.stage == RESULT, desk.said
    assert rows(open_desk, FormTask)[0].state == "handed_in"


def test_one_of_another_version_is_refused_before_anything_is_typed(desk_for, wei, open_desk, clock):
    desk = desk_for("form_task", issue(open_desk, wei, clock, version="0.9.0"))
    assert desk.model.stage == CHOOSING
    assert any("0.9.0" in one for one in desk.said)


def test_the_record_of_a_client_leads_to_the_forms_with_the_permission(qtbot, context_for, wei):
    for role, may in (("nurse", True), ("administrator", False)):
        context, pages = context_for(role)
        if role == "administrator":
            with pytest.raises(DomainError, match=r"permission\.denied"):
                build_page(f"form:patient:{wei}", context)
            continue
        assert isinstance(build_page(f"form:patient:{wei}", context), View)
        record = Record(context, "patient", wei)
        assert record.action_set.trigger("fill_form") is may
        record.close()
        assert pages == [(f"form:patient:{wei}", {})]


def test_in_the_whole_program_f9_on_a_client_opens_the_forms(qtbot, workstation, sign_in, wei):
    shell = sign_in("nurse")
    shell.open_page(f"record:patient:{wei}", {})
    qtbot.waitUntil(lambda: not workstation.jobs.busy, timeout=PATIENCE_MS)
    qtbot.keyClick(shell.page, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: shell.current == f"form:patient:{wei}", timeout=PATIENCE_MS)
    listed = shell.page.findChild(QListWidget, "form_choices")
    qtbot.waitUntil(lambda: listed.count() > 0 and not workstation.jobs.busy, timeout=PATIENCE_MS)
    qtbot.keyClick(listed, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: shell.page.model.stage == FILLING, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not workstation.jobs.busy, timeout=PATIENCE_MS)
