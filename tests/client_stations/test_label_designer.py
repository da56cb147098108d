"""The designer of labels by keys: moved by tenths, checked, kept, versioned, published, chosen, handed on."""

import json
from io import BytesIO

import pytest
import zxingcpp
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from sqlalchemy import select

from client.label_jobs import LabelJobs
from client.pages.label_designer.draft import NEW, Draft, kept, shown
from client.pages.label_designer.reading import from_file, shipped, to_file
from client.pages.label_designer.rendering import preview_of
from client.pages.label_designer.view import View
from client.pages.label_designer.viewmodel import ViewModel
from client.station import PageModel
from devices.labels.designing import read_design, refuse_mistakes, sample_label
from devices.labels.layout import lay_out
from devices.labels.raster import draw
from domain.biobank.records import LabelPrint
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork
from domain.labels.design_commands import CHECKER, ChooseLabel, PublishLabelDesign
from domain.labels.records import LabelChoice, LabelDesign, LabelInUse
from domain.people.records import Organization
from tests.client_stations.test_label_queue_page import orders_of, six_tubes
from tests.conftest import BRANCH
from tests.devices_labels.label_cases import codes_in


@pytest.fixture
def context(context_for, station_desk):
    station_desk.dispatcher.content[CHECKER] = refuse_mistakes
    made = context_for("administrator")
    with station_desk.store.write() as connection:
        work = UnitOfWork(
            connection, made.actor, now=station_desk.clock(), new_id=station_desk.dispatcher.ids
        )
        work.add(Organization(id=BRANCH, org_id=BRANCH, code="B01", name="城东分院"))
        work.commit_entry("test.organization", txn_id=station_desk.dispatcher.ids())
        work.close()
    return made


@pytest.fixture
def page(qtbot, context):
    model = ViewModel(context)
    view = View(model)
    qtbot.addWidget(view)
    view.resize(1146, 700)
    view.show()
    model.on_open()
    qtbot.waitUntil(lambda: model.preview is not None)
    yield view
    model.close()


@pytest.fixture
def drawn(page, qtbot):
    """A draft made from the tube label that ships."""
    model = page.model
    model.open(next(e for e in model.entries if e.code == "tube_50x30"))
    model.action_set.trigger("new")
    qtbot.waitUntil(lambda: model.editable)
    qtbot.waitUntil(lambda: model.preview is not None and not model._drawing)
    return page


def kept_in(context, record, *columns):
    with context.desk.store.read() as connection:
        return connection.execute(select(*columns or (record.id,)).select_from(record.__table__)).all()


def saved(context, title):
    with context.desk.store.read() as connection:
        return connection.execute(select(LabelDesign.content).where(LabelDesign.title == title)).scalar()


def test_what_ships_is_listed_and_cannot_be_changed(page):
    model = page.model
    assert {e.state for e in model.entries} == {"shipped"}
    before = json.dumps(model.draft.content)
    model.move(3, 0)
    model.remove()
    assert not model.add(1)
    assert json.dumps(model.draft.content) == before
    assert "只读" in page.kept.text()


def test_arrows_move_by_a_tenth_shift_by_ten_and_ctrl_resizes(drawn, qtbot):
    model, canvas = drawn.model, drawn.canvas
    canvas.setFocus()
    model.choose_element(2)
    x, y, width = (model.draft.element[name] for name in ("x", "y", "width"))
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    QTest.keyClick(canvas, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    element = model.draft.element
    assert (element["x"], element["y"], element["width"]) == (
        pytest.approx(x + 0.1), pytest.approx(y + 1), pytest.approx(width - 0.1),
    )  # fmt: skip
    assert drawn.panel.numbers["x"].value() == pytest.approx(element["x"])
    QTest.keyClick(canvas, Qt.Key.Key_PageDown)
    assert model.draft.chosen == 3


def test_nothing_leaves_the_label_at_the_top_or_the_left(drawn):
    drawn.model.choose_element(0)
    for _ in range(40):
        drawn.model.move(-10, -10)
    assert (drawn.model.draft.element["x"], drawn.model.draft.element["y"]) == (0, 0)


def test_a_change_is_on_the_disk_without_a_key_and_a_second_window_is_not_overwritten(drawn, context, qtbot):
    model = drawn.model
    model.choose_element(0)
    model.change(data="{visit_number}")
    assert "自动保存" in drawn.kept.text()
    qtbot.waitUntil(lambda: saved(context, model.title)["elements"][0]["data"] == "{visit_number}")
    qtbot.waitUntil(lambda: not context.jobs.busy)
    told = []
    model.message.connect(lambda text, tone: told.append((tone, text)))
    model._seen = "2020-01-01T00:00:00+00:00"
    model.change(data="{sex}")
    model.action_set.trigger("save")
    qtbot.waitUntil(lambda: bool(told))
    assert told[0][0] == "danger"
    assert saved(context, model.title)["elements"][0]["data"] == "{visit_number}"


@pytest.mark.parametrize("number", range(1, len(NEW) + 1))
def test_each_number_key_adds_its_element_and_one_key_takes_it_away(drawn, qtbot, number):
    model = drawn.model
    before = len(model.draft.elements)
    drawn._asked("add")
    dialog = drawn.findChild(object, "label_add_dialog")
    QTest.keyClick(dialog, Qt.Key(ord("0") + number))
    assert len(model.draft.elements) == before + 1
    assert model.draft.element["type"] == list(NEW)[number - 1]
    QTest.keyClick(drawn.canvas, Qt.Key.Key_Delete)
    assert len(model.draft.elements) == before
    model.action_set.trigger("undo")
    assert len(model.draft.elements) == before + 1


def test_mistakes_are_told_beside_the_picture_and_keep_it_from_being_published(drawn, context, qtbot):
    model = drawn.model
    place = next(n for n, e in enumerate(model.draft.elements) if e["type"] == "code128")
    model.choose_element(place)
    model.change(width=20.0)
    listed = lambda: [drawn.problems.item(n).text() for n in range(drawn.problems.count())]  # noqa: E731
    qtbot.waitUntil(
        lambda: any(f"第 {place + 1} 项" in text and "203 dpi 下放不下" in text for text in listed())
    )
    refusals = []
    model.message.connect(lambda text, tone: refusals.append(text))
    model.field_error.connect(lambda field, text: refusals.append(text))
    model.publish("试用", everywhere=False)
    qtbot.waitUntil(lambda: bool(refusals))
    assert "处错误，不能发布" in refusals[0]
    assert kept_in(context, LabelInUse) == []
    assert model.editable


def test_an_unknown_field_and_an_element_outside_are_told(drawn, qtbot):
    model = drawn.model
    drawn.panel.data.setText("{身高}")
    drawn.panel._text()
    model.change(x=48.0)
    listed = lambda: "".join(drawn.problems.item(n).text() for n in range(drawn.problems.count()))  # noqa: E731
    qtbot.waitUntil(lambda: "没有“身高”这个字段" in listed() and "左右超出可打印范围" in listed())


def test_the_preview_is_the_dots_of_the_printer(drawn):
    content = drawn.model.draft.content
    for dpi in (203, 300):
        preview = preview_of(content, dpi, "tube")
        stock, elements, _ = read_design(content)
        whole = draw(lay_out(sample_label(stock, elements), dpi))
        with Image.open(BytesIO(preview.png)) as picture:
            assert picture.convert("1").tobytes() == whole.tobytes()
            assert codes_in(picture) == ["261100000058"]


def test_a_published_template_is_chosen_and_the_next_label_is_printed_with_it(
    drawn, context, context_for, simulated, hub, qtbot
):
    model = drawn.model
    place = next(n for n, e in enumerate(model.draft.elements) if e["type"] == "code128")
    model.choose_element(place)
    box = model.draft.element
    model.remove()
    model.draft.elements.append(
        {"type": "datamatrix", "x": 20.0, "y": box["y"], "width": 8.0, "height": 8.0, "module": 0.42,
         "data": "{specimen_number}"}
    )  # fmt: skip
    model._done(True)
    model.publish("改用二维码", everywhere=False)
    qtbot.waitUntil(lambda: model.entry.state == "published")
    assert [row.version for row in kept_in(context, LabelInUse, LabelInUse.version)] == [1]
    model.assign(None, None)
    qtbot.waitUntil(lambda: bool(kept_in(context, LabelChoice)))
    nurse = PageModel(context_for("nurse"))
    orders = orders_of(six_tubes(nurse.context))
    jobs = LabelJobs(nurse, hub.printer("tube"))
    jobs.print(orders[:1])
    qtbot.waitUntil(lambda: not jobs.busy)
    (code,) = zxingcpp.read_barcodes(simulated.labels[0].convert("L"))
    assert (code.text, code.format.name) == (orders[0].number, "DataMatrix")
    nurse.close()


def test_the_next_version_leaves_the_one_in_use_alone(drawn, context, qtbot):
    model = drawn.model
    model.publish("第一版", everywhere=True)
    qtbot.waitUntil(lambda: model.entry.state == "published")
    model.move(1, 0)
    assert not model._dirty
    model.action_set.trigger("new")
    qtbot.waitUntil(lambda: model.editable)
    assert model.entry.version == 2
    model.choose_element(0)
    model.change(data="{visit_number}")
    model.publish("第二版", everywhere=True)
    qtbot.waitUntil(lambda: model.entry.state == "published" and model.entry.version == 2)
    rows = kept_in(context, LabelInUse, LabelInUse.version, LabelInUse.content)
    assert sorted({row.version for row in rows}) == [1, 2]
    assert all("{visit_number}" not in str(r.content["elements"][0]) for r in rows if r.version == 1)


def test_a_template_travels_as_a_file_and_a_wrong_file_is_refused(drawn, context, qtbot, tmp_path):
    model = drawn.model
    path = tmp_path / "label.json"
    model.write_file(path)
    qtbot.waitUntil(path.is_file)
    title, purpose, content = from_file(path.read_bytes())
    assert (title, purpose, content) == (model.title, "tube", model.draft.content)
    before = len(kept_in(context, LabelDesign))
    model.read_file(path)
    qtbot.waitUntil(lambda: len(kept_in(context, LabelDesign)) == before + 1)
    told = []
    model.message.connect(lambda text, tone: told.append(text))
    (tmp_path / "other.json").write_text('{"format": "x"}')
    model.read_file(tmp_path / "other.json")
    qtbot.waitUntil(lambda: bool(told))
    assert "other.json 不是标签模板文件" in told[0]
    assert len(kept_in(context, LabelDesign)) == before + 1


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xff\xfe", b"[]", b"{}",
        b'{"format": "aftercheck-label-1", "purpose": "x", "title": "a", "content": {}}',
        b'{"format": "aftercheck-label-1", "purpose": "tube", "title": " ", "content": {}}',
        b'{"format": "aftercheck-label-1", "purpose": "tube", "title": "a", "content": []}',
    ],
)  # fmt: skip
def test_what_is_no_template_file_is_nothing(data):
    assert from_file(data) is None


def test_a_sample_is_printed_and_is_no_specimens_label(drawn, context, simulated, qtbot):
    drawn.model.action_set.trigger("test")
    qtbot.waitUntil(lambda: len(simulated.labels) == 1)
    assert codes_in(simulated.labels[0]) == ["261100000058"]
    assert kept_in(context, LabelPrint) == []


@pytest.mark.parametrize(
    "text",
    [
        "{specimen_number|grouped}",
        "姓名 {patient_name}",
        "{sex} {age}",
        "{reprint_mark}",
        "固定文字",
        "{unknown}",
    ],
)
def test_fields_are_shown_by_their_names_and_kept_by_their_keys(text):
    assert kept(shown(text)) == text
    assert "specimen_number" not in shown(text)


def test_undo_goes_back_step_by_step_and_ends_where_it_began():
    draft = Draft(shipped()[0].content)
    before = json.dumps(draft.content)
    for _ in range(5):
        draft.move(1, 1)
    while draft.undo():
        pass
    assert json.dumps(draft.content) == before
    assert from_file(to_file("a", "tube", draft.content))[2] == draft.content


def test_who_may_not_design_does_not_open_it_and_who_may_not_publish_does_not_publish(
    context_for, context, drawn, as_role
):
    with pytest.raises(DomainError):
        ViewModel(context_for("nurse"))
    technician = as_role("biobank_technician")
    entry = drawn.model.entry
    with pytest.raises(DomainError, match=r"permission\.denied"):
        context.desk.dispatcher.run(
            PublishLabelDesign(design_id=entry.id, everywhere=True, note="x"), technician
        )
    with pytest.raises(DomainError, match=r"label_design\.not_here"):
        context.desk.dispatcher.run(ChooseLabel(purpose="tube", code="own_x"), technician)
