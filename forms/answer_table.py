"""Responses of one form as a table, with the data dictionary that says what each column is.

A column is a question of the form by its linkId; several answers to one stand in one cell, apart by `；`. Values come
twice: as people read them, and as codes and numbers for a program. Unless people may be recognised, a client is a
number drawn for this one table (nobody can make it again, so two tables cannot be laid side by side), days stand for
moments, an age for the day of birth, and what was typed freely is left out: it could name somebody.
"""

import dataclasses
import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from domain.checkup.records import QuestionnaireResponse
from domain.designs.reading import designed_scale
from domain.kernel.authority import Actor
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.texts import Texts
from domain.outgoing.answer_commands import Wanted, standing_answers
from domain.people.records import Organization, Patient
from domain.scales.definitions import Scale
from domain.scales.facts import completed_years
from domain.scales.keeping import SCALES
from domain.scales.records import ScaleResult
from forms.fhir_values import choice_value
from forms.questionnaire import Coding, Item, ItemType, Quantity, Questionnaire
from forms.shelf import take
from forms.values import Answer, shown

AT_ONCE = 200
WITHHELD = "〔自由文字，去标识导出不含〕"
_FREE = frozenset({ItemType.STRING, ItemType.TEXT, ItemType.URL, ItemType.ATTACHMENT, ItemType.REFERENCE})
_BETWEEN = "；"


@dataclasses.dataclass(frozen=True, slots=True)
class Variable:
    """One question: `options` are code, label and what it counts; `versions` those of the form that ask it."""

    name: str
    group: str
    text: str
    kind: str
    unit: str
    required: bool
    several: bool
    options: tuple[tuple[str, str, str], ...]
    bounds: str
    asked_if: str
    worked_out: str
    free: bool
    versions: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One response: what leads it, what each question was answered as words and as a code, what scales came to."""

    head: tuple[str | float | None, ...]
    words: Mapping[str, str]
    codes: Mapping[str, str | float]
    results: tuple[tuple[str, float | None, str], ...]


@dataclasses.dataclass(frozen=True, slots=True)
class AnswerTable:
    """The columns of a table and where its lines come from; `missing` are versions whose questions are not here."""

    title: str
    variables: tuple[Variable, ...]
    scoring: tuple[tuple[str, str, str], ...]
    """Scale with version, range, and what it means with the mark of what no physician has signed."""
    heads: tuple[str, ...]
    missing: tuple[str, ...]
    ids: tuple[Id, ...]
    lines: Callable[[], Iterator[Line]]


def answer_table(
    connect: Callable[[], Any], texts: Texts, content: Mapping[str, Any], folder: Path, actor: Actor, wanted: Wanted,
    *, salt: bytes, identified: bool = False,
) -> AnswerTable:  # fmt: skip
    """Return the table of the responses that stand.

    Args:
        connect: Gives a connection to read by, as a context (``store.read``).
        texts: Names of codes.
        content: That of commands; scales are asked for.
        folder: Where the forms are that ship.
        actor: Whose reach counts.
        wanted: Which responses.
        salt: Drawn for this table alone and thrown away; pseudonyms are made with it.
        identified: Say who somebody is.
    """
    with connect() as connection:
        ids = tuple(connection.execute(standing_answers(wanted, actor)).scalars())
        seen = _versions(connection, ids)
        forms: dict[str, Questionnaire] = {}
        missing = []
        for version, orgs in seen.items():
            try:
                forms[version] = take(connection, folder, wanted.form, orgs, version).form
            except DomainError:
                missing.append(version)
        scales = [
            scale
            for version in forms
            if (scale := _scale(connection, content, wanted.form, version, forms[version]))
        ]
    points = _points(scales)
    variables = _variables(forms, points)
    title = next((form.title for form in reversed(forms.values())), wanted.form)
    reader = _Lines(connect, texts, forms, variables, salt, identified=identified)
    return AnswerTable(
        title, tuple(variables.values()), tuple(_scoring(scales)), reader.heads, tuple(missing), ids,
        lambda: reader.read(ids),
    )  # fmt: skip


def pseudonym(salt: bytes, patient_id: Id) -> str:
    """Return what stands for a client in one table: 12 hexadecimal digits (48 bits) of an HMAC-SHA-256."""
    return hmac.new(salt, patient_id.bytes, hashlib.sha256).hexdigest()[:12].upper()


def _versions(connection: Connection, ids: tuple[Id, ...]) -> dict[str, frozenset[Id]]:
    r = QuestionnaireResponse
    found: dict[str, set[Id]] = {}
    for start in range(0, len(ids), AT_ONCE):
        part = ids[start : start + AT_ONCE]
        for version, org in connection.execute(
            select(r.form_version, r.org_id).where(r.id.in_(part)).distinct()
        ):
            found.setdefault(version, set()).add(org)
    return {version: frozenset(orgs) for version, orgs in sorted(found.items())}


def _scale(
    connection: Connection, content: Mapping[str, Any], form: str, version: str, asked: Questionnaire
) -> Scale | None:
    known: Mapping[str, Scale] = content.get(SCALES) or {}
    shipped = known.get(form)
    if shipped is not None and shipped.instrument == asked.canonical:
        return shipped
    return designed_scale(connection, form, version)


def _points(scales: list[Scale]) -> dict[tuple[str, str], str]:
    return {
        (item.id, code): f"{points:g}"
        for scale in scales
        for item in scale.items
        for code, points in scale.points.get(item.points, {}).items()
    }


def _scoring(scales: list[Scale]) -> Iterator[tuple[str, str, str]]:
    for scale in scales:
        for score in scale.scores:
            for band in score.bands:
                mark = "（待医师核定）" if band.part and scale.unverified(band.part) else ""
                yield (
                    f"{scale.title} {scale.version} · {score.id}",
                    _span(band),
                    f"{band.text or band.code}{mark}",
                )


def _span(band: Any) -> str:
    told = [
        f"{sign}{value:g}"
        for sign, value in (("≥", band.at_least), (">", band.above), ("≤", band.up_to), ("<", band.below))
        if value is not None
    ]
    return " 且 ".join(told) or band.code


def _variables(
    forms: Mapping[str, Questionnaire], points: Mapping[tuple[str, str], str]
) -> dict[str, Variable]:
    found: dict[str, Variable] = {}
    for version, form in forms.items():
        for item, group in _questions(form.items, ""):
            known = found.get(item.link_id)
            versions = (*(known.versions if known else ()), version)
            found[item.link_id] = _variable(item, group, versions, points)
    return found


def _questions(items: tuple[Item, ...], group: str) -> Iterator[tuple[Item, str]]:
    for item in items:
        if item.type.is_question:
            yield item, group
        yield from _questions(item.items, item.text or group if item.type is ItemType.GROUP else group)


def _variable(
    item: Item, group: str, versions: tuple[str, ...], points: Mapping[tuple[str, str], str]
) -> Variable:
    options = []
    for option in item.options:
        code = option.value.code if isinstance(option.value, Coding) else str(option.value)
        counts = points.get((item.link_id, code)) or ("" if option.score is None else f"{option.score:g}")
        options.append((code, option.label, counts))
    low, high = item.min_value, item.max_value
    bounds = (
        ""
        if low is None and high is None
        else f"{'' if low is None else low} 至 {'' if high is None else high}"
    )
    conditions = [f"{one.question} {one.operator} {shown(one.answer)}" for one in item.enable_when]
    if item.enable_expression is not None:
        conditions.append(item.enable_expression.text)
    return Variable(
        item.link_id, group, f"{item.prefix} {item.text}".strip(), item.type.value,
        item.unit.display if item.unit else "、".join(unit.display for unit in item.unit_options),
        item.required, item.repeats, tuple(options), bounds, (" 且 " if item.enable_all else " 或 ").join(conditions),
        item.calculated.text if item.calculated else "", item.type in _FREE, versions,
    )  # fmt: skip


class _Lines:
    """Reads responses in parts and lays them out."""

    def __init__(
        self, connect: Callable[[], Any], texts: Texts, forms: Mapping[str, Questionnaire],
        variables: Mapping[str, Variable], salt: bytes, *, identified: bool,
    ) -> None:  # fmt: skip
        self._connect, self._texts, self._variables = connect, texts, variables
        self._kinds = {item.link_id: item.type for form in forms.values() for item in form.walk()}
        self._salt, self._identified = salt, identified
        who = ("档案号", "姓名", "出生日期") if identified else ("去标识编号",)
        self.heads = (
            *who,
            "性别",
            "年龄",
            "机构",
            "问卷版本",
            "填写时间" if identified else "填写日期",
            "填写方式",
            "得分",
        )

    def read(self, ids: tuple[Id, ...]) -> Iterator[Line]:
        for start in range(0, len(ids), AT_ONCE):
            part = ids[start : start + AT_ONCE]
            with self._connect() as connection:
                rows = {row.id: row for row in connection.execute(_rows(part))}
                results = _results(connection, part)
            for one in part:
                if one in rows:
                    yield self._line(rows[one], results.get(one, ()))

    def _line(self, row: Any, results: tuple[tuple[str, float | None, str], ...]) -> Line:
        words: dict[str, list[str]] = {}
        codes: dict[str, list[str | float]] = {}
        for link_id, answer in _given(row.answers, self._kinds):
            words.setdefault(link_id, []).append(self._word(link_id, answer))
            codes.setdefault(link_id, []).append(self._code(link_id, answer))
        return Line(
            self._head(row),
            {name: _BETWEEN.join(told) for name, told in words.items()},
            {
                name: told[0] if len(told) == 1 else _BETWEEN.join(map(str, told))
                for name, told in codes.items()
            },
            tuple(
                (self._named(f"word.scale.{scale}", scale), total, meaning)
                for scale, total, meaning in results
            ),
        )

    def _head(self, row: Any) -> tuple[str | float | None, ...]:
        at: datetime = row.authored_at
        born: date | None = row.birth_date
        who = (
            (row.number, row.name, "" if born is None else born.isoformat())
            if self._identified
            else (pseudonym(self._salt, row.patient_id),)
        )
        moment = f"{clinic(at):%Y-%m-%d %H:%M}" if self._identified else f"{clinic(at):%Y-%m-%d}"
        told: tuple[str | float | None, ...] = (
            self._named(f"choice.sex.{int(row.sex)}", ""), None if born is None else completed_years(born, at),
            row.organisation or "", row.form_version, moment,
            self._named(f"word.form_source.{row.source}", row.source or ""), row.score,
        )  # fmt: skip
        return (*who, *told)

    def _named(self, key: str, otherwise: str) -> str:
        return self._texts.say(key) if key in self._texts else otherwise

    def _is_withheld(self, link_id: str, answer: Answer) -> bool:
        """Whether the words are the client's own: typed, or a choice that was written instead of chosen."""
        if self._identified:
            return False
        variable = self._variables.get(link_id)
        typed = isinstance(answer, str) or (isinstance(answer, Coding) and not answer.code)
        return variable is None or variable.free or typed

    def _word(self, link_id: str, answer: Answer) -> str:
        if self._is_withheld(link_id, answer):
            return WITHHELD
        if isinstance(answer, bool):
            return "是" if answer else "否"
        if isinstance(answer, Coding):
            variable = self._variables.get(link_id)
            named = (
                next((label for code, label, _ in variable.options if code == answer.code), "")
                if variable
                else ""
            )
            return answer.display or named or answer.code
        return shown(answer)

    def _code(self, link_id: str, answer: Answer) -> str | float:
        if self._is_withheld(link_id, answer):
            return ""
        if isinstance(answer, bool):
            return int(answer)
        if isinstance(answer, int | Decimal):
            return float(answer)
        if isinstance(answer, Quantity) and answer.value is not None and not answer.comparator:
            return float(answer.value)
        return answer.code or answer.display if isinstance(answer, Coding) else shown(answer)


def _rows(ids: tuple[Id, ...]) -> Any:
    r = QuestionnaireResponse
    return (
        select(
            r.id, r.patient_id, r.form_version, r.answers, r.score, r.authored_at, r.source, Patient.number,
            Patient.name, Patient.sex, Patient.birth_date, Organization.name.label("organisation"),
        )
        .join(Patient, Patient.id == r.patient_id)
        .outerjoin(Organization, Organization.id == r.org_id)
        .where(r.id.in_(ids))
    )  # fmt: skip


def _results(
    connection: Connection, ids: tuple[Id, ...]
) -> dict[Id, tuple[tuple[str, float | None, str], ...]]:
    s = ScaleResult
    query = (
        select(s.response_id, s.scale, s.total, s.meaning, s.unverified)
        .where(s.response_id.in_(ids))
        .order_by(s.scored_at)
    )
    found: dict[Id, dict[str, tuple[str, float | None, str]]] = {}
    for response, scale, total, meaning, unverified in connection.execute(query):
        told = f"{meaning or ''}{'（待医师核定）' if unverified and meaning else ''}"
        found.setdefault(response, {})[scale] = (scale, total, told)
    return {response: tuple(of.values()) for response, of in found.items()}


def _given(response: Any, kinds: Mapping[str, ItemType]) -> Iterator[tuple[str, Answer]]:
    """Yield every answer of a FHIR QuestionnaireResponse with its question, in the order of the page."""
    for entry in (response or {}).get("item", ()) if isinstance(response, dict) else ():
        link_id = str(entry.get("linkId", ""))
        for one in entry.get("answer", ()):
            plain = {key: value for key, value in one.items() if key.startswith("value")}
            value = choice_value(plain, "value", kinds.get(link_id, ItemType.OPEN_CHOICE)) if plain else None
            if value is not None:
                yield link_id, value
            yield from _given(one, kinds)
        yield from _given(entry, kinds)
