"""The designer by keys: built, checked, tried, kept, recovered, published; and the ways to begin."""

import os

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QLabel, QPushButton
from sqlalchemy import select

from client.pages.design_start.view import View as StartView
from client.pages.design_start.viewmodel import WAYS
from client.pages.design_start.viewmodel import ViewModel as StartModel
from client.pages.designer.publishing.view import PublishDialog
from client.views.pages import build_page
from domain.designs.records import FormDesign, PublishedForm
from domain.kernel.errors import DomainError
from tests.client import seeding
from tests.client.designing import PATIENCE_MS, Designing
from tests.designs.making import DIZZY, SCORING, choice, questionnaire


@pytest.fixture(autouse=True)
def draft_key(tmp_path, monkeypatch):
    """The key that unsaved changes are sealed with lies in a file, as on a machine without a keyring."""
    path = tmp_path / "key"
    path.write_text(bytes(range(32)).hex())
    path.chmod(0o600)
    monkeypatch.setenv("AFTERCHECK_KEY_FILE", str(path))


@pytest.fixture
def designing(qtbot, context_for):
    made = []

    def make(design_id=None, **more):
        context, pages = context_for("administrator")
        page = Designing(qtbot, context, pages, design_id, **more)
        made.append(page)
        return page

    yield make
    for page in made:
        page.close()


def test_a_question_with_condition_and_score_is_built_by_keys_and_tried(designing):
    page = designing()
    page.key(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert page.links() == ["q1"]
    page.write("field_text", "dizzy?")
    for at, (words, points) in enumerate((("no", "0"), ("yes", "2"))):
        page.write(f"option_text_{at}", words)
        page.write(f"option_score_{at}", points)
    page.key(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    page.write("field_text", "fell?")
    page.write("option_text_0", "never")
    page.write("option_text_1", "once")
    page.field("conditions_add").click()
    page.settle()
    item = page.model.sketch.item
    assert item["enableWhen"] == [
        {"question": "q1", "operator": "=", "answerCoding": {"system": "urn:aftercheck:own", "code": "a1"}}
    ]
    assert page.model.mistakes == [], page.model.mistakes
    trial = page.model.trial
    assert [line.text for line in trial.lines()] == ["dizzy?"]
    trial.pick(trial.lines()[0].place, 1)
    assert [line.text for line in trial.lines()] == ["dizzy?", "fell?"]
    shot(page, "designer")


def test_a_question_is_made_to_stand_for_a_factor_that_is_found_by_a_part_of_its_name(designing):
    page = designing()
    page.qtbot.waitUntil(lambda: bool(page.model.factors))
    page.key(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    page.write("field_text", "smoke?")
    editor = page.field("field_factor")
    editor.setFocus()
    editor.lineEdit().selectAll()
    page.qtbot.keyClicks(editor.lineEdit(), "smoking")
    popup = editor.completer().popup()
    page.qtbot.waitUntil(lambda: popup.isVisible() and popup.model().rowCount() == 1)
    page.qtbot.keyClick(popup, Qt.Key.Key_Down)
    page.qtbot.keyClick(popup, Qt.Key.Key_Return)
    page.settle()
    item = page.model.sketch.item
    assert item["code"][0]["code"] == "smoking"
    assert item["text"] == "smoke?"
    assert [one["valueCoding"]["code"] for one in item["answerOption"]] == ["never", "former", "current"]
    assert page.model.mistakes == [], page.model.mistakes
    shot(page, "designer_factor")
    page.field("field_type").setCurrentIndex(page.field("field_type").findData("string"))
    page.field("field_type").activated.emit(0)
    page.settle()
    assert any("“选择”" in one.text and one.field == "type" for one in page.model.mistakes)
    editor.setFocus()
    editor.setCurrentIndex(0)
    editor.activated.emit(0)
    page.settle()
    assert "code" not in page.model.sketch.item
    assert page.model.mistakes == []


def shot(page, name):
    if os.environ.get("SHOTS"):
        for size in ((1366, 768), (1920, 1080)):
            page.view.resize(*size)
            page.settle()
            page.view.grab().save(f"{os.environ['SHOTS']}/{name}-{size[0]}.png")


def rows(desk, kind):
    with desk.store.read() as connection:
        return connection.execute(select(kind.__table__)).all()


def test_items_are_moved_copied_and_taken_back_by_keys(designing):
    group = {"linkId": "g", "type": "group", "text": "组", "item": [choice("a", "甲", 0, 1)]}
    page = designing(questionnaire=questionnaire(group, choice("b", "乙", 0, 1)))
    outline, alt = page.view.outline, Qt.KeyboardModifier.AltModifier
    outline.setFocus()
    page.model.choose((1,))
    page.key(Qt.Key.Key_Right, alt)
    assert page.model.sketch.state.path == (0, 1)
    page.key(Qt.Key.Key_Up, alt)
    assert page.links() == ["g", "b", "a"]
    page.key(Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert page.links() == ["g", "b", "q1", "a"]
    page.key(Qt.Key.Key_Delete)
    page.key(Qt.Key.Key_Delete)
    assert page.links() == ["g", "b"]
    for _ in range(5):
        page.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert page.links() == ["g", "a", "b"]
    page.key(Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert page.model.sketch.state.path == (0, 1)
    page.key(Qt.Key.Key_F6)
    assert page.view.panel.isAncestorOf(page.view.focusWidget())


def test_a_mistake_is_marked_and_enter_goes_to_its_field(designing):
    page = designing(questionnaire=questionnaire(choice("a", "甲", 0, 1), choice("b", "", 0, 1)))
    wrong = page.field("designer_mistakes")
    assert "题目文字" in wrong.item(0).text()
    assert page.view.tabs.tabText(2) == "问题（1）"
    assert "⚠" in page.view.outline.model().index(1).data()
    page.view.tabs.setCurrentIndex(2)
    wrong.setFocus()
    page.key(Qt.Key.Key_Return, widget=wrong)
    assert page.model.sketch.state.path == (1,)
    assert page.view.focusWidget().objectName() == "field_text"
    page.write("field_text", "now")
    assert page.model.mistakes == []


def test_an_expression_is_checked_letter_by_letter(designing):
    page = designing(questionnaire=questionnaire({"linkId": "a", "type": "integer", "text": "甲"}))
    field, note = page.field("field_calculated_expression"), page.field("note_calculated_expression")
    field.setFocus()
    page.qtbot.keyClicks(field, "1 + ")
    assert "没有写完" in note.text()
    page.qtbot.keyClicks(field, "1")
    assert note.property("role") == "muted"
    assert "calculated" not in str(page.model.sketch.item), "a step is made when the field is left"
    page.view.outline.setFocus()
    page.settle()
    assert page.model.trial.lines()[0].answer == "2"


def test_a_change_is_on_the_disk_before_it_is_called_kept_and_outlives_a_crash(designing, open_desk):
    page = designing()
    assert page.field("designer_kept").text() == "已全部存入系统"
    page.key(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    page.write("field_text", "alive")
    assert "已写入本机磁盘" in page.field("designer_kept").text()
    [kept] = (open_desk.home.folder / "designs").glob("*.draft")
    assert b"alive" not in kept.read_bytes()
    assert rows(open_desk, FormDesign)[0].questionnaire["item"] == []
    again = designing(page.id)
    assert again.model.sketch.state.resource["item"][0]["text"] == "alive"
    assert any("已恢复" in one for one in again.said)
    again.key(Qt.Key.Key_F9)
    assert rows(open_desk, FormDesign)[0].questionnaire["item"][0]["text"] == "alive"
    assert not kept.exists()
    page.model.is_saved = True  # the first page is the one that crashed


def test_it_is_published_to_chosen_places_and_locked(designing, open_desk):
    page = designing(questionnaire=DIZZY, scoring=SCORING)
    page.key(Qt.Key.Key_F4)
    dialog = page.view.findChild(PublishDialog)
    dialog.findChild(QPushButton, "publish_go").click()
    assert rows(open_desk, PublishedForm) == []
    assert dialog.findChild(QLabel, "note_note").text() == "请填写。"
    entry = next(
        dialog.places.item(n) for n in range(dialog.places.count()) if "城西" in dialog.places.item(n).text()
    )
    entry.setCheckState(Qt.CheckState.Checked)
    dialog.note.setPlainText("试用")
    dialog.findChild(QPushButton, "publish_go").click()
    page.settle()
    [published] = rows(open_desk, PublishedForm)
    assert (published.org_id, published.version, published.note) == (seeding.BRANCH, "1.0.0", "试用")
    assert any("已发布到 1 个机构" in one for one in page.said)
    assert not page.model.is_open
    page.key(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert page.links() == ["dizzy", "fall", "sleep"]


def test_with_mistakes_it_is_not_published_and_the_list_is_shown(designing):
    page = designing()
    page.key(Qt.Key.Key_F4)
    assert page.view.findChild(PublishDialog) is None
    assert page.view.tabs.currentIndex() == 2
    assert any("改正后才能发布" in one for one in page.said)


def test_scores_are_ticked_and_told_of_test_answers(designing):
    page = designing(questionnaire=DIZZY)
    page.field("score_add").click()
    page.settle()
    items = page.view.scoring.items
    items.item(0).setCheckState(Qt.CheckState.Checked)
    page.settle()
    page.view.scoring.bands.add_line()
    page.write("band_text_0", "fine")
    assert page.model.sketch.state.scoring["scores"][0]["of"] == ["dizzy"]
    assert page.model.mistakes == []
    page.model.trial.pick(page.model.trial.lines()[0].place, 2)
    told = page.field("preview_results").text()
    assert "总分 1" in told
    assert "fine" in told
    assert "待医师核定" in told


class Starting:
    """The page that begins a questionnaire."""

    def __init__(self, qtbot, context, pages):
        self.qtbot, self.context, self.pages, self.said = qtbot, context, pages, []
        self.model = StartModel(context)
        self.model.message.connect(lambda sentence, tone: self.said.append(sentence))
        self.view = StartView(self.model)
        self.view.show()
        self.model.on_open()
        self.settle()

    def settle(self):
        for _ in range(2):
            self.qtbot.waitUntil(lambda: not self.context.jobs.busy, timeout=PATIENCE_MS)
            QCoreApplication.processEvents()

    def go(self, way, title):
        self.view.tabs.setCurrentIndex(WAYS.index(way))
        self.view.titles[way].setText(title)
        self.model.action_set.trigger("go")
        self.settle()


@pytest.fixture
def starting(qtbot, context_for):
    context, pages = context_for("administrator")
    page = Starting(qtbot, context, pages)
    yield page
    page.model.close()
    page.view.close()
    page.view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_a_questionnaire_is_begun_empty_or_from_one_that_ships(starting, open_desk):
    starting.go("blank", "")
    assert starting.said == ["请填写问卷名称。"]
    starting.go("blank", "空白")
    starting.view.source.setCurrentItem(
        starting.view.source.findItems("情绪自评", Qt.MatchFlag.MatchContains)[0]
    )
    starting.go("copy", "本院情绪问卷")
    blank, copy = sorted(rows(open_desk, FormDesign), key=lambda row: row.title == "本院情绪问卷")
    assert (blank.origin, blank.questionnaire["item"]) == ("blank", [])
    assert (copy.origin, copy.based_on) == ("copy", "phq9|1.0.0")
    assert copy.form.startswith("own_")
    assert [page for page, _ in starting.pages] == [
        f"designer:form_design:{blank.id}", f"designer:form_design:{copy.id}",
    ]  # fmt: skip


def test_instruments_are_joined_in_the_order_that_was_chosen(starting, open_desk):
    view = starting.view
    view.tabs.setCurrentIndex(WAYS.index("composite"))
    starting.go("composite", "一份不够")
    assert starting.said == ["请至少选入两份量表。"]
    for name in ("心血管病风险问卷", "慢性病风险问卷"):
        view.instruments.setCurrentItem(view.instruments.findItems(name, Qt.MatchFlag.MatchContains)[0])
        view.findChild(QPushButton, "composite_take").click()
    view.findChild(QPushButton, "composite_up").click()
    starting.settle()
    assert "只问一次" in view.composed.text()
    starting.go("composite", "综合问卷")
    [design] = rows(open_desk, FormDesign)
    assert [part["form"] for part in design.parts["forms"]] == ["cdc_chronic", "ascvd"]


def test_a_file_is_shown_with_its_mistakes_by_row_before_it_becomes_a_draft(starting, open_desk, tmp_path):
    view, table = starting.view, tmp_path / "text.csv"
    view.tabs.setCurrentIndex(WAYS.index("import"))
    assert "301 医院" in view.findChild(QLabel, "import_note").text()
    table.write_text("编号,题目,类型,选项\nq1,吸烟吗,单选,是|否\nq1,,未知,\n", "utf-8")
    for field, words in (
        (view.path, str(table)),
        (view.holder, "某医院"),
        (view.number, "X-1"),
        (view.mark, "2026"),
    ):
        field.setText(words)
    starting.model.action_set.trigger("look")
    starting.settle()
    told = [view.told.item(n).text() for n in range(view.told.count())]
    assert any("第 3 行" in line for line in told)
    starting.go("import", "授权问卷")
    assert rows(open_desk, FormDesign) == []
    table.write_text("编号,题目,类型,选项\nq1,吸烟吗,单选,是|否\n", "utf-8")
    starting.model.action_set.trigger("look")
    starting.settle()
    starting.go("import", "授权问卷")
    [design] = rows(open_desk, FormDesign)
    assert (design.origin, design.title) == ("import", "授权问卷")
    assert "X-1" in design.questionnaire["copyright"]


def test_licensed_words_go_over_the_form_that_ships(starting, open_desk, tmp_path):
    view, table = starting.view, tmp_path / "text.csv"
    table.write_text("编号,题目\ninterest,授权的第一题\n", "utf-8")
    view.tabs.setCurrentIndex(WAYS.index("import"))
    view.over.setCurrentIndex(view.over.findData("phq9"))
    for field, words in (
        (view.path, str(table)),
        (view.holder, "某医院"),
        (view.number, "X-1"),
        (view.mark, "2026"),
    ):
        field.setText(words)
    starting.model.action_set.trigger("look")
    starting.settle()
    assert any("保留本产品自拟文字" in view.told.item(n).text() for n in range(view.told.count()))
    starting.go("import", "情绪自评（授权）")
    [design] = rows(open_desk, FormDesign)
    assert (design.form, design.origin, design.version) == ("phq9", "overlay", "1.0.0+2026")


def test_who_may_not_make_forms_opens_neither_page(context_for):
    context, _ = context_for("nurse")
    with pytest.raises(DomainError, match=r"permission\.denied"):
        StartModel(context)
    with pytest.raises(DomainError, match=r"permission\.denied"):
        build_page("designer:form_design:00000000-0000-0000-0000-000000000001", context)


def test_a_word_deleted_in_a_field_takes_no_question_away(designing):
    page = designing(questionnaire=questionnaire(choice("a", "甲", 0, 1), choice("b", "乙", 0, 1)))
    for name, words in (
        ("option_text_0", lambda field: field.text()),
        ("field_text", lambda field: field.toPlainText()),
    ):
        field = page.field(name)
        field.setFocus()
        field.moveCursor(QTextCursor.MoveOperation.Start) if name == "field_text" else field.home(False)
        assert words(field)
        page.key(Qt.Key.Key_Delete, Qt.KeyboardModifier.ControlModifier, field)
        assert words(field) == ""
    assert page.links() == ["a", "b"]
    page.view.outline.setFocus()
    page.key(Qt.Key.Key_Delete, Qt.KeyboardModifier.ControlModifier, page.view.outline)
    assert page.links() == ["b"]
