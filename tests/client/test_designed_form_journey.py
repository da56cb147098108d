"""A questionnaire from its first question at the head office to its score at the centre, a new version and its end.

Real stores and the real exchange between them; the pages are those people use. A branch fills in without a line.
"""

import uuid
from datetime import date

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

import resources
from client.desk import build_desk
from client.formatting import Formatter
from client.home import Home
from client.live import Live
from client.pages.designer.publishing.view import PublishDialog
from client.preferences import Preferences
from client.station import Context
from domain.designs.commands import NewDesignVersion
from domain.designs.publishing import RetireDesign
from domain.kernel.worklists import Pages, worklists
from domain.people.organizations import subtree
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from forms.shelf import listed
from sync.schema import prepare_store
from sync.stores import open_embedded_store
from tests.client.conftest import KEY, SETTINGS
from tests.client.designing import Designing
from tests.client.test_form_page import Desk
from tests.sync.world import HEAD, NORTH, SOUTH, World

CONTROL = Qt.KeyboardModifier.ControlModifier
FORMS = resources.folder("forms")


@pytest.fixture
def world(tmp_path, empty_store):
    store = open_embedded_store(tmp_path / "empty.db")
    prepare_store(store)
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    made = World(tmp_path, empty_store, tmp_path / "empty.db")
    yield made
    made.close()


@pytest.fixture(autouse=True)
def draft_key(tmp_path, monkeypatch):
    path = tmp_path / "key"
    path.write_text(KEY.hex())
    path.chmod(0o600)
    monkeypatch.setenv("AFTERCHECK_KEY_FILE", str(path))


class Station:
    """A workstation: the branch that exchanges, and the desk that people sit at, on one store."""

    def __init__(self, world, org_id, name, jobs, qtbot):
        self.qtbot, self.jobs, self.org_id = qtbot, jobs, org_id
        self.branch = world.add_branch(org_id)
        home = Home(world.folder / name)
        home.folder.mkdir()
        home.store.symlink_to(self.branch.path)
        self.desk = build_desk(home, SETTINGS, key=KEY, clock=world.clock, parts=())
        self.live = Live(self.desk.store, jobs)
        self.preferences = Preferences(home.preferences)
        self.open = []

    def context(self, role):
        with self.desk.store.read() as connection:
            below = subtree(connection, self.org_id)
        actor = self.desk.authority.actor(
            staff_id=uuid.uuid5(self.org_id, role), name="赵管理", role=role, org_id=self.org_id,
            device_id=self.branch.device_id, subtree=below,
        )  # fmt: skip
        pages = []
        opener = lambda page, **arguments: pages.append(page)  # noqa: E731
        return Context(
            self.desk, actor, self.jobs, self.live, Formatter(self.desk.texts), self.preferences, opener
        ), pages

    def design(self, design_id=None):
        page = Designing(self.qtbot, *self.context("administrator"), design_id)
        self.open.append(page)
        return page

    def fill_in(self, patient):
        page = Desk(self.qtbot, self.context("nurse")[0], "patient", patient)
        self.open.append(page)
        return page

    def patient(self, name):
        order = RegisterPatient(name=name, sex=Sex.FEMALE, birth_date=date(1960, 5, 1))
        return self.desk.dispatcher.run(order, self.context("nurse")[0].actor).receipt.patient_id

    def own_forms(self):
        with self.desk.store.read() as connection:
            return {
                one.form: one.version
                for one in listed(connection, FORMS, {self.org_id}).values()
                if one.version
            }

    def leave(self, page):
        page.close()
        self.open.remove(page)

    def close(self):
        for page in list(self.open):
            self.leave(page)
        self.live.stop()
        self.desk.close()


@pytest.fixture
def stations(world, jobs, qtbot):
    made = {
        name: Station(world, org, name, jobs, qtbot)
        for name, org in (("office", HEAD), ("north", NORTH), ("south", SOUTH))
    }
    world.settle()
    yield made
    for station in made.values():
        station.close()


def ask(page, text, *options):
    """Add a question with its options and what they count, by keys."""
    page.key(Qt.Key.Key_N, CONTROL)
    page.write("field_text", text)
    for at, (words, points) in enumerate(options):
        if page.field(f"option_text_{at}") is None:
            page.field("options_add").click()
        page.write(f"option_text_{at}", words)
        page.write(f"option_score_{at}", points)
    if not page.field("flag_required").isChecked():
        page.field("flag_required").click()
    page.settle()


def publish(page, place, note):
    page.key(Qt.Key.Key_F4)
    dialog = page.view.findChild(PublishDialog)
    assert dialog is not None, page.model.mistakes
    for n in range(dialog.places.count()):
        if dialog.places.item(n).text().strip() == place:
            dialog.places.item(n).setCheckState(Qt.CheckState.Checked)
    dialog.note.setPlainText(note)
    dialog.findChild(QPushButton, "publish_go").click()
    page.settle()


def build(page):
    """Two questions, the second only after a yes; a score over both."""
    ask(page, "dizzy", ("no", "0"), ("yes", "2"))
    ask(page, "fell", ("no", "0"), ("yes", "3"))
    page.field("conditions_add").click()
    value = page.field("condition_value_0")
    value.setCurrentIndex(value.findData("a2"))
    value.activated.emit(value.currentIndex())
    page.settle()
    page.field("score_add").click()
    page.settle()
    items = page.view.scoring.items
    for row, link in ((0, "q1"), (2, "q2")):
        assert items.item(row).data(Qt.ItemDataRole.UserRole)[0] == link
        items.item(row).setCheckState(Qt.CheckState.Checked)
        page.settle()
    page.view.scoring.bands.add_line()
    page.write("band_text_0", "fine")


def form_of(world):
    return world.centre.rows("form_design")[0].form


def results(place):
    return sorted((row.scale_version, row.total, row.meaning) for row in place.rows("scale_result"))


def test_from_the_first_question_to_the_score_at_the_centre(world, stations):
    office, north, south = (stations[name] for name in ("office", "north", "south"))
    page = office.design()
    build(page)
    page.model.call("头晕随访卷")
    page.settle()
    assert page.model.mistakes == []
    publish(page, "N", "first")
    office.leave(page)
    world.settle()
    form = form_of(world)
    assert (north.own_forms(), south.own_forms()) == ({form: "1.0.0"}, {})
    assert south.branch.rows("published_form") == []

    # The branch fills in; nothing is exchanged meanwhile.
    first, second, third = (north.patient(name) for name in ("甲", "乙", "丙"))
    sheet = north.fill_in(first)
    assert [one.title for one in sheet.choices() if one.form == form] == ["头晕随访卷"]
    assert sheet.model.context.formatter.name(form, "words:form") == "头晕随访卷", "lists say it too"
    sheet.open(form)
    assert sheet.model.filling.session.form.version == "1.0.0"
    sheet.key(Qt.Key.Key_2)
    sheet.key(Qt.Key.Key_2)
    sheet.key(Qt.Key.Key_F9)
    assert any("待医师核定" in line for line in sheet.told()), sheet.said
    north.leave(sheet)
    for patient in (second, third):
        sheet = north.fill_in(patient)
        sheet.open(form)
        sheet.key(Qt.Key.Key_2)
        north.leave(sheet)
    assert world.centre.rows("scale_result") == []
    world.settle()
    assert results(world.centre) == [("1.0.0", 5.0, "fine")]
    [response] = world.centre.rows("questionnaire_response")
    assert response.published_id == world.centre.rows("published_form")[0].id

    # A new version: what was begun moves into it and says what is new.
    admin = office.context("administrator")[0].actor
    design = world.centre.rows("form_design")[0].id
    draft = office.desk.dispatcher.run(NewDesignVersion(design_id=design), admin).receipt
    page = office.design(draft)
    page.model.choose((1,))
    ask(page, "slept", ("no", "0"), ("yes", "1"))
    publish(page, "N", "second")
    office.leave(page)
    world.settle()
    assert north.own_forms() == {form: "1.1.0"}
    sheet = north.fill_in(second)
    sheet.open(form)
    moved = sheet.model.recovered.moved
    assert (len(moved.kept), [words for _, words in moved.new_required]) == (1, ["slept"])
    for _ in range(2):
        sheet.key(Qt.Key.Key_1)
    sheet.key(Qt.Key.Key_F9)
    assert sheet.told(), sheet.said
    north.leave(sheet)

    # Its end: the branch does not know yet and hands in, then learns of it; what was begun can still be handed in.
    office.desk.dispatcher.run(RetireDesign(design_id=draft, reason="换新"), admin)
    office.desk.dispatcher.run(RetireDesign(design_id=design, reason="换新"), admin)
    world.settle()
    assert north.own_forms() == {}
    sheet = north.fill_in(third)
    choice = next(one for one in sheet.choices() if one.form == form)
    assert choice.why == "begun"
    sheet.open(form)
    assert any("已停用" in sentence for sentence in sheet.said)
    sheet.key(Qt.Key.Key_1)
    sheet.key(Qt.Key.Key_F9)
    assert any("版本已停用" in line for line in sheet.told()), sheet.said
    north.leave(sheet)
    world.settle()
    assert results(world.centre) == [("1.0.0", 2.0, "fine"), ("1.0.0", 5.0, "fine"), ("1.1.0", 2.0, "fine")]
    listing = worklists()["form.responses"]
    rows = Pages(world.centre.store).page(listing, world.centre.actor).rows
    at = [column.name for column in listing.columns].index("retired_at")
    assert [row.values[at] is not None for row in rows] == [True, True, True]
    assert world.differing(north.branch) == []
