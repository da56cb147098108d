"""The family of a tube: whole, from any of its members, in the reader's scope, and on paper."""

import os
import time
import uuid
from pathlib import Path

import pypdfium2
import pytest
from sqlalchemy import insert

import resources
from domain.biobank.custody_commands import ReturnSpecimen, TakeOutSpecimen, UseSpecimen
from domain.biobank.lineage import family_of
from domain.biobank.records import Specimen
from domain.kernel.errors import DomainError
from domain.kernel.texts import Texts
from forms.printables import printables_for


def family(tubes, number, actor=None):
    with tubes.desk.store.read() as connection:
        return family_of(connection, actor or tubes.technician, number)


def test_from_any_tube_the_whole_family_is_found(tubes):
    first, second = tubes.aliquots(2)
    tubes.aliquots(3)
    of_child, of_sister = family(tubes, first), family(tubes, second)
    assert [m.row.number for m in of_child.members] == [m.row.number for m in of_sister.members]
    assert [m.depth for m in of_child.members] == [0, 1, 1]
    assert {m.row.number for m in of_child.members[1:]} == {first, second}
    root = of_child.members[0].row.number
    assert [e.id for e in family(tubes, root).events] == [e.id for e in of_child.events]
    kinds = [str(event.kind) for event in of_child.events]
    assert kinds[:3] == ["collected", "received", "processed"]
    assert kinds.count("aliquoted") == 3, "both aliquots and their parent"


def test_another_branch_does_not_see_it(tubes, as_role):
    number = tubes.stored()
    with pytest.raises(DomainError, match=r"specimen\.unknown"):
        family(tubes, number, as_role("biobank_technician", uuid.uuid4()))


def test_a_line_of_a_thousand_is_a_few_queries(tubes, clock):
    number = tubes.stored()
    root = tubes.of(number)
    plain = {**root._mapping, "slot": None}
    rows = [plain | {"id": uuid.uuid4(), "number": f"9{i:011d}", "parent_id": root.id} for i in range(1000)]
    with tubes.desk.store.write() as connection:
        connection.execute(insert(Specimen.__table__), rows)
    began = time.perf_counter()
    found = family(tubes, number)
    assert len(found.members) == 1002
    assert time.perf_counter() - began < 5


def test_the_life_line_is_printed_without_a_name(tubes):
    number = tubes.stored()
    tubes.run(TakeOutSpecimen(number=number))
    tubes.run(UseSpecimen(number=number, volume_ul=200, purpose="ELISA"))
    tubes.run(ReturnSpecimen(number=number))
    tubes.desk.content["texts"] = Texts.load(resources.folder("texts/zh"))
    [trace] = printables_for("specimen", tubes.technician)
    pdf = trace.make(tubes.desk, tubes.technician, tubes.of(number).id)
    if folder := os.environ.get("SHOTS"):
        Path(folder, "trace.pdf").write_bytes(pdf)
    pages = pypdfium2.PdfDocument(pdf)
    shown = "".join("".join(page.get_textpage().get_text_range() for page in pages).split())
    pages.close()
    for told in ("SER-SST-A-B-N-B-A", "300/500μL", "ELISA", "-200μL", "取出", "放回", "BOX1A1", "血清分离"):
        assert told in shown, told
    assert "王美娜" not in shown
