"""Lists of people: read with every mistake's place, checked line by line, asked about outside, nobody forgotten."""

import io
from datetime import date, timedelta

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import select

import resources
from domain.kernel.errors import DomainError
from domain.kernel.texts import Texts
from domain.people.comparing import Light
from domain.people.light_commands import CheckIdentity
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.people.roster_commands import (
    BeginRoster,
    CheckRosterLines,
    NoteOutsideAnswer,
    RosterLine,
    SettleIdentityDuty,
)
from domain.people.roster_reading import read_roster
from domain.people.roster_records import IdentityBatch, IdentityDuty, IdentityEntry, OutsideAnswer
from forms.printables import documents
from forms.roster_report import roster_pdf, write_roster_xlsx
from server.identity_services.following import ask_all
from server.identity_services.providers import HttpIdentityService
from server.identity_services.simulator import IdentitySimulator

HEADINGS = ["序号", "姓名 *", "性别", "证件号码（18位）", "出生日期", "手机"]
GOOD = ["1", "王丽", "女", "11010119900307002X", "1990-03-07", "13900001111"]
OTHER = ["2", "李强", "男", "110101198001011232", "1980/1/1", ""]


def workbook(*lines, merge=None, title="华东机械体检名单"):
    book = Workbook()
    sheet = book.active
    sheet.append([title])
    sheet.merge_cells("A1:F1")
    sheet.append(HEADINGS)
    for line in lines:
        sheet.append(list(line))
    if merge:
        sheet.merge_cells(merge)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rows(desk, record, **values):
    table = record.__table__
    with desk.store.read() as connection:
        query = select(table).where(*(table.c[k] == v for k, v in values.items()))
        return connection.execute(query.order_by(table.c.id)).all()


@pytest.fixture(scope="module")
def texts():
    return Texts.load(resources.folder("texts") / "zh")


@pytest.fixture
def nurse(as_role):
    return as_role("nurse", name="秦护士")


def checked(desk, nurse, lines, *, outside=False):
    order = BeginRoster(
        name="华东机械", file_name="a.xlsx", sha256="0" * 64, rows=len(lines), outside=outside
    )
    batch = desk.run(order, nurse).receipt
    return batch, desk.run(CheckRosterLines(batch_id=batch, lines=lines), nurse).receipt


def test_a_sheet_is_read_below_its_title_whatever_the_columns_are_called():
    [first, second] = read_roster(workbook(GOOD, OTHER), "名单.xlsx")
    assert (first.row, first.name, first.sex, first.id_number) == (
        3,
        "王丽",
        Sex.FEMALE,
        "11010119900307002X",
    )
    assert (first.birth_date, first.phone, first.remarks) == (date(1990, 3, 7), "13900001111", ())
    assert (second.birth_date, second.phone) == (date(1980, 1, 1), None)


def test_each_mistake_is_told_with_its_line_and_column():
    lines = read_roster(
        workbook(
            GOOD,
            ["2", "", "女", "", "1990-03-07", ""],
            ["3", "张三", "不明", "", "90.3.7", ""],
            ["4", "赵六", "男", "1.1010119800101E+17", "", ""],
            ["5", "孙七", "男", "110101198001011000", "", ""],
            ["6", "王 丽", "女", "11010119900307002x", "", ""],
        ),
        "名单.xlsx",
    )
    told = {line.row: "；".join(line.remarks) for line in lines}
    assert told[4] == "第 4 行“姓名”（B 列）没有填写"
    assert "第 5 行“性别”（C 列）“不明”" in told[5]
    assert "第 5 行“出生日期”（E 列）“90.3.7”不是日期" in told[5]
    assert "第 6 行“证件号码”（D 列）被表格改成了科学计数" in told[6]
    assert "第 7 行“证件号码”（D 列）末三位可能被表格改成了 0" in told[7]
    assert told[8] == "与第 3 行是同一人"
    assert told[3] == "与第 8 行是同一人"
    assert [line.doubled for line in lines] == [True, False, False, False, False, True]


def test_cells_merged_over_several_people_are_told_of():
    [first, second] = read_roster(
        workbook(GOOD, ["2", None, "女", None, "1991-01-01", ""], merge="B3:B4"), "名单.xlsx"
    )
    assert "第 3 行“姓名”（B 列）是合并单元格" in first.remarks[0]
    assert "第 4 行“姓名”（B 列）是合并单元格" in second.remarks[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_is_read_in_the_encodings_that_are_met(encoding):
    text = "姓名,性别,身份证号\r\n王丽,女,11010119900307002X\r\n㐂囡,男,110101198001011230\r\n"
    first, second = read_roster(text.encode(encoding), "名单.CSV")
    assert (first.name, second.name, second.sex) == ("王丽", "㐂囡", Sex.MALE)


@pytest.mark.parametrize(
    ("content", "name", "code", "words"),
    [
        (b"PK\x03\x04broken", "名单.xlsx", "roster.unreadable", "名单.xlsx"),
        (b"\x00\x01\x02\xff\xfe", "名单.csv", "roster.unreadable", "名单.csv"),
        (b"x", "名单.doc", "roster.kind", "名单.doc"),
        ("姓名,部门\n王丽,一部\n".encode(), "a.csv", "roster.no_columns", "姓名、部门"),
        ("部门,身份证号\n一部,1\n".encode(), "a.csv", "roster.no_columns", "部门、身份证号"),
        ("姓名,身份证号\n,\n".encode(), "a.csv", "roster.empty", ""),
        (("姓名,身份证号\n" + "王丽,1\n" * 5001).encode(), "a.csv", "roster.too_many", "5001"),
        (b"x" * 10_000_001, "a.csv", "roster.too_large", "10"),
    ],
)
def test_what_is_no_list_is_refused_with_the_remedy(content, name, code, words, texts):
    with pytest.raises(DomainError) as refused:
        read_roster(content, name)
    assert (refused.value.code, refused.value.field) == (code, "file")
    assert words in texts.explain(refused.value)


def test_each_line_has_its_light_and_who_is_not_green_is_to_be_checked(desk, nurse):
    order = RegisterPatient(name="王丽", sex=Sex.FEMALE, birth_date=date(1990, 3, 7), id_number=GOOD[3])
    known = desk.run(order, nurse).receipt
    lines = [
        RosterLine(3, "王麗", Sex.FEMALE, date(1990, 3, 7), "11010119900307002X"),
        RosterLine(4, "汪莉", Sex.FEMALE, None, "11010119900307002X"),
        RosterLine(5, "陈新", Sex.MALE, date(1980, 1, 1), "110101198001011232"),
        RosterLine(6, "陈错", Sex.MALE, date(1980, 1, 1), "110101198001011230"),
        RosterLine(7, "陈女", Sex.FEMALE, date(1980, 1, 1), "110101198001011232"),
        RosterLine(8, "何无", Sex.MALE, date(1970, 1, 1)),
    ]
    batch, receipt = checked(desk, nurse, lines)
    assert (receipt.checked, receipt.green, receipt.yellow, receipt.red) == (6, 2, 2, 2)
    entries = rows(desk, IdentityEntry)
    assert [(e.row, Light(e.light).value) for e in entries] == [
        (3, "green"), (4, "yellow"), (5, "green"), (6, "red"), (7, "red"), (8, "yellow"),
    ]  # fmt: skip
    assert (entries[0].compared_with, entries[2].compared_with) == (known.patient_id, None)
    assert "own_facts" in entries[2].compared
    [kept] = rows(desk, IdentityBatch)
    assert (kept.id, kept.green, kept.yellow, kept.red, kept.staff_name) == (batch, 2, 2, 2, "秦护士")
    assert sorted(d.said_name for d in rows(desk, IdentityDuty, state="waiting")) == [
        "何无",
        "汪莉",
        "陈女",
        "陈错",
    ]
    with pytest.raises(DomainError, match=r"roster\.too_many_lines"):
        desk.run(CheckRosterLines(batch_id=batch, lines=lines * 40), nurse)
    duty = rows(desk, IdentityDuty, said_name="何无")[0]
    desk.run(SettleIdentityDuty(duty_id=duty.id, basis="核对护照原件"), nurse)
    assert rows(desk, IdentityDuty, said_name="何无")[0].state == "done"
    with pytest.raises(DomainError, match=r"identity_duty\.wrong_state"):
        desk.run(SettleIdentityDuty(duty_id=duty.id, basis="又一次"), nurse)


def test_who_was_registered_by_hand_is_to_be_checked_until_a_green_light(desk, nurse):
    order = RegisterPatient(name="王丽", sex=Sex.FEMALE, birth_date=date(1990, 3, 7), to_check=True)
    patient = desk.run(order, nurse).receipt.patient_id
    [duty] = rows(desk, IdentityDuty)
    assert (duty.state, duty.source, duty.due_at - duty.state_since) == (
        "waiting",
        "registered",
        timedelta(hours=24),
    )
    check = CheckIdentity(patient_id=patient, name="王立", id_number="11010119900307002X")
    assert desk.run(check, nurse).receipt.light is Light.YELLOW
    [duty] = rows(desk, IdentityDuty)
    assert (duty.state, duty.light) == ("waiting", "yellow")
    desk.run(CheckIdentity(patient_id=patient, name="王丽", id_number="11010119900307002X"), nurse)
    [duty] = rows(desk, IdentityDuty)
    assert (duty.state, duty.light) == ("done", "green")


def test_a_service_outside_is_asked_and_its_silence_proves_nothing(desk, nurse):
    lines = [
        RosterLine(2, "王丽", Sex.FEMALE, None, "11010119900307002X"),
        RosterLine(3, "李强", Sex.MALE, None, "110101198001011232"),
        RosterLine(4, "周无", Sex.MALE, None, "110101197001011238"),
        RosterLine(5, "吴错", Sex.MALE, None, "110101197001011230"),
    ]
    receipt = checked(desk, nurse, lines, outside=True)[1]
    assert (receipt.green, receipt.red) == (3, 1)
    assert len(rows(desk, IdentityDuty, state="waiting")) == 4, "green waits for the word from outside"
    with IdentitySimulator({"11010119900307002X": "王丽", "110101198001011232": "李强强"}) as service:
        asking = HttpIdentityService(service.url, "clinic", service.secret, timeout_s=5)
        hasty = HttpIdentityService(service.url, "clinic", service.secret, timeout_s=0.2)
        service.mode = "slow"
        assert ask_all(desk, nurse, hasty) == 0
        assert {e.tries for e in rows(desk, IdentityEntry, outside="waiting")} == {1}
        for mode in ("refuse", "odd"):
            service.mode = mode
            assert ask_all(desk, nurse, asking) == 0
        service.mode = "good"
        assert ask_all(desk, nurse, HttpIdentityService(service.url, "clinic", b"wrong", timeout_s=5)) == 0
        assert ask_all(desk, nurse, asking) == 3
    found = {e.said_name: (e.outside, Light(e.light).value) for e in rows(desk, IdentityEntry)}
    assert found == {
        "王丽": ("fits", "green"), "李强": ("differs", "red"), "周无": ("unknown", "yellow"),
        "吴错": ("not_asked", "red"),
    }  # fmt: skip
    [kept] = rows(desk, IdentityBatch)
    assert (kept.green, kept.yellow, kept.red) == (1, 1, 2)
    assert rows(desk, IdentityDuty, said_name="王丽")[0].state == "done"
    assert rows(desk, IdentityDuty, said_name="李强")[0].light == "red"
    assert ask_all(desk, nurse, None) == 0


def test_after_five_silences_that_is_the_answer(desk, nurse):
    _, _ = checked(desk, nurse, [RosterLine(2, "王丽", Sex.FEMALE, None, "11010119900307002X")], outside=True)
    [entry] = rows(desk, IdentityEntry)
    order = NoteOutsideAnswer(entry_id=entry.id, answer=OutsideAnswer.SILENT)
    assert [desk.run(order, nurse).receipt for _ in range(6)] == ["waiting"] * 4 + ["silent"] * 2
    [entry] = rows(desk, IdentityEntry)
    assert (entry.light, entry.reasons) == ("green", ["outside_silent"])
    assert "outside" not in entry.compared


def test_the_report_has_every_line_in_both_kinds_of_file(desk, nurse, texts, tmp_path):
    import pypdfium2

    desk.content["texts"] = texts
    batch, _ = checked(
        desk, nurse,
        [
            RosterLine(3, "=王丽", Sex.FEMALE, None, "11010119900307002X"),
            RosterLine(4, "陈错", Sex.MALE, None, "110101198001011230"),
        ],
    )  # fmt: skip
    path = tmp_path / "r.xlsx"
    assert write_roster_xlsx(desk, nurse, batch, path) == 2
    sheet = load_workbook(path).active
    assert [cell.value for cell in sheet["F"]] == ["结果", "红灯", "绿灯"]
    assert (sheet["B3"].value, sheet["B3"].data_type) == ("=王丽", "s"), "never a formula"
    pdf = pypdfium2.PdfDocument(roster_pdf(desk, nurse, documents()["identity_batch"], batch))
    text = "".join(page.get_textpage().get_text_range() for page in pdf)
    assert "红灯" in text
    assert "证件号码有误" in text
