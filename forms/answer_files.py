"""A table of answers as a file: an Excel book with its data dictionary, or PDFs of a hundred responses each.

Both bear on every page or sheet who took them out, when, for what, and the number of the record of it.
"""

import dataclasses
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from domain.kernel.clock import clinic
from domain.version import VERSION
from forms.answer_table import AnswerTable, Line, Variable
from forms.cells_out import write_cell
from forms.documents import Document, render_pdf

DOCUMENT = "answer_export"
PER_PDF = 100
"""Responses in one PDF: some seconds of typesetting, after which it can be stopped."""
_TELL_EVERY = 50
_KINDS = {
    "choice": "选择", "open-choice": "选择或自填", "integer": "整数", "decimal": "小数", "quantity": "数值带单位",
    "boolean": "是否", "string": "短文字", "text": "长文字", "url": "网址", "date": "日期", "dateTime": "日期时间",
    "time": "时刻", "attachment": "附件", "reference": "引用",
}  # fmt: skip
_DICTIONARY = (
    "变量", "所在部分", "题目", "类型", "单位", "必填", "可多个", "选项（编码=含义）", "计分",
    "取值范围", "出现条件", "计算公式", "版本",
)  # fmt: skip


@dataclasses.dataclass(frozen=True, kw_only=True)
class Taken:
    """Who takes it out, when (aware), for what, of which time, and the number of the record of it."""

    by: str
    at: datetime
    purpose: str
    number: str
    period: str
    form: str
    identified: bool


def write_book(table: AnswerTable, taken: Taken, path: Path, go_on: Callable[[int], bool]) -> bool:
    """Write `path`: the answers as words, as codes, the dictionary, the scoring, and what the file is.

    Args:
        table: What to write; its lines are read as they are written.
        taken: What the file says of itself.
        path: Written in one go; whoever calls moves it to its place.
        go_on: Told how many responses are written; False stops.

    Returns:
        Whether it is whole.

    Raises:
        OSError: It cannot be written.
    """
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        quoted = book.add_format({"quote_prefix": True})
        words, codes, meant, scoring, about = (
            book.add_worksheet(name) for name in ("答案", "编码", "数据字典", "计分", "说明")
        )
        mark = f"{taken.by} {clinic(taken.at):%Y-%m-%d %H:%M} {taken.number}"
        for sheet in (words, codes, meant, scoring, about):
            sheet.set_header(f"&C{mark.replace('&', '&&')}")
            sheet.set_footer("&C第 &P 页 / 共 &N 页")
        results: dict[str, int] = {}  # where each scale's result stands, known as lines come
        for sheet, named in (
            (words, [v.text or v.name for v in table.variables]),
            (codes, [v.name for v in table.variables]),
        ):
            _row(sheet, 0, [*table.heads, *named], head)
            sheet.freeze_panes(1, 1)
            sheet.set_column(0, len(table.heads) + len(named) + 60, 14)
        _rows(meant, [_DICTIONARY, *(_meaning(one) for one in table.variables)], head, quoted)
        _rows(scoring, [("量表与得分", "范围", "含义"), *table.scoring], head, quoted)
        _rows(about, [("项目", "内容"), *_about(table, taken)], head, quoted)
        done = 0
        for done, line in enumerate(table.lines(), start=1):
            _answers(words, done, line, [line.words.get(v.name, "") for v in table.variables], quoted)
            _answers(codes, done, line, [line.codes.get(v.name, "") for v in table.variables], quoted)
            _results(words, codes, done, line, results, len(table.heads) + len(table.variables), quoted)
            if done % _TELL_EVERY == 0 and not go_on(done):
                return False
        for name, at in results.items():
            for sheet in (words, codes):
                _row(
                    sheet,
                    0,
                    [f"{name} 得分", f"{name} 结果"],
                    head,
                    at + len(table.heads) + len(table.variables),
                )
        return go_on(done)


def write_pdfs(
    table: AnswerTable, taken: Taken, document: Document, path: Path, go_on: Callable[[int], bool]
) -> tuple[list[Path], bool]:
    """Write `path`, or ``…-1.pdf``, ``…-2.pdf`` beside it where one file does not hold them all.

    Returns:
        The files that are whole, and whether all of them are there.

    Raises:
        OSError: They cannot be written.
    """
    lines, made = table.lines(), []
    parts = -(-len(table.ids) // PER_PDF)
    for part in range(1, parts + 1):
        held = list(islice(lines, PER_PDF))
        here = path if parts == 1 else path.with_stem(f"{path.stem}-{part}")
        told = "" if parts == 1 else f"第 {part} 册，共 {parts} 册"
        draft = here.with_suffix(".part")
        draft.write_bytes(render_pdf(document, _content(table, taken, held, told)))
        draft.replace(here)
        made.append(here)
        if not go_on(min(part * PER_PDF, len(table.ids))):
            return made, part == parts
    return made, True


def _content(table: AnswerTable, taken: Taken, lines: list[Line], part: str) -> dict[str, Any]:
    return {
        "made": {
            "at": taken.at.isoformat(timespec="seconds"), "by": taken.by, "purpose": taken.purpose,
            "number": taken.number, "identified": taken.identified, "period": taken.period, "part": part,
        },
        "form": {"title": table.title, "name": taken.form, "missing": "、".join(table.missing)},
        "heads": list(table.heads),
        "lines": [
            {
                "head": [_plain(value) for value in line.head],
                "answers": [{"text": v.text or v.name, "answer": line.words[v.name]} for v in _asked(table, line)],
                "results": [
                    {"scale": scale, "total": _plain(total), "meaning": told} for scale, total, told in line.results
                ],
            }
            for line in lines
        ],
        "variables": [
            {
                "name": v.name, "group": v.group, "text": v.text, "kind": _KINDS.get(v.kind, v.kind), "unit": v.unit,
                "options": _options(v), "bounds": v.bounds, "note": _notes(v),
            }
            for v in table.variables
        ],
        "scoring": [{"scale": scale, "range": span, "meaning": told} for scale, span, told in table.scoring],
        "software": {"name": "检后通", "version": VERSION},
    }  # fmt: skip


def _asked(table: AnswerTable, line: Line) -> Iterator[Variable]:
    """Yield the questions a response answers, and what it answers beside the questions that are known here."""
    known = {v.name for v in table.variables}
    yield from (v for v in table.variables if v.name in line.words)
    for name in line.words.keys() - known:
        yield Variable(name, "", name, "", "", False, False, (), "", "", "", True, ())


def _notes(variable: Variable) -> str:
    told = [word for word, holds in (("必填", variable.required), ("可多个", variable.several)) if holds]
    told += [f"仅当 {variable.asked_if}"] if variable.asked_if else []
    return "；".join(told + ([f"＝{variable.worked_out}"] if variable.worked_out else []))


def _options(variable: Variable) -> str:
    return "；".join(
        f"{code}={label}{f'（{counts}）' if counts else ''}" for code, label, counts in variable.options
    )


def _meaning(v: Variable) -> tuple[str, ...]:
    return (
        v.name, v.group, v.text, _KINDS.get(v.kind, v.kind), v.unit, "是" if v.required else "",
        "是" if v.several else "",
        "；".join(f"{code}={label}" for code, label, _ in v.options),
        "；".join(f"{code}→{counts}" for code, _, counts in v.options if counts), v.bounds, v.asked_if, v.worked_out,
        "、".join(v.versions),
    )  # fmt: skip


def _about(table: AnswerTable, taken: Taken) -> Iterator[tuple[str, str]]:
    yield "问卷", f"{table.title}（{taken.form}）"
    yield "期间", taken.period
    yield "答卷数", str(len(table.ids))
    yield "导出人", taken.by
    yield "导出时间", f"{clinic(taken.at):%Y-%m-%d %H:%M:%S}"
    yield "用途", taken.purpose
    yield "外发记录", taken.number
    if taken.identified:
        yield "身份信息", "含身份信息，仅限所述用途，用毕删除"
    else:
        yield (
            "身份信息",
            "去标识：编号只在本文件内有效，不能与其他导出对应；自由文字与附件未导出；日期到日，年龄为填写时周岁",
        )
    yield "一格多值", "同一题有多个答案时以“；”分隔；“编码”表中 1 为是，0 为否"
    if table.missing:
        yield "未知版本", f"以下版本的问卷定义不在本机，其题目不在数据字典中：{'、'.join(table.missing)}"
    yield "软件", f"检后通 {VERSION}"


def _results(
    words: Any, codes: Any, at: int, line: Line, heads: dict[str, int], begin: int, quoted: Any
) -> None:
    for scale, total, told in line.results:
        place = begin + heads.setdefault(scale, 2 * len(heads))
        for sheet in (words, codes):
            write_cell(sheet, at, place, total, quoted)
            write_cell(sheet, at, place + 1, told, quoted)


def _answers(sheet: Any, at: int, line: Line, values: list[Any], quoted: Any) -> None:
    for place, value in enumerate([*line.head, *values]):
        write_cell(sheet, at, place, value, quoted)


def _row(sheet: Any, at: int, values: list[str], style: Any, begin: int = 0) -> None:
    for place, value in enumerate(values, start=begin):
        sheet.write_string(at, place, value, style)


def _rows(sheet: Any, rows: list[tuple[str, ...]], head: Any, quoted: Any) -> None:
    _row(sheet, 0, list(rows[0]), head)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(rows[0]), 22)
    for at, row in enumerate(rows[1:], start=1):
        for place, value in enumerate(row):
            write_cell(sheet, at, place, value, quoted)


def _plain(value: str | float | None) -> str:
    return "" if value is None else value if isinstance(value, str) else f"{value:g}"
