"""Reading what makers of watches and bands let their users export. How a file is read stands in ``formats.yaml``.

Three kinds of file become rows (elements, objects, lines); a rule says which rows it takes and where in them time,
value and bout stand. What no rule takes is passed over: exports are full of what nobody asked for.
"""

import csv
import dataclasses
import fnmatch
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Annotated, Any, Literal

import msgspec
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.content import ContentError, load_folder
from domain.kernel.errors import DomainError
from domain.monitoring.commands import SINCE, Bout, Reading

MOST_UNPACKED = 200 * 1024 * 1024
MOST_FILES = 2000
MOST_ROWS = 3_000_000


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An item of the catalogue; `daily` keeps the last value of a day alone."""

    item: str
    unit: str = ""
    factor: float = 1.0
    daily: bool = False


class BoutFields(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a bout's numbers stand, and how many of their units make a minute and a kcal."""

    minutes: str
    per_minute: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    kcal: str = ""
    per_kcal: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    heart_rate: str = ""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which rows it takes (`where` equal, `needs` there) and what they say; `by` names the kind in a row."""

    where: dict[str, str]
    time: str
    needs: tuple[str, ...] = ()
    time_unit: Literal["text", "s", "ms"] = "text"
    by: str = ""
    value: str = ""
    unit_from: str = ""
    item: Item | None = None
    items: dict[str, Item] = {}
    bout: BoutFields | None = None
    activities: dict[str, str] = {}


class Format(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One maker's export."""

    label: str
    status: Literal["V", "UNVERIFIED"]
    files: tuple[str, ...]
    rows: Literal["xml", "json", "csv"]
    rules: tuple[Rule, ...]
    each: str = ""
    json_in: str = ""


class Formats(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``formats.yaml``."""

    version: str
    source: str
    units: dict[str, str]
    formats: dict[str, Format]


@dataclasses.dataclass(frozen=True, slots=True)
class Export:
    """What stands in a file: values and bouts of the last days, how many were older, and what could not be read."""

    said: str
    readings: tuple[Reading, ...]
    bouts: tuple[Bout, ...]
    older: int
    unreadable: int
    unverified: bool


def load_formats(folder: Path) -> Formats:
    """Return ``formats.yaml``. Raises `ContentError` where it is not there or does not fit."""
    found = load_folder(folder, Formats, "formats.yaml").get("formats")
    if found is None:
        raise ContentError(["formats.yaml: missing"])
    return found


def read_export(formats: Formats, name: str, body: bytes, now: datetime) -> Export:
    """Return what a file says.

    Args:
        formats: How each is read.
        name: Of the file as the phone named it.
        body: Its bytes; a zip is looked through for files of one maker.
        now: What is older than `SINCE` is counted, not returned.

    Raises:
        DomainError: ``monitor.unknown_file``, ``monitor.broken_file``, ``monitor.file_too_large``.
    """
    gathered: dict[str, _Gathered] = {}
    try:
        for inner, stream in _files(name, body):
            for key, one in formats.formats.items():
                if any(fnmatch.fnmatch(inner.lower(), pattern.lower()) for pattern in one.files):
                    gathered.setdefault(key, _Gathered(formats, one, now)).read(stream)
                    break
    except (zipfile.BadZipFile, ValueError, DefusedXmlException, ElementTree.ParseError, csv.Error) as error:
        raise DomainError("monitor.broken_file", field="file", name=name[:80]) from error
    if not gathered:
        labels = "；".join(one.label for one in formats.formats.values())
        raise DomainError("monitor.unknown_file", field="file", name=name[:80], known=labels)
    return max((one.result() for one in gathered.values()), key=lambda e: len(e.readings) + len(e.bouts))


def _files(name: str, body: bytes) -> Iterator[tuple[str, IO[bytes]]]:
    if not body.startswith(b"PK"):
        yield name, io.BytesIO(body)
        return
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        inside = [one for one in archive.infolist() if not one.is_dir()]
        if len(inside) > MOST_FILES or sum(one.file_size for one in inside) > MOST_UNPACKED:
            raise DomainError("monitor.file_too_large", field="file", mb=MOST_UNPACKED // 1024 // 1024)
        for one in inside:
            with archive.open(one) as stream:
                yield one.filename.rpartition("/")[2], stream


class _Gathered:
    """What was found of one format."""

    def __init__(self, formats: Formats, one: Format, now: datetime) -> None:
        self._units, self._format, self._now = formats.units, one, now
        self._readings: dict[tuple[str, object], Reading] = {}
        self._bouts: dict[tuple[str, datetime], Bout] = {}
        self._older = self._unreadable = 0

    def read(self, stream: IO[bytes]) -> None:
        for count, row in enumerate(_ROWS[self._format.rows](stream, self._format)):
            if count > MOST_ROWS:
                raise DomainError("monitor.file_too_large", field="file", mb=MOST_UNPACKED // 1024 // 1024)
            for rule in self._format.rules:
                if _fits(rule, row):
                    self._take(rule, row)

    def result(self) -> Export:
        order = sorted(self._readings.values(), key=lambda one: one.at)
        bouts = sorted(self._bouts.values(), key=lambda one: one.at)
        unverified = self._format.status != "V"
        said = f"{self._format.label.partition('（')[0]}{'（格式待核定）' if unverified else ''}"
        return Export(said, tuple(order), tuple(bouts), self._older, self._unreadable, unverified)

    def _take(self, rule: Rule, row: Mapping[str, Any]) -> None:
        kind = str(row.get(rule.by, ""))
        item = rule.items.get(kind) if rule.items else rule.item
        activity = rule.activities.get(kind)
        if item is None and activity is None:
            return
        try:
            at = _time(row[rule.time], rule.time_unit)
            if at < self._now - SINCE:
                self._older += 1
            elif item is not None:
                self._value(rule, item, row, at)
            elif rule.bout is not None and activity is not None:
                self._bout(rule.bout, activity, row, at)
        except (KeyError, TypeError, ValueError, OverflowError, OSError):
            self._unreadable += 1

    def _value(self, rule: Rule, item: Item, row: Mapping[str, Any], at: datetime) -> None:
        said = str(row.get(rule.unit_from, "")) if rule.unit_from else item.unit
        unit = self._units.get(said, said)
        value = _number(row[rule.value]) * item.factor
        one = Reading(item=item.item, value=value, unit=unit, at=at)
        key = (item.item, clinic(at).date() if item.daily else at)
        if key not in self._readings or self._readings[key].at <= at:
            self._readings[key] = one

    def _bout(self, fields: BoutFields, activity: str, row: Mapping[str, Any], at: datetime) -> None:
        minutes = _number(row[fields.minutes]) / fields.per_minute
        kcal = _number(row[fields.kcal]) / fields.per_kcal if row.get(fields.kcal) not in (None, "") else None
        rate = _number(row[fields.heart_rate]) if row.get(fields.heart_rate) not in (None, "", 0) else None
        self._bouts[activity, at] = Bout(
            activity=activity, minutes=round(minutes, 1), at=at, heart_rate=rate,
            kcal=None if kcal is None or kcal <= 0 else round(kcal, 1),
        )  # fmt: skip


def _number(said: Any) -> float:
    found = float(said)
    if not -1e9 < found < 1e9:
        raise ValueError(said)
    return found


def _time(said: Any, unit: str) -> datetime:
    if unit == "text":
        text = str(said).strip()
        # "2026-11-01 08:00:00 +0800" has a space before the zone; without a zone it is the clinic's time.
        head, _, zone = text.rpartition(" ")
        found = datetime.fromisoformat(f"{head}{zone}" if zone[:1] in {"+", "-"} else text)
        return found if found.tzinfo else found.replace(tzinfo=CLINIC_TIME)
    return datetime.fromtimestamp(float(said) / (1000 if unit == "ms" else 1), UTC)


def _fits(rule: Rule, row: Mapping[str, Any]) -> bool:
    return all(str(row.get(name)) == said for name, said in rule.where.items()) and all(
        name in row for name in rule.needs
    )


def _xml(stream: IO[bytes], _format: Format) -> Iterable[Mapping[str, Any]]:
    """Yield the attributes of each element with its tag; what was read is let go."""
    path: list[Any] = []
    # Apple's file begins with a DOCTYPE of element declarations; entities stay forbidden.
    for event, element in ElementTree.iterparse(stream, events=("start", "end"), forbid_dtd=False):
        if event == "start":
            path.append(element)
            continue
        path.pop()
        yield {**element.attrib, "tag": element.tag}
        element.clear()
        if path:
            path[-1].remove(element)


def _json(stream: IO[bytes], one: Format) -> Iterable[Mapping[str, Any]]:
    """Yield the objects of a list, and those inside each with what stands around them."""
    body = json.load(stream)
    for row in body if isinstance(body, list) else [body]:
        if isinstance(row, dict):
            yield row
            inside = row.get(one.each) if one.each else None
            for sample in inside if isinstance(inside, list) else ():
                if isinstance(sample, dict):
                    yield {**{k: v for k, v in row.items() if k != one.each}, **sample}


def _csv(stream: IO[bytes], one: Format) -> Iterable[Mapping[str, Any]]:
    """Yield the lines by their heads; a column of JSON is laid beside the others."""
    text = io.TextIOWrapper(stream, "utf-8-sig", errors="replace", newline="")
    for line in csv.DictReader(text):
        row: dict[str, Any] = {k.strip(): v for k, v in line.items() if isinstance(k, str)}
        if one.json_in and isinstance(said := row.get(one.json_in), str) and said.startswith("{"):
            try:
                row |= json.loads(said)
            except ValueError:
                continue
        yield row


_ROWS = {"xml": _xml, "json": _json, "csv": _csv}
