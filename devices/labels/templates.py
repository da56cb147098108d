"""Label templates and stock profiles from a folder: ``*.yaml`` are templates, ``stock/*.yaml`` are stocks.

To add a label, write ``<name>.yaml``; to add a roll, write ``stock/<name>.yaml``. Everything is checked when the
folder is loaded and all mistakes are reported together, each with file and field.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import msgspec
import yaml

from devices.labels.model import (
    PLACEHOLDER,
    REPRINT_FIELD,
    Element,
    Field,
    Frame,
    Line,
    Media,
    Stock,
    Template,
)
from domain.kernel.content import read_yaml
from domain.kernel.errors import DomainError

_ELEMENTS: dict[str, type[Element]] = {str(kind.__struct_config__.tag): kind for kind in get_args(Element)}
_TOLERANCE = 0.01


class LabelContentError(DomainError):
    """The folder has mistakes; ``facts["problems"]`` lists all of them as ``file: place: what``."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("label.content", problems=problems, count=len(problems))
        self.problems = problems


def load_labels(folder: Path) -> dict[str, Template]:
    """Return every template of `folder` by its file stem.

    Raises:
        LabelContentError: Any file is not valid; nothing is returned then.
    """
    problems: list[str] = []
    stocks = {path.stem: _stock(path, problems) for path in sorted((folder / "stock").glob("*.yaml"))}
    found = {path.stem: _template(path, stocks, problems) for path in sorted(folder.glob("*.yaml"))}
    if not found:
        problems.append(f"{folder.name}: no template")
    if problems:
        raise LabelContentError(problems)
    return {name: template for name, template in found.items() if template is not None}


def _stock(path: Path, problems: list[str]) -> Stock | None:
    raw = _read(path, problems)
    if raw is None:
        return None
    found = list(_mistakes(raw, Stock, ""))
    problems += [f"stock/{path.name}: {text}" for text in found]
    if found:
        return None
    stock = msgspec.convert(raw, Stock)
    if stock.frozen_storage and stock.media is Media.DIRECT:
        problems.append(
            f"stock/{path.name}: media: direct thermal print fades, frozen specimens need transfer"
        )
    return stock


def _template(path: Path, stocks: Mapping[str, Stock | None], problems: list[str]) -> Template | None:
    raw = _read(path, problems)
    if raw is None:
        return None
    found = list(_template_mistakes(raw, path.stem, stocks))
    problems += [f"{path.name}: {text}" for text in found]
    stock = stocks.get(str(raw.get("stock")))
    if found or stock is None:
        return None
    return msgspec.convert({**raw, "name": path.stem, "stock": msgspec.to_builtins(stock)}, Template)


def _read(path: Path, problems: list[str]) -> dict[str, Any] | None:
    try:
        raw = read_yaml(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problems.append(f"{path.name}: not YAML: {str(error).splitlines()[0]}")
        return None
    if not isinstance(raw, dict):
        problems.append(f"{path.name}: not a mapping")
        return None
    return raw


def _template_mistakes(raw: dict[str, Any], name: str, stocks: Mapping[str, Stock | None]) -> Iterator[str]:
    fields, elements = raw.get("fields"), raw.get("elements")
    yield from _mistakes({**raw, "name": name}, Template, "", skip={"stock", "fields", "elements"})
    if raw.get("stock") not in stocks:
        yield f"stock: no profile {raw.get('stock')!r}"
    if not isinstance(fields, dict) or not isinstance(elements, list):
        yield "fields, elements: a mapping and a list are needed"
        return
    for key, field in fields.items():
        yield from _mistakes(field, Field, f"fields.{key}.")
    for index, element in enumerate(elements):
        yield from _element_mistakes(element, f"elements[{index}].", stocks.get(str(raw.get("stock"))))
    used = {
        m for e in elements if isinstance(e, dict) for m, _ in PLACEHOLDER.findall(str(e.get("data", "")))
    }
    yield from (f"fields.{name}: not used" for name in sorted(fields.keys() - used))
    yield from (
        f"elements: {{{name}}} is not declared" for name in sorted(used - fields.keys() - {REPRINT_FIELD})
    )
    if REPRINT_FIELD not in used:
        yield f"elements: no text {{{REPRINT_FIELD}}}; a second copy must show that it is one"


def _element_mistakes(raw: Any, place: str, stock: Stock | None) -> Iterator[str]:
    kind = _ELEMENTS.get(str(raw.get("type"))) if isinstance(raw, dict) else None
    if kind is None:
        yield f"{place}type: one of {', '.join(_ELEMENTS)}"
        return
    found = list(_mistakes({k: v for k, v in raw.items() if k != "type"}, kind, place))
    yield from found
    if stock is None or found:
        return
    margin = 0.0 if kind in (Line, Frame) else stock.margin
    element = msgspec.convert(raw, kind)
    if element.x < margin - _TOLERANCE or element.x + element.width > stock.width - margin + _TOLERANCE:
        yield f"{place}x: leaves the printable width ({margin:g} to {stock.width - margin:g} mm)"
    if element.y < margin - _TOLERANCE or element.y + element.height > stock.height - margin + _TOLERANCE:
        yield f"{place}y: leaves the printable height ({margin:g} to {stock.height - margin:g} mm)"
    module = getattr(element, "module", stock.min_module)
    if module < stock.min_module - _TOLERANCE:
        yield f"{place}module: the stock needs at least {stock.min_module:g} mm"


def _mistakes(
    raw: Any, schema: type[msgspec.Struct], place: str, skip: frozenset[str] | set[str] = frozenset()
) -> Iterator[str]:
    """Yield every wrong, missing or unknown key; msgspec itself stops at the first."""
    if not isinstance(raw, dict):
        yield f"{place.rstrip('.')}: not a mapping"
        return
    known = {field.encode_name: field for field in msgspec.structs.fields(schema)}
    yield from (f"{place}{key}: unknown" for key in raw.keys() - known.keys())
    for key, field in known.items():
        if key in skip:
            continue
        if key not in raw:
            if field.required:
                yield f"{place}{key}: missing"
            continue
        try:
            msgspec.convert(raw[key], field.type)
        except msgspec.ValidationError as error:
            yield f"{place}{key}: {error}"
