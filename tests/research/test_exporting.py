"""Data leaves pseudonymised, for those who agreed, whole or not at all; the same rows in every format."""

import csv
import dataclasses
import hashlib
import json
import uuid
from datetime import date

import openpyxl
import pytest
from arro3.io import read_parquet

from domain.consent.records import ConsentUse
from domain.kernel.errors import DomainError, UnavailableError
from domain.outgoing.records import Outgoing, OutgoingResult
from domain.research.export_commands import (
    DecideIdentified,
    EndStudyExport,
    PreviewStudyExport,
    RequestIdentified,
)
from domain.research.privacy import small_cells
from domain.research.pseudonyms import age_on, shift_of
from domain.research.records import PseudonymKey, StudyExport, StudyExportEnd
from domain.studies.subject_commands import WithdrawSubject
from domain.studies.subject_records import StudySubject
from tests.conftest import BRANCH
from tests.research.conftest import PHQ9

ALL = ["xlsx", "csv", "parquet"]


def table(folder, name):
    with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_who_agreed_is_in_it_and_the_others_are_counted(three, tmp_path):
    begun, written, folder = three.export(tmp_path, formats=ALL)
    [row] = table(folder, "visits")[:1]
    assert {one["subject"] for one in table(folder, "visits")} == {row["subject"]}
    assert written.rows == 2, "the visit that began and the one that is planned"
    [kept] = three.rows(StudyExport)
    assert (kept.id, kept.subjects, kept.visits) == (begun.export_id, 1, 2)
    assert kept.left_out == {"consent.missing": 1, "consent.not_agreed": 1}
    notes = (folder / "说明.txt").read_text("utf-8-sig")
    assert "未签知情同意 1 人；未同意此用途 1 人" in notes
    assert "周主任" in notes
    assert begun.number in notes


def test_nothing_in_it_says_who_somebody_is(three, tmp_path):
    three.later(days=30)  # the day of the export is told, that of the visit is not
    _begun, _written, folder = three.export(tmp_path, formats=ALL)
    whole = b"".join(
        path.read_bytes() for path in folder.iterdir() if path.suffix in (".csv", ".txt", ".json")
    )
    book = openpyxl.load_workbook(next(folder.glob("*.xlsx")))
    whole += "".join(str(c.value) for s in book for line in s.iter_rows() for c in line).encode()
    begun_on = three.first_visit(three.first).begun_at.date().isoformat()
    for secret in ("王美娜", "1975-08-23", begun_on):
        assert secret.encode() not in whole, secret
    row = table(folder, "visits")[0]
    assert (row["age"], row["sex"], row["visit"], row["lab.fpg"]) == ("51", "2", "V0", "5.5")
    assert row["q.phq9.interest"] == "some"


def test_days_of_one_subject_are_moved_alike_and_stay_apart_as_they_were(three, tmp_path):
    _begun, _written, folder = three.export(tmp_path, formats=["csv"])
    first, second = table(folder, "visits")
    [key] = three.rows(PseudonymKey)
    days = shift_of(key.secret, three.first)
    assert (date.fromisoformat(first["date"]) - three.first_visit(three.first).begun_at.date()).days == days
    assert (date.fromisoformat(second["target"]) - date.fromisoformat(first["target"])).days == 365
    _begun, _written, again = three.export(tmp_path, formats=["csv"], choice={"dates": "study_day"})
    assert [one["target"] for one in table(again, "visits")] == ["1", "366"]


def test_a_shift_is_never_none_and_ages_above_89_are_one_group():
    shifts = {shift_of(b"k" * 32, shift) for shift in map(_id, range(3000))}
    assert min(shifts) == -182
    assert max(shifts) == 182
    assert 0 not in shifts
    assert len(shifts) == 364
    assert [age_on(date(1933, 3, 4), date(year, 3, 3)) for year in (2023, 2024, 2026)] == [89, 90, 90]


def _id(number):
    return uuid.UUID(int=number)


def test_every_format_holds_the_same_rows(three, tmp_path):
    begun, written, folder = three.export(tmp_path, formats=ALL)
    text = (folder / "visits.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    assert written.tables["visits"]["sha256"] == hashlib.sha256(text[3:]).hexdigest()
    frame = read_parquet(str(folder / "visits.parquet")).read_all()
    lines = table(folder, "visits")
    assert frame.num_rows == len(lines) == 2
    assert frame["lab.fpg"].to_pylist() == [5.5, None]
    [told] = [json.loads(v) for k, v in frame.schema.metadata_str.items() if k == "aftercheck"]
    assert {"name": "lab.fpg", "unit": "mmol/L"}.items() <= next(
        one for one in told["columns"] if one["name"] == "lab.fpg"
    ).items()
    assert told["facts"]["export"] == begun.number
    book = openpyxl.load_workbook(next(folder.glob("*.xlsx")))
    assert book.sheetnames == ["说明", "数据字典", "访视数据", "标本", "随访", "更正"]
    head, *rows = book["访视数据"].iter_rows(values_only=True)
    assert list(head) == list(lines[0])
    assert rows[0][head.index("lab.fpg")] == 5.5
    for at, name in enumerate(head):
        assert ("" if rows[0][at] is None else str(rows[0][at])) in (lines[0][name], f"{lines[0][name]}.0"), (
            name
        )


def test_the_dictionary_tells_of_every_column(three, tmp_path):
    _begun, _written, folder = three.export(tmp_path, formats=["csv"])
    lines = {(one["表"], one["变量"]): one for one in table(folder, "dictionary")}
    for name in ("visits", "results", "answers", "scales", "specimens", "follow_up", "corrections"):
        head = (folder / f"{name}.csv").read_text("utf-8-sig").splitlines()[0].split(",")
        assert [key[1] for key in lines if key[0] == name] == head
    assert lines["visits", "lab.fpg"]["单位"] == "mmol/L"
    asked = lines["visits", "q.phq9.interest"]
    assert (asked["名称"], asked["类型"], asked["版本"]) == ("对平时喜欢的事提不起劲", "编码", "1.0.0")
    assert "some=有几天" in asked["编码"]


def test_long_tables_and_tubes_are_there(three, tmp_path):
    for tube in three.tubes()[:1]:
        three.draw(tube.number)
    three.settle()
    _begun, written, folder = three.export(tmp_path, formats=["csv"])
    [result] = table(folder, "results")
    assert (result["variable"], result["number"], result["unit"]) == ("lab.fpg", "5.5", "mmol/L")
    assert {one["variable"] for one in table(folder, "answers")} == {f"q.phq9.{one}" for one in PHQ9}
    tubes = table(folder, "specimens")
    assert {(one["visit"], one["type"]) for one in tubes} == {("V0", "SER")}
    row = table(folder, "visits")[0]
    assert (row["tube.血清.expected"], row["tube.血清.collected"]) == ("2", "1")
    assert written.tables["specimens"]["rows"] == len(tubes) == 2


def test_parts_are_chosen_by_kind_visit_and_day(three, tmp_path):
    _b, _w, folder = three.export(tmp_path, formats=["csv"], choice={"kinds": ["results"], "visits": ["V0"]})
    assert sorted(path.name for path in folder.glob("*.csv")) == [
        "corrections.csv", "dictionary.csv", "results.csv", "visits.csv",
    ]  # fmt: skip
    [row] = table(folder, "visits")
    assert "q.phq9.interest" not in row
    _b, _w, folder = three.export(tmp_path, formats=["csv"], choice={"since": "2026-11-24"})
    assert table(folder, "visits") == []
    _b, _w, folder = three.export(tmp_path, formats=["csv"], choice={"until": "2026-11-23"})
    assert len(table(folder, "visits")) == 1
    for choice in ({"sexes": ["1"]}, {"arms": ["A"]}, {"sites": ["X"]}, {"states": ["completed"]}):
        with pytest.raises(DomainError, match=r"research\.nobody"):
            three.export(tmp_path, choice=choice)


def test_who_leaves_is_out_at_once_and_told(three, tmp_path):
    begun, _written, _folder = three.export(tmp_path / "one", formats=["csv"])
    three.run(WithdrawSubject(subject_id=three.first, reason="不愿继续"))
    with pytest.raises(DomainError, match=r"research\.nobody") as refused:
        three.export(tmp_path / "two")
    assert refused.value.facts["left_out"] == 3
    written, folder = three.written(begun.export_id, tmp_path / "three")
    assert written.rows == 0, "an earlier export that is written again holds nobody who left since"
    found = three.run(PreviewStudyExport(study_id=three.study_id), three.head)
    assert found.left_out == {"consent.missing": 1, "consent.not_agreed": 1, "consent.subject_left": 1}
    assert table(folder, "visits") == []


def test_an_export_is_made_again_byte_for_byte(three, tmp_path):
    begun, written, folder = three.export(tmp_path / "one", formats=["csv", "parquet"])
    again, other = three.written(begun.export_id, tmp_path / "two")
    assert written == again
    for path in folder.iterdir():
        assert path.read_bytes() == (other / path.name).read_bytes(), path.name
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert manifest["tables"] == written.tables
    assert manifest["export_id"] == str(begun.export_id)


def test_sharing_asks_for_another_consent(three, tmp_path):
    three.subject("孙一", date(1980, 1, 1), "collect", "data")
    assert three.run(PreviewStudyExport(study_id=three.study_id), three.head).subjects == 2
    shared = PreviewStudyExport(study_id=three.study_id, use=ConsentUse.SHARE)
    assert three.run(shared, three.head).subjects == 1
    with pytest.raises(DomainError, match=r"research\.use"):
        three.run(PreviewStudyExport(study_id=three.study_id, use=ConsentUse.GENETIC), three.head)


def test_who_they_are_leaves_only_with_what_somebody_else_approved(three, tmp_path, as_role):
    wanted = {"identified": True, "choice": {"dates": "exact", "free_text": True}, "formats": ["csv"]}
    with pytest.raises(DomainError, match=r"research\.not_approved"):
        three.export(tmp_path, **wanted)
    for choice, code in (({"dates": "exact"}, "exact_days"), ({"free_text": True}, "free_text")):
        with pytest.raises(DomainError, match=rf"research\.{code}"):
            three.export(tmp_path, choice=choice)
    asked = three.run(
        RequestIdentified(study_id=three.study_id, reason="核对死亡登记", approval="伦审 9"), three.head
    )
    decide = DecideIdentified(identified_request_id=asked, approve=True, valid_days=10)
    with pytest.raises(DomainError, match=r"research\.own_request"):
        three.run(decide, three.head)
    other = as_role("department_head", uuid.UUID(int=0xB2), name="钱主任", subtree=[BRANCH])
    three.run(decide, other)
    with pytest.raises(DomainError, match=r"research\.not_approved"):
        three.export(tmp_path, other, **wanted)
    _begun, _written, folder = three.export(tmp_path, **wanted)
    row = table(folder, "visits")[0]
    assert (row["name"], row["birth_date"]) == ("王美娜", "1975-08-23")
    assert row["date"] == three.first_visit(three.first).begun_at.date().isoformat()
    three.later(days=11)
    with pytest.raises(DomainError, match=r"research\.not_approved"):
        three.export(tmp_path / "later", **wanted)


def test_it_is_on_record_before_it_goes_and_how_it_ended(three, tmp_path):
    begun, written, _folder = three.export(tmp_path)
    [noted] = three.rows(Outgoing)
    assert (noted.what, noted.count, noted.purpose, noted.columns) == ("科研数据 C1", 2, "中期分析", "去标识")
    end = EndStudyExport(
        export_id=begun.export_id, result=OutgoingResult.DONE, tables=written.tables, rows=written.rows
    )
    three.run(end, three.head)
    [kept] = three.rows(StudyExportEnd)
    assert kept.tables["visits"]["rows"] == 2
    with pytest.raises(DomainError, match=r"permission\.denied"):
        three.export(tmp_path / "x", three.nurse)


def test_who_is_no_member_of_the_study_gets_nothing(three, tmp_path, authority):
    rights = dataclasses.replace(three.head.rights, permissions=["study.export"])
    outsider = dataclasses.replace(three.head, rights=rights, staff_id=_id(77))
    with pytest.raises(DomainError, match=r"study\.not_member"):
        three.export(tmp_path, outsider)


def test_a_stopped_or_failed_export_leaves_nothing(three, tmp_path):
    begun, _written, folder = three.export(tmp_path / "one", formats=ALL)
    three.first_number = three.rows(StudySubject)[0].number
    written, target = three.written(begun.export_id, tmp_path / "two", go_on=lambda done, of: False)
    assert written is None
    assert list((tmp_path / "two").iterdir()) == []
    blocked = tmp_path / "file"
    blocked.write_text("x")
    with pytest.raises(UnavailableError, match=r"export\.cannot_write"):
        three.written(begun.export_id, blocked)
    assert folder.is_dir()
    assert not target.exists()


def test_small_groups_are_counted():
    people = [("北京", "A", "男", "40")] * 5 + [("北京", "A", "女", "40")] * 4 + [("上海", "", "女", "50")]
    found = small_cells(people)
    assert (found.cells, found.people) == (2, 5)
    assert found.shown[0] == "上海、未知、女、50（1 人）"
