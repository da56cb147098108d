"""One export from the store to its folder: the rows of each chunk of subjects go into every file at once.

A folder appears whole or not at all: files are written beside it and moved when the last is closed.
"""

import contextlib
import csv
import dataclasses
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from domain.catalog.lookup import Catalog
from domain.consent.records import ConsentUse
from domain.kernel.authority import Actor
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError, UnavailableError
from domain.kernel.ids import Id
from domain.kernel.store import Store
from domain.research.choosing import Choice, Chosen, Subject, choose, read_choice, study_of
from domain.research.export_commands import export_number
from domain.research.pseudonyms import shift_of
from domain.research.reading import Reader
from domain.research.records import DataKind, DateRule, ExportFormat, PseudonymKey, StudyExport
from forms.research.miabis import NAME, MiabisBundle
from forms.research.tables import Table, Tables, Terms, days_by
from forms.research.variables import Dictionary, Say, dictionary_of
from forms.research.writing import Stopped, TableWriter, Workbook, described

CHUNK = 200
GoOn = Callable[[int, int], bool]
"""Hears subjects done and all of them; False stops the export."""


@dataclasses.dataclass(frozen=True, slots=True)
class Written:
    """What an export came to: rows and digest by table, and how many values in it were corrected."""

    tables: dict[str, dict[str, Any]]
    corrected: int
    files: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Return the rows of the table of visits."""
        return int(self.tables["visits"]["rows"])


@dataclasses.dataclass(frozen=True, slots=True)
class Ready:
    """An export that is on record, read back: who is in it and on what terms."""

    study: Any
    row: Any
    choice: Choice
    chosen: Chosen
    dictionary: Dictionary
    tables: Tables
    number: str


def prepare(
    connection: Connection, actor: Actor, export_id: Id, *, catalog: Catalog, folder: Path, say: Say
) -> Ready:
    """Return an export of record as it can be written.

    Consent is judged at the moment the export was put on record, so that an export written again holds the same
    people; what was withdrawn since is the state of the subject and keeps them out all the same.

    Raises:
        DomainError: ``study_export.unknown`` where it is not here or not one's own to see.
    """
    table = StudyExport.__table__
    row = connection.execute(select(table).where(table.c.id == export_id)).first()
    if row is None or not (actor.staff_id is None or row.staff_id == actor.staff_id):
        raise DomainError("study_export.unknown", field="export_id")
    study, choice = study_of(connection, row.study_id), read_choice(row.choice)
    chosen = choose(connection, actor, study.id, choice, ConsentUse(row.use), row.started_at)
    dictionary = dictionary_of(
        connection, study, list(chosen.plans), choice.kinds, catalog=catalog, folder=folder, say=say,
        free_text=choice.free_text,
    )  # fmt: skip
    secret = _secret(connection, study.id) if choice.dates is DateRule.SHIFTED else b""
    shifts: dict[str, int] = {}

    def shift(subject: Subject) -> int:
        if subject.number not in shifts:
            shifts[subject.number] = shift_of(secret, subject.id)
        return shifts[subject.number]

    terms = Terms(days_by(choice.dates, shift), row.identified, choice.free_text)
    tables = Tables(dictionary, chosen.plans, terms, catalog)
    return Ready(study, row, choice, chosen, dictionary, tables, export_number(study.code, row.id))


def write_export(
    store: Store, ready: Ready, target: Path, say: Say, go_on: GoOn, *, version: str
) -> Written | None:
    """Write the files of an export into `target`, which must not be there; None if it was stopped.

    Raises:
        UnavailableError: ``export.cannot_write`` with the folder.
    """
    draft = target.with_name(f"{target.name}.part")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        try:
            written = _write(store, ready, draft, say, go_on, version)
        except Stopped:
            return None
        draft.rename(target)
        return written
    except OSError as error:
        raise UnavailableError("export.cannot_write", path=str(target)) from error
    finally:
        with contextlib.suppress(OSError):
            shutil.rmtree(draft, ignore_errors=True)


def _write(store: Store, ready: Ready, folder: Path, say: Say, go_on: GoOn, version: str) -> Written:
    formats = [ExportFormat(one) for one in ready.row.formats]
    long = ExportFormat.CSV in formats or ExportFormat.PARQUET in formats
    listed = ready.tables.described(ready.choice.kinds, long=long)
    notes = notes_of(ready, say, version)
    dictionary = [*listed[0].columns]
    facts = {"export": ready.number, "study": ready.study.code, "purpose": ready.row.purpose}
    book: Workbook | None = None
    if ExportFormat.XLSX in formats:
        book = Workbook(folder / f"{ready.number}.xlsx", notes, dictionary, listed)
    writers: dict[str, TableWriter] = {}
    ended: dict[str, dict[str, Any]] = {}
    try:
        for table in listed:
            sheet = None if book is None else book.sheet(table)
            writers[table.name] = TableWriter(table, folder, formats, facts, sheet)
        _fill(store, ready, writers, go_on, long=long)
        if ExportFormat.MIABIS in formats:
            _write_bundle(store, ready, folder, go_on)
        for name, writer in writers.items():
            ended[name] = {"sha256": writer.close(), "rows": writer.rows}
        if book is not None:
            book.close()
    except BaseException as error:
        for name, writer in writers.items():
            if name not in ended:
                with contextlib.suppress(Exception):
                    writer.close(error)
        if book is not None:
            with contextlib.suppress(Exception):
                book.close(error)
        raise
    corrected = ended["corrections"]["rows"]
    _beside(folder, ready, notes, listed, ended)
    return Written(ended, corrected, tuple(sorted(path.name for path in folder.iterdir())))


def _fill(store: Store, ready: Ready, writers: Mapping[str, TableWriter], go_on: GoOn, *, long: bool) -> None:
    subjects, kinds = ready.chosen.subjects, ready.choice.kinds
    done = 0
    with store.read() as connection:
        reader = Reader(connection, list(ready.chosen.plans), kinds, ready.choice.since, ready.choice.until)
        for start in range(0, len(subjects), CHUNK):
            some = subjects[start : start + CHUNK]
            visits = reader.read(some)
            for name, rows in ready.tables.rows(visits, long=long).items():
                if name in writers:
                    writers[name].add(rows)
            if DataKind.SPECIMENS in kinds:
                writers["specimens"].add(list(ready.tables.specimens(connection, some, visits)))
            if DataKind.FOLLOW_UP in kinds:
                writers["follow_up"].add(list(ready.tables.follow_up(connection, some)))
            done += len(some)
            if not go_on(done, len(subjects)):
                raise Stopped


def _write_bundle(store: Store, ready: Ready, folder: Path, go_on: GoOn) -> None:
    rule, subjects = ready.choice.dates, ready.chosen.subjects
    days = None if rule is DateRule.STUDY_DAY else ready.tables.days
    with store.read() as connection:
        bundle = MiabisBundle(folder / NAME, connection, ready.study, days)
        try:
            for start in range(0, len(subjects), CHUNK):
                bundle.add(subjects[start : start + CHUNK])
                if not go_on(len(subjects), len(subjects)):
                    raise Stopped
            bundle.close()
        except BaseException:
            bundle.abandon()
            raise


def notes_of(ready: Ready, say: Say, version: str) -> list[tuple[str, str]]:
    """Return what a person must know of the files: whose export it is, on what terms, who is not in it."""
    row, choice = ready.row, ready.choice
    left_out = "；".join(f"{say(f'left_out.{code}')} {count} 人" for code, count in row.left_out.items())
    return [
        ("导出编号", ready.number), ("研究项目", f"{ready.study.code} {ready.study.name}"),
        ("方案", f"{ready.study.protocol}，修订 {ready.study.revision}"),
        ("导出人", row.staff_name), ("导出时间", f"{clinic(row.started_at):%Y-%m-%d %H:%M}"),
        ("导出目的", row.purpose), ("条件", row.told),
        ("同意用途", say(f"choice.consent_use.{row.use}")),
        ("受试者", f"{row.subjects} 人，访视 {row.visits} 次"),
        ("未纳入", left_out or "无"),
        ("身份信息", "含身份信息，已获批准" if row.identified else "已去标识：仅受试者编号，不含自由文本"),
        ("日期", say(f"date_rule.{choice.dates.value}")),
        ("小单元格", f"机构、分组、性别、年龄段合计少于 {row.least_cell} 人的组："
         f"{row.small_cells} 个，共 {row.in_small_cells} 人"),
        ("更正", "表中为更正后的值，原值见“更正”表；“corrected”列注明哪些变量更正过；原始记录未改动"),
        ("未能读取定义的问卷", "、".join(ready.dictionary.unreadable) or "无"),
        ("程序版本", version),
        ("使用限制", "仅供上述目的使用，不得转交他人，不得尝试识别受试者；用毕按机构规定销毁。"),
    ]  # fmt: skip


def _beside(
    folder: Path, ready: Ready, notes: Sequence[tuple[str, str]], listed: Sequence[Table],
    ended: Mapping[str, Mapping[str, Any]],
) -> None:  # fmt: skip
    """Write what goes with the files: notes, the dictionary of every table, and the manifest that makes it again."""
    text = "\r\n".join(f"{name}：{value}" for name, value in notes) + "\r\n"
    (folder / "说明.txt").write_text(text, "utf-8-sig", newline="")
    manifest = {
        "export": ready.number, "export_id": str(ready.row.id), "study": ready.study.code,
        "revision": ready.study.revision, "use": str(ready.row.use), "choice": ready.row.choice,
        "at": ready.row.started_at.isoformat(), "program": ready.row.program, "subjects": ready.row.subjects,
        "left_out": ready.row.left_out, "tables": dict(ended),
        "dictionary": {table.name: [dataclasses.asdict(one) for one in table.columns] for table in listed},
    }  # fmt: skip
    data = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    (folder / "manifest.json").write_bytes(data)
    lines = [line for table in listed for line in _lines(table)]
    with (folder / "dictionary.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)


def _lines(table: Table) -> list[dict[str, Any]]:
    return [{"表": table.name, **line} for line in described(table.columns)]


def _secret(connection: Connection, study_id: Id) -> bytes:
    table = PseudonymKey.__table__.c
    found = connection.execute(select(table.secret).where(table.study_id == study_id)).scalar()
    if found is None:
        raise DomainError("research.no_key", field="study_id")
    return bytes(found)


def folder_name(number: str, at: datetime) -> str:
    """Return the name of an export's folder."""
    return f"{number}-{clinic(at):%Y%m%d-%H%M}"
