"""Loading an institution's licensed text into a form: from a table (xlsx, csv) or a FHIR Questionnaire.

Two ways. *Text over ours*: the items of a form we ship get the licensed words; linkIds, answer codes and with them
the scoring stay, and the version gets a mark after ``+`` (``1.0.0+2026``). *A form of its own*: the whole of it is in
the table. Either is all or nothing: every mistake is told at once, with its row and column.
"""

import copy
import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from domain.kernel.errors import DomainError
from domain.kernel.sheets import HEADINGS_WITHIN, UNREADABLE, Sheet, read_sheet
from domain.scales.results import Sentence

LARGEST = 5_000_000
"""Bytes of a file that is read."""
MOST_ROWS = 5_000
BASE = "https://aftercheck.example/fhir"
HL7 = "http://hl7.org/fhir/StructureDefinition/"
COLUMNS = {
    "编号": "id", "题号": "id", "linkid": "id", "章节": "section", "部分": "section", "题目": "text", "文字": "text",
    "类型": "type", "选项": "options", "必答": "required", "单位": "unit", "最小": "low", "最大": "high",
}  # fmt: skip
TYPES = {
    "单选": "choice", "多选": "choices", "是否": "boolean", "整数": "integer", "小数": "decimal", "文字": "text",
    "短文字": "string", "日期": "date", "说明": "display",
}  # fmt: skip
YES, NO = frozenset({"是", "1", "y", "yes", "true"}), frozenset({"", "否", "0", "n", "no", "false"})


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: its number as people count them, and its cells by our name of the column."""

    number: int
    cells: Mapping[str, str]

    def get(self, column: str) -> str:
        return self.cells.get(column, "").strip()


@dataclasses.dataclass(frozen=True, slots=True)
class Licence:
    """By which right the text is used: holder, number or contract, and the mark of the version."""

    holder: str
    number: str
    mark: str


@dataclasses.dataclass(frozen=True, slots=True)
class Imported:
    """The form as FHIR JSON, how many items got licensed text, and those that kept ours."""

    form: dict[str, Any]
    replaced: int
    kept: tuple[str, ...] = ()


def read_table(content: bytes, name: str) -> list[Row]:
    """Return the rows of an xlsx or csv file below its line of headings.

    Raises:
        DomainError: ``scales.import.too_large``, ``scales.import.kind``, ``scales.import.unreadable`` or
            ``scales.import.no_headings`` (field ``file``).
    """
    if len(content) > LARGEST:
        raise DomainError("scales.import.too_large", field="file", limit=LARGEST // 1_000_000)
    ending = name.lower().rpartition(".")[2]
    if ending not in ("xlsx", "csv"):
        raise DomainError("scales.import.kind", field="file", name=name)
    try:
        sheet = read_sheet(content, ending, MOST_ROWS)
    except UNREADABLE as error:
        raise DomainError("scales.import.unreadable", field="file", name=name) from error
    return list(_rows(sheet))


def _rows(sheet: Sheet) -> Iterator[Row]:
    """Yield the rows below the headings; a section that is merged over several rows is that of each of them."""
    lines = sheet.lines[: MOST_ROWS + HEADINGS_WITHIN]
    headings = next((n for n, line in enumerate(lines) if {"id", "text"} <= set(_named(line))), None)
    if headings is None:
        raise DomainError("scales.import.no_headings", field="file")
    names = _named(lines[headings])
    section, above = names.index("section") if "section" in names else -1, ""
    for number, line in enumerate(lines[headings + 1 :], headings + 2):
        cells = {name: cell for name, cell in zip(names, line, strict=False) if name}
        if cells.get("section"):
            above = cells["section"]
        elif (number, section) in sheet.merged:
            cells["section"] = above
        if any(cell for name, cell in cells.items() if name != "section"):
            yield Row(number, cells)


def _named(line: Sequence[str]) -> list[str]:
    return [COLUMNS.get(cell.strip().lower(), "") for cell in line]


def over_ours(form: Mapping[str, Any], rows: Sequence[Row], licence: Licence) -> Imported:
    """Return a form we ship with licensed words; what is not in the table keeps ours and is named.

    Raises:
        DomainError: ``scales.import.refused``; fact `problems` holds a `Sentence` for each mistake.
    """
    made = copy.deepcopy(dict(form))
    items = {item["linkId"]: item for item in _items(made)}
    problems = list(_licence_problems(licence)) + list(_doubled(rows))
    replaced = set()
    for row in rows:
        item = items.get(row.get("id"))
        if item is None:
            problems.append(_problem("unknown_item", row, id=row.get("id")))
            continue
        problems += _replace(item, row)
        replaced.add(item["linkId"])
    if problems:
        raise _refused(problems)
    made["version"] = f"{str(made['version']).partition('+')[0]}+{licence.mark}"
    made["copyright"] = _copyright(licence)
    kept = tuple(
        i for i, item in items.items() if i not in replaced and item["type"] not in ("group", "display")
    )
    return Imported(made, len(replaced), kept)


def _replace(item: dict[str, Any], row: Row) -> Iterator[Sentence]:
    if not row.get("text"):
        yield _problem("no_text", row, id=row.get("id"))
    item["text"] = row.get("text")
    told, options = row.get("options"), item.get("answerOption", [])
    if not told:
        return
    if not options:
        yield _problem("no_options_here", row, id=row.get("id"))
        return
    wanted = _options(told)
    by_code = {option["valueCoding"]["code"]: option["valueCoding"] for option in options}
    if all(code for code, _ in wanted):
        for code, text in wanted:
            if code not in by_code:
                yield _problem("unknown_option", row, code=code, known="、".join(by_code))
            else:
                by_code[code]["display"] = text
    elif len(wanted) != len(options):
        yield _problem("option_count", row, given=len(wanted), wanted=len(options))
    else:
        for coding, (_, text) in zip(by_code.values(), wanted, strict=True):
            coding["display"] = text


def of_its_own(rows: Sequence[Row], name: str, title: str, version: str, licence: Licence) -> Imported:
    """Return a form made of the whole table; sections become pages.

    Raises:
        DomainError: ``scales.import.refused``; see `over_ours`.
    """
    problems = list(_licence_problems(licence)) + list(_doubled(rows))
    if not rows:
        problems.append(Sentence("scales.import.nothing"))
    system = f"{BASE}/CodeSystem/{name.replace('_', '-')}"
    pages: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found = list(_row_problems(row))
        problems += found
        if not found:
            pages.setdefault(row.get("section") or title, []).append(_item(row, system))
    if problems:
        raise _refused(problems)
    groups = [
        {"linkId": f"part-{number}", "type": "group", "text": text, "item": items}
        for number, (text, items) in enumerate(pages.items(), 1)
    ]
    form = {
        "resourceType": "Questionnaire", "url": f"{BASE}/Questionnaire/{name}", "version": version, "name": name,
        "title": title, "status": "draft", "subjectType": ["Patient"], "copyright": _copyright(licence),
        "item": groups,
    }  # fmt: skip
    return Imported(form, len(rows))


def _row_problems(row: Row) -> Iterator[Sentence]:
    if not row.get("id"):
        yield _problem("no_id", row)
    if not row.get("text"):
        yield _problem("no_text", row, id=row.get("id"))
    kind = row.get("type")
    if kind not in TYPES:
        yield _problem("unknown_type", row, given=kind, known="、".join(TYPES))
    elif kind in ("单选", "多选") and len(_options(row.get("options"))) < 2:
        yield _problem("too_few_options", row)
    if row.get("required").lower() not in YES | NO:
        yield _problem("not_yes_or_no", row, given=row.get("required"))
    for column, label in (("low", "最小"), ("high", "最大")):
        if row.get(column) and _number(row.get(column)) is None:
            yield _problem("not_a_number", row, column=label, given=row.get(column))
    low, high = _number(row.get("low")), _number(row.get("high"))
    if low is not None and high is not None and low > high:
        yield _problem("limits", row, low=row.get("low"), high=row.get("high"))


def _item(row: Row, system: str) -> dict[str, Any]:
    kind = TYPES[row.get("type")]
    made: dict[str, Any] = {"linkId": row.get("id"), "text": row.get("text")}
    made["type"] = "choice" if kind == "choices" else kind
    if kind != "display":
        made["required"] = row.get("required").lower() in YES
    if kind in ("choice", "choices"):
        coded = enumerate(_options(row.get("options")), 1)
        made["answerOption"] = [
            {"valueCoding": {"system": system, "code": code or str(n), "display": text}}
            for n, (code, text) in coded
        ]
        if kind == "choices":
            made["repeats"] = True
    value = "valueInteger" if kind == "integer" else "valueDecimal"
    bounds = [("minValue", _number(row.get("low"))), ("maxValue", _number(row.get("high")))]
    extensions: list[dict[str, Any]] = [
        {"url": HL7 + name, value: int(limit) if kind == "integer" else limit}
        for name, limit in bounds
        if limit is not None and kind in ("integer", "decimal")
    ]
    return made | ({"extension": extensions} if extensions else {})


def read_questionnaire(content: bytes, licence: Licence) -> Imported:
    """Return a FHIR R4 Questionnaire with the licence noted; what its items mean is checked by the form engine.

    Raises:
        DomainError: ``scales.import.unreadable``, ``scales.import.not_questionnaire`` (field ``file``), or
            ``scales.import.refused`` for items without linkId or with one that is there twice.
    """
    if len(content) > LARGEST:
        raise DomainError("scales.import.too_large", field="file", limit=LARGEST // 1_000_000)
    try:
        form = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise DomainError("scales.import.unreadable", field="file", name="JSON") from error
    if not isinstance(form, dict) or form.get("resourceType") != "Questionnaire":
        raise DomainError("scales.import.not_questionnaire", field="file")
    problems = list(_licence_problems(licence))
    seen: set[str] = set()
    items = list(_items(form))
    for place, item in enumerate(items, 1):
        link_id = item.get("linkId")
        if not isinstance(link_id, str) or not link_id:
            problems.append(
                Sentence(
                    "scales.import.item_without_id", {"place": place, "text": str(item.get("text"))[:40]}
                )
            )
        elif link_id in seen:
            problems.append(Sentence("scales.import.item_twice", {"place": place, "id": link_id}))
        else:
            seen.add(link_id)
    if not items:
        problems.append(Sentence("scales.import.nothing"))
    if problems:
        raise _refused(problems)
    return Imported({**form, "status": "draft", "copyright": _copyright(licence)}, len(items))


def _items(parent: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    waiting = list(parent.get("item") or [])
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, dict):
            yield item
            below = item.get("item")
            waiting = [*(below if isinstance(below, list) else []), *waiting]


def _options(told: str) -> list[tuple[str, str]]:
    """Read ``1=没有|2=很少`` or ``没有；很少``; a code is empty where none is given."""
    parts = [part.strip() for part in told.replace("；", "|").replace(";", "|").split("|")]
    coded = [part.partition("=") for part in parts if part]
    return [(code.strip(), text.strip()) if mark else ("", code.strip()) for code, mark, text in coded]


def _number(told: str) -> float | None:
    try:
        return float(told) if told else None
    except ValueError:
        return None


def _doubled(rows: Sequence[Row]) -> Iterator[Sentence]:
    first: dict[str, int] = {}
    for row in rows:
        link_id = row.get("id")
        if link_id and link_id in first:
            yield _problem("twice", row, id=link_id, first=first[link_id])
        first.setdefault(link_id, row.number)


def _licence_problems(licence: Licence) -> Iterator[Sentence]:
    if not licence.holder.strip() or not licence.number.strip():
        yield Sentence("scales.import.no_licence")
    if not licence.mark.isalnum() or not licence.mark.isascii():
        yield Sentence("scales.import.mark", {"given": licence.mark})


def _copyright(licence: Licence) -> str:
    return f"题目文字经授权使用。授权方：{licence.holder.strip()}；授权编号：{licence.number.strip()}。"


def _problem(code: str, row: Row, /, **facts: Any) -> Sentence:
    return Sentence(f"scales.import.{code}", {"row": row.number, **facts})


def _refused(problems: Sequence[Sentence]) -> DomainError:
    return DomainError("scales.import.refused", field="file", count=len(problems), problems=tuple(problems))
