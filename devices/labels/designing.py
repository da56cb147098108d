"""Templates drawn by an institution itself: the fields they may name, and what is wrong with one.

A design is ``{"stock": {...}, "elements": [...]}`` as the template files have them; its fields are those its
elements name. Everything is judged with the sample of each field, at the resolution that is asked about.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

import msgspec

from devices.labels.glyphs import text_picture
from devices.labels.layout import lay_out
from devices.labels.model import (
    PLACEHOLDER,
    REPRINT_FIELD,
    Bitmap,
    Element,
    Field,
    Frame,
    Label,
    Line,
    Stock,
    Template,
    Text,
    dots,
)
from domain.kernel.errors import DomainError

FIELDS: dict[str, Field] = {
    "specimen_number": Field(title="标本号", sample="261100000058"),
    "patient_name": Field(title="姓名", sample="欧阳美娜"),
    "sex": Field(title="性别", sample="女"),
    "age": Field(title="年龄", sample="46岁"),
    "visit_number": Field(title="体检号", sample="2611230017", required=False),
    "specimen_type": Field(title="标本类型", sample="EDTA抗凝全血"),
    "collected_at": Field(title="采集时间", sample="2026-11-23 08:15"),
    "items": Field(title="检验项目", sample="血常规 糖化血红蛋白", required=False),
    "study": Field(title="队列", sample="代谢队列", required=False),
    "aliquot": Field(title="分装序号", sample="12/20", required=False),
    "frozen_at": Field(title="冻存日期", sample="2026-11-23", required=False),
}
"""What a label may show, with a sample as long as it gets in life."""
USED_BY = {
    "tube": (
        "specimen_number",
        "patient_name",
        "sex",
        "age",
        "visit_number",
        "specimen_type",
        "collected_at",
        "items",
    ),
    "aliquot": ("specimen_number", "specimen_type", "study", "aliquot", "frozen_at"),
}
"""Which of them are given for a purpose."""
KINDS: dict[str, type[Element]] = {str(kind.__struct_config__.tag): kind for kind in get_args(Element)}
_CODES = ("code128", "datamatrix", "qr")
_BRACES = re.compile(r"\{([^{}|]*)(?:\|[^{}]*)?\}")
_TOLERANCE = 0.01


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: `code` is a text ``label_check.*``, `element` its place in the list.

    None stands for the whole. A `grave` one keeps the design from being published; another is only told.
    """

    code: str
    element: int | None = None
    grave: bool = True
    facts: dict[str, Any] = field(default_factory=dict)


def read_design(content: Mapping[str, Any]) -> tuple[Stock | None, list[Element | None], list[Problem]]:
    """Return the stock, the elements in their places (None for one that is not one), and what could not be read."""
    problems: list[Problem] = []
    stock = None
    try:
        stock = msgspec.convert(content.get("stock"), Stock)
    except msgspec.ValidationError as error:
        problems.append(Problem("label_check.stock", facts={"reason": str(error)}))
    raw = content.get("elements")
    found: list[Element | None] = []
    for place, one in enumerate(raw if isinstance(raw, list) else ()):
        kind = KINDS.get(str(one.get("type"))) if isinstance(one, dict) else None
        try:
            if kind is None:
                raise msgspec.ValidationError("type")
            found.append(msgspec.convert(one, kind))
        except msgspec.ValidationError as error:
            found.append(None)
            problems.append(Problem("label_check.element", place, facts={"reason": str(error)}))
    return stock, found, problems


def template_of(content: Mapping[str, Any], name: str, title: str, version: int) -> Template:
    """Return the template of a design.

    Raises:
        DomainError: ``label_design.mistakes``: it cannot be read, or names a field that is not known.
    """
    stock, elements, problems = read_design(content)
    named = _named(elements)
    problems += _unknown(elements)
    if stock is None or problems:
        raise DomainError("label_design.mistakes", field="content", count=len(problems))
    return Template(
        name=name, title=title, version=version, stock=stock,
        fields={key: FIELDS[key] for key in FIELDS if key in named},
        elements=tuple(e for e in elements if e is not None), source="own", status="V",
    )  # fmt: skip


def check_design(
    content: Mapping[str, Any], dpi: int | None = None, purpose: str | None = None
) -> list[Problem]:
    """Return all that is wrong with a design at `dpi` (its stock's own when not given), the gravest first."""
    stock, elements, problems = read_design(content)
    if stock is None:
        return problems
    if stock.frozen_storage and stock.media.value == "direct":
        problems.append(Problem("label_check.direct_frozen"))
    if stock.margin * 2 >= min(stock.width, stock.height):
        problems.append(Problem("label_check.margin"))
    known = USED_BY.get(purpose or "", tuple(FIELDS))
    problems += _unknown(elements)
    problems += [
        Problem(
            "label_check.other_purpose",
            place,
            facts={"field": FIELDS[name].title},
            grave=FIELDS[name].required,
        )
        for place, element in enumerate(elements)
        for name in _names(element)
        if name in FIELDS and name not in known
    ]
    if REPRINT_FIELD not in _named(elements):
        problems.append(Problem("label_check.no_reprint"))
    if not any(type(e).__struct_config__.tag in _CODES for e in elements if e is not None):
        problems.append(Problem("label_check.no_code"))
    sample = {name: one.sample for name, one in FIELDS.items()} | {REPRINT_FIELD: "R9"}
    for place, element in enumerate(elements):
        if element is not None:
            problems += _element(element, place, stock, dpi or stock.dpi, sample)
    problems += _touching(elements)
    return sorted(problems, key=lambda p: (not p.grave, -1 if p.element is None else p.element))


def refuse_mistakes(content: Mapping[str, Any]) -> None:
    """Raise ``label_design.mistakes`` for a design that must not be published."""
    count = sum(problem.grave for problem in check_design(content))
    if count:
        raise DomainError("label_design.mistakes", field="content", count=count)


def sample_label(stock: Stock, elements: list[Element | None]) -> Label:
    """Return the label with the samples, elements that cannot be read or that name unknown fields left out."""
    good = tuple(
        e for e in elements if e is not None and all(n in FIELDS or n == REPRINT_FIELD for n in _names(e))
    )
    used = _named(list(good))
    template = Template(
        name="sample", title="sample", version=1, stock=stock, elements=good, source="own", status="V",
        fields={key: FIELDS[key] for key in FIELDS if key in used},
    )  # fmt: skip
    return template.fill(template.sample(), reprint=1)


def _names(element: Element | None) -> list[str]:
    return [name for name, _ in PLACEHOLDER.findall(str(getattr(element, "data", "") or ""))]


def _named(elements: list[Element | None]) -> set[str]:
    return {name for element in elements for name in _names(element)}


def _unknown(elements: list[Element | None]) -> list[Problem]:
    """Return what stands in braces and is no field, in whatever script it was typed: it would be printed as it is."""
    return [
        Problem("label_check.unknown_field", place, facts={"field": match[1]})
        for place, element in enumerate(elements)
        for match in _BRACES.finditer(str(getattr(element, "data", "") or ""))
        if not PLACEHOLDER.fullmatch(match[0]) or (match[1] not in FIELDS and match[1] != REPRINT_FIELD)
    ]


def _element(
    element: Element, place: int, stock: Stock, dpi: int, sample: Mapping[str, str]
) -> Iterator[Problem]:
    margin = 0.0 if isinstance(element, Line | Frame) else stock.margin
    right, bottom = stock.width - margin, stock.height - margin
    if element.x < margin - _TOLERANCE or element.x + element.width > right + _TOLERANCE:
        yield Problem("label_check.outside_x", place, facts={"left": f"{margin:g}", "right": f"{right:g}"})
    if element.y < margin - _TOLERANCE or element.y + element.height > bottom + _TOLERANCE:
        yield Problem("label_check.outside_y", place, facts={"top": f"{margin:g}", "bottom": f"{bottom:g}"})
    if any(name not in sample for name in _names(element)):
        return
    module = getattr(element, "module", None)
    if module is not None and module < stock.min_module - _TOLERANCE:
        yield Problem("label_check.module", place, facts={"needed": f"{stock.min_module:g}"})
    try:
        label = sample_label(stock, [element])
        lay_out(label, dpi)
        if isinstance(element, Text) and label.elements:
            yield from _cut(element, label.elements[0], place, dpi)
    except DomainError as error:
        code = "label_check.too_small" if error.code == "label.too_narrow" else error.code
        yield Problem(code, place, facts={**error.facts, "dpi": dpi})


def _cut(element: Text, filled: Any, place: int, dpi: int) -> Iterator[Problem]:
    """Yield whether the sample has to be cut, or is too small to be read."""
    try:
        text_picture(
            filled.data, max(1, dots(element.width, dpi)), max(1, dots(element.height, dpi)),
            size=dots(element.size, dpi), min_size=dots(element.min_size, dpi), bold=element.bold, overflow="refuse",
        )  # fmt: skip
    except DomainError as error:
        if error.code != "label.text_too_long":
            raise
        yield Problem("label_check.cut", place, grave=False, facts={"text": filled.data})


def _touching(elements: list[Element | None]) -> Iterator[Problem]:
    """Yield what stands in the quiet zone of a code (its box), and texts that lie on one another."""
    for place, code in enumerate(elements):
        if code is None or type(code).__struct_config__.tag not in _CODES:
            continue
        for other, element in enumerate(elements):
            if (
                element is not None
                and other != place
                and not isinstance(element, Frame)
                and _overlap(code, element)
            ):
                yield Problem("label_check.quiet_zone", place, facts={"other": other + 1})
    texts = [(place, e) for place, e in enumerate(elements) if isinstance(e, Text | Bitmap)]
    for index, (place, one) in enumerate(texts):
        for other, element in texts[index + 1 :]:
            if _overlap(one, element):
                yield Problem("label_check.overlap", place, grave=False, facts={"other": other + 1})


def _overlap(one: Element, other: Element) -> bool:
    return (
        one.x + one.width > other.x + _TOLERANCE
        and other.x + other.width > one.x + _TOLERANCE
        and one.y + one.height > other.y + _TOLERANCE
        and other.y + other.height > one.y + _TOLERANCE
    )
