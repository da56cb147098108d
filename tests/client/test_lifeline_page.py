"""The life line of a tube: the family drawn, walked by keys, checked against its chain, written as vectors."""

import dataclasses
import os
import re
from datetime import UTC, datetime, timedelta

import pypdfium2
import pytest
from openpyxl import load_workbook
from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QLabel
from sqlalchemy import select

from client.appearance import Colours
from client.pages.lifeline.rows import Mark, Ticks, Tube
from client.pages.lifeline.view import View
from client.pages.lifeline.viewmodel import ViewModel
from client.pages.lifeline.widgets import Picture
from domain.biobank.commands import (
    AliquotSpecimen,
    CollectSpecimen,
    CreateContainer,
    PlanSpecimen,
    ProcessSpecimen,
    ReceiveSpecimen,
    StoreSpecimen,
)
from domain.biobank.custody_commands import TakeOutSpecimen, UseSpecimen
from domain.biobank.custody_records import CustodyBreak
from domain.biobank.numbers import grouped
from domain.biobank.records import PrimaryContainer, Specimen, SpecimenEvent, SpecimenType
from domain.kernel.authority import system_actor
from domain.outgoing.records import Outgoing, OutgoingEnd

PATIENCE_MS = 30_000


def look(view, name):
    """Keep a picture of the page for whoever wants to look at it."""
    if folder := os.environ.get("AFTERCHECK_PICTURES"):
        for width, height in ((1366, 768), (1920, 1080)):
            view.resize(width, height)
            QCoreApplication.processEvents()
            view.grab().save(f"{folder}/{name}_{width}.png")


@pytest.fixture
def technician(context_for):
    return context_for("biobank_technician")[0]


@pytest.fixture
def family(open_desk, technician, seeded):
    """One tube and three aliquots, one of them used."""
    actor = system_actor(technician.actor.org_id, technician.actor.device_id, "吴技师")
    run = lambda order: open_desk.dispatcher.run(order, actor).receipt  # noqa: E731
    visit = seeded[0][1].visit_id
    tube = run(
        PlanSpecimen(visit_id=visit, type=SpecimenType.SERUM, container=PrimaryContainer.SERUM_SEPARATOR)
    )
    for order in (CollectSpecimen, ReceiveSpecimen, ProcessSpecimen):
        run(order(number=tube.number))
    parts = run(AliquotSpecimen(number=tube.number, count=3, volume_ul=500))
    run(CreateContainer(code="BOXL", name="一号盒"))
    for place, part in enumerate(parts, 1):
        run(StoreSpecimen(number=part.number, container="BOXL", position=f"A{place}"))
    run(TakeOutSpecimen(number=parts[0].number))
    run(UseSpecimen(number=parts[0].number, volume_ul=100, purpose="代谢组"))
    return tube, parts


@pytest.fixture
def opened(qtbot, technician, open_desk):
    views = []

    def make(number):
        with open_desk.store.read() as connection:
            own = connection.execute(select(Specimen.id).where(Specimen.number == number)).scalar_one()
        view = View(ViewModel(technician, "specimen", own))
        view.resize(1366, 768)
        view.show()
        qtbot.waitExposed(view)
        views.append(view)
        with qtbot.waitSignal(view.model.loaded, timeout=PATIENCE_MS):
            view.model.on_open()
        return view

    yield make
    for view in views:
        qtbot.waitUntil(lambda: not technician.jobs.busy, timeout=PATIENCE_MS)
        view.model.close()
        view.close()
        view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def rows(desk, record):
    with desk.store.read() as connection:
        return connection.execute(select(record.__table__)).all()


def test_a_family_is_drawn_walked_by_keys_and_listed(opened, family, qtbot):
    tube, parts = family
    view = opened(parts[1].number)
    canvas = view.canvas
    assert [one.depth for one in canvas.picture.tubes] == [0, 1, 1, 1]
    assert canvas.picture.tubes[canvas.row].asked
    assert canvas.accessibleName().startswith(grouped(parts[1].number))
    view.focus_first()
    qtbot.keyClick(canvas, Qt.Key.Key_Left)
    assert canvas.accessibleName().startswith(grouped(tube.number))
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.row == 1
    qtbot.keyClick(canvas, Qt.Key.Key_End)
    assert canvas.row == 3
    verdict = view.findChild(QLabel, "lifeline_verdict").text()
    assert verdict.startswith("● 监管链完整：4 管")
    model = view.table.model()
    assert model.rowCount() == len(view.model.line.events) >= 10
    times = [one["moment"] for one in view.model.line.events]
    assert times == sorted(times)
    look(view, "lifeline")


def test_a_break_is_shown_where_it_is_and_becomes_an_alert(opened, family, qtbot, open_desk):
    _, parts = family
    event = SpecimenEvent.__table__
    with open_desk.store.write() as connection:
        connection.execute(event.update().where(event.c.kind == "used").values(consumed_ul=1))
    view = opened(parts[0].number)
    assert view.findChild(QLabel, "lifeline_verdict").text().startswith("▲ 监管链有 1 处断点")
    assert [one["broken"] for one in view.model.line.events if one["broken"]] == ["事件内容与其摘要不符"]
    assert sum(mark.broken for tube in view.canvas.picture.tubes for mark in tube.marks) == 1
    look(view, "lifeline_broken")
    with qtbot.waitSignal(view.model.loaded, timeout=PATIENCE_MS):
        view.model.action_set.trigger("check")
    [kept] = rows(open_desk, CustodyBreak)
    assert (kept.code, kept.state, kept.number) == ("changed", "open", parts[0].number)


def test_the_picture_goes_out_as_vectors_and_on_record(opened, family, open_desk, tmp_path):
    tube, _ = family
    view = opened(tube.number)
    view.write(tmp_path / "line.svg")
    svg = (tmp_path / "line.svg").read_text("utf-8")
    assert grouped(tube.number) in re.sub(r"<[^>]+>", "", svg)
    assert "<image" not in svg, "vectors, no picture of pixels"
    view.write(tmp_path / "line.pdf")
    document = pypdfium2.PdfDocument(tmp_path / "line.pdf")
    text = "".join(page.get_textpage().get_text_range() for page in document)
    assert tube.number[:4] in text
    assert len(rows(open_desk, Outgoing)) == len(rows(open_desk, OutgoingEnd)) == 2


def test_all_of_it_goes_out_as_a_workbook_and_on_record(opened, family, open_desk, tmp_path, qtbot):
    tube, parts = family
    event = SpecimenEvent.__table__
    with open_desk.store.write() as connection:
        connection.execute(event.update().where(event.c.kind == "used").values(consumed_ul=1))
    view = opened(tube.number)
    with qtbot.waitSignal(view.model.message, timeout=PATIENCE_MS):
        view.write(tmp_path / "line.xlsx")
    book = load_workbook(tmp_path / "line.xlsx")
    notes = dict(book["说明"].iter_rows(min_row=2, values_only=True))
    assert notes["标本编号"] == grouped(tube.number)
    assert "未经本机构核定" in notes["保存限值"]
    assert notes["监管链核验"].startswith("1 处断点")
    tubes = list(book["标本"].iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in tubes] == [grouped(one.number) for one in (tube, *parts)]
    assert {row[1] for row in tubes[1:]} == {grouped(tube.number)}
    listed = list(book["事件"].iter_rows(min_row=2, values_only=True))
    assert len(listed) == len(view.model.line.events)
    assert [row[14] for row in listed if row[14]] == ["事件内容与其摘要不符"]
    assert all(len(row[13]) == 64 for row in listed), "each event with its digest"
    assert len(rows(open_desk, Outgoing)) == len(rows(open_desk, OutgoingEnd)) == 1
    with qtbot.waitSignal(view.model.refused, timeout=PATIENCE_MS) as told:
        view.write(tmp_path / "away" / "line.xlsx")
    assert "line.xlsx" in told.args[0] or "away" in told.args[0]


def test_a_pool_is_tied_to_every_source_and_no_date_runs_into_another():
    """The pool stands under its first source; a broken line leads to each of the others, wherever they stand."""
    begin = datetime(2026, 11, 23, 1, tzinfo=UTC)

    def tube(number, depth, parent, minutes, sources=()):
        at = begin + timedelta(minutes=minutes)
        return Tube(number, "血清", depth, parent, False, False, (Mark(at, "pooled", "汇合"),), sources)

    tubes = (tube("1", 0, -1, 0), tube("2", 1, 0, 30, (2, 3)), tube("3", 0, -1, 10), tube("4", 0, -1, 20))
    picture = Picture(tubes, Colours("light"), Ticks())
    item = picture.items_[1]
    assert item.depths == {2: 0, 3: 0}
    assert item.sceneBoundingRect().contains(picture.items_[3].scenePos() + QPointF(300, 17))
    plain = Picture(
        (*tubes[:1], dataclasses.replace(tubes[1], sources=()), *tubes[2:]), Colours("light"), Ticks()
    )
    assert drawn(picture) != drawn(plain)


def drawn(picture):
    image = QImage(picture.sceneRect().size().toSize(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    picture.render(painter)
    painter.end()
    return image
