"""A batch with its sender's list: mistakes told with their places, tubes ticked as they come, the rest searched."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from domain.biobank.commands import ReceiveSpecimen
from domain.biobank.receiving_records import ReceivingLine, ReceivingList
from domain.kernel.errors import DomainError
from domain.storage.rack_commands import ReceiveRack
from domain.storage.receiving_commands import CloseReceivingList, TakeReceivingList
from domain.storage.receiving_reading import ListLine, read_list
from domain.storage.records import StorageTask
from tests.storage.test_rack_images import numbers

GOOD = numbers(6)


def workbook(*lines, merge=None, head=("序号", "标本条码 *", "标本类型")):
    book = Workbook()
    sheet = book.active
    sheet.append(["协作医院第 3 批"])
    sheet.append(list(head))
    for line in lines:
        sheet.append(list(line))
    if merge:
        sheet.merge_cells(merge)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def rows(tubes, record):
    with tubes.desk.store.read() as connection:
        return connection.execute(record.__table__.select()).all()


def code_of(act):
    with pytest.raises(DomainError) as told:
        act()
    return told.value.code


def taken(tubes, *said, kind="血清"):
    lines = [ListLine(row, one, kind) for row, one in enumerate(said, 2)]
    return tubes.run(TakeReceivingList(name="第 3 批", file_name="a.xlsx", sha256="0" * 64, lines=lines))


def test_every_mistake_is_told_with_its_line_and_stays_on_the_list():
    damaged = GOOD[1][:-1] + str((int(GOOD[1][-1]) + 1) % 10)
    content = workbook(
        (1, GOOD[0], "血清"), (2, GOOD[1], "血清"), (3, "", "血清"), (4, damaged, "血清"), (5, GOOD[0], "血清"),
        (6, "1.01E+11", ""), (7, GOOD[2], ""), (8, None, None), (9, GOOD[3], "尿"), merge="B9:B10",
    )  # fmt: skip
    lines = read_list(content, "清单.XLSX")
    assert [line.row for line in lines] == list(range(3, 12)), "a gap is a line too"
    told = {line.row: "".join(line.remarks) for line in lines if line.remarks}
    assert {row: text.partition("）")[2][:10] or text[:10] for row, text in told.items()}.keys() == {
        3,
        5,
        6,
        7,
        8,
        9,
        10,
    }
    assert "第 7 行编号相同" in told[3]
    assert "第 3 行编号相同" in told[7]
    assert "没有填写" in told[5]
    assert "不是本系统的编号" in told[6]
    assert "科学计数" in told[8]
    assert "合并单元格" in told[9]
    assert "合并单元格" in told[10]
    assert [line.number for line in lines if not line.remarks] == [GOOD[1], GOOD[3]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_any_encoding_and_separator_of_a_spreadsheet_is_read(encoding, mark):
    text = f"标本编号{mark}标本类型\n{GOOD[0][:4]} {GOOD[0][4:]}{mark}血清\n".encode(encoding)
    [line] = read_list(text, "a.csv")
    assert (line.number, line.type, line.remarks) == (GOOD[0], "血清", ())


def test_what_is_no_list_is_refused_with_the_remedy():
    assert code_of(lambda: read_list(b"PK\x03\x04 rubbish", "a.xlsx")) == "receiving.unreadable"
    assert code_of(lambda: read_list(b"\x81\xff\xff", "a.csv")) == "receiving.unreadable"
    assert code_of(lambda: read_list(b"x", "a.pdf")) == "receiving.kind"
    assert code_of(lambda: read_list("姓名,性别\n王,男\n".encode(), "a.csv")) == "receiving.no_columns"
    assert code_of(lambda: read_list("标本编号\n\n".encode(), "a.csv")) == "receiving.empty"
    many = "标本编号\n" + "\n".join(["1"] * 2001)
    assert code_of(lambda: read_list(many.encode(), "a.csv")) == "receiving.too_many"


@given(st.binary(max_size=300))
def test_any_bytes_are_a_list_or_refused(data):
    for name in ("a.csv", "a.xlsx"):
        try:
            lines = read_list(data, name)
        except DomainError:
            continue
        assert lines


def test_a_batch_is_ticked_by_whatever_takes_it_in_and_the_rest_is_searched_for(tubes):
    first, second, third, fourth = (tubes.collected() for _ in range(4))
    listed = taken(tubes, first, second, third)
    assert (listed.expected, listed.doubtful) == (3, 0)
    assert code_of(lambda: taken(tubes, first)) == "receiving.taken"
    tubes.run(ReceiveSpecimen(number=first))
    receipt = tubes.run(ReceiveRack(numbers=[second, fourth], list_id=listed.list_id))
    assert receipt.done == 1
    assert [(one.number, one.code) for one in receipt.refused] == [(fourth, "receiving.not_listed")]
    assert tubes.of(fourth).state == "collected", "what is not on the list is not touched"
    assert {one.number: one.state for one in rows(tubes, ReceivingLine)} == {
        first: "arrived", second: "arrived", third: "waiting",
    }  # fmt: skip
    closed = tubes.run(CloseReceivingList(receiving_list_id=listed.list_id))
    assert (closed.arrived, closed.missing) == (2, 1)
    assert [one.state for one in rows(tubes, ReceivingList)] == ["differs"]
    assert [(one.number, one.cause, one.place) for one in rows(tubes, StorageTask)] == [
        (third, "shipment", listed.number)
    ]
    assert code_of(lambda: tubes.run(CloseReceivingList(receiving_list_id=listed.list_id))) == (
        "receiving_list.wrong_state"
    )


def test_a_tube_of_another_kind_or_a_doubtful_line_is_not_taken_in(tubes):
    first, second = tubes.collected(), tubes.collected()
    listed = taken(tubes, first, kind="尿")
    order = ReceiveSpecimen(number=first, list_id=listed.list_id)
    assert code_of(lambda: tubes.run(order)) == "receiving.type_differs"
    lines = [
        ListLine(2, second, "", ("第 2 行与第 3 行编号相同",)),
        ListLine(3, second, "", ("第 3 行与第 2 行编号相同",)),
    ]
    order = TakeReceivingList(name="第 4 批", file_name="b.xlsx", sha256="1" * 64, lines=lines)
    listed = tubes.run(order)
    order = ReceiveSpecimen(number=second, list_id=listed.list_id)
    assert code_of(lambda: tubes.run(order)) == "receiving.doubtful_line"
    assert {tubes.of(first).state, tubes.of(second).state} == {"collected"}
    closed = tubes.run(CloseReceivingList(receiving_list_id=listed.list_id))
    assert (closed.arrived, closed.missing, closed.doubtful) == (0, 0, 2)
    assert [one.number for one in rows(tubes, StorageTask)] == [second], "one search for one number"


def test_a_refused_tube_ticks_no_line(tubes):
    number = tubes.received()
    listed = taken(tubes, number)
    receipt = tubes.run(ReceiveRack(numbers=[number], list_id=listed.list_id))
    assert [one.code for one in receipt.refused] == ["specimen.wrong_state"]
    assert [one.state for one in rows(tubes, ReceivingLine)] == ["waiting"]
