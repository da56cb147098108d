"""Answers of questionnaires as factors: the one place that knows which item asks for one and what is said of it.

An item names its factor by a code of the system ``urn:aftercheck:factor``: items of forms that ship, and those an
institution made or changed itself, in the exact version that was filled in.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, select

from domain.checkup.records import QuestionnaireResponse
from domain.designs.records import PublishedForm
from domain.interop.one_person import person_rows
from domain.kernel.clock import clinic
from domain.kernel.columns import from_microseconds, to_microseconds
from domain.kernel.content import ContentError
from domain.kernel.ids import Id
from domain.kernel.prepared import Prepared
from domain.risk.factors import SYSTEM, Given

UNIT = "http://hl7.org/fhir/StructureDefinition/questionnaire-unit"
_MOST_KNOWN = 500


class Asks(NamedTuple):
    """The factor an item asks for, and the UCUM code its numbers are in; empty for the factor's own."""

    factor: str
    unit: str = ""


Links = Mapping[str, Asks]
"""What the items of one form ask for, by linkId."""

_P, _Q = PublishedForm.__table__.c, QuestionnaireResponse.__table__.c
_QUESTIONNAIRE = Prepared(
    select(_P.questionnaire).where(_P.form == bindparam("form"), _P.version == bindparam("version")).limit(1)
)
_ANSWERS = Prepared(
    select(_Q.id, _Q.form, _Q.form_version, _Q.answers, _Q.authored_at, _Q.amends)
    .where(_Q.patient_id == bindparam("patient"), _Q.authored_at <= bindparam("until"))
    .order_by(_Q.authored_at, _Q.id)
)


class FormLinks:
    """What items of forms ask for: those that ship by name, an institution's own from the version at hand.

    Args:
        shipped: By the name of the form; a form that asks for nothing is there too.
    """

    def __init__(self, shipped: Mapping[str, Links]) -> None:
        self.shipped = dict(shipped)
        self._own: dict[tuple[str, str], Links] = {}

    def of(self, connection: Connection, form: str, version: str) -> Links:
        """Return what the items of a version ask for; empty for one that is not at hand.

        What was published never changes, so it is read once. Words put over a form that ships bear a ``+`` in their
        version and may ask for more than the form itself.
        """
        if form in self.shipped and "+" not in version:
            return self.shipped[form]
        known = self._own.get((form, version))
        if known is None:
            row = _QUESTIONNAIRE.first(connection, form=form, version=version)
            if row is None:
                return self.shipped.get(form, {})
            if len(self._own) >= _MOST_KNOWN:
                self._own.clear()
            known = self._own[form, version] = dict(links_of(msgspec.json.decode(row[0])))
        return known


def load_links(folder: Path) -> FormLinks:
    """Return what the forms of a folder ask for, by file name.

    Raises:
        ContentError: Files are not JSON.
    """
    found: dict[str, Links] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.json")):
        try:
            found[path.stem] = dict(links_of(msgspec.json.decode(path.read_bytes())))
        except msgspec.DecodeError as error:
            problems.append(f"{path.name}: not JSON: {error}")
    if problems:
        raise ContentError(problems)
    return FormLinks(found)


def links_of(questionnaire: Mapping[str, Any]) -> Iterator[tuple[str, Asks]]:
    """Yield linkId and factor of the items that ask for one."""
    for item in _items(questionnaire):
        for code in item.get("code") or ():
            if code.get("system") == SYSTEM and code.get("code"):
                yield str(item.get("linkId")), Asks(str(code["code"]), _unit_of(item))


def answered(connection: Connection, records: Sequence[Id], links: FormLinks, until: datetime) -> list[Given]:
    """Return every answer of a person to a factor until a moment, the oldest first; corrected ones do not count.

    What was not answered is not there, and of several answers to one question no single value follows.
    """
    rows = person_rows(_ANSWERS, connection, records, 4, until=to_microseconds(until))
    amended = {row[-1] for row in rows}
    found: list[Given] = []
    for own, form, version, answers, at, _ in rows:
        asked = links.of(connection, form, version) if own not in amended else {}
        if not asked:
            continue
        source, day = f"form:{form}", clinic(from_microseconds(at)).date()
        for link, value, unit in _answers(msgspec.json.decode(answers)):
            if link in asked and value is not None:
                asks = asked[link]
                found.append(
                    Given(code=asks.factor, value=value, unit=unit or asks.unit, source=source, at=day)
                )
    return found


def _unit_of(item: Mapping[str, Any]) -> str:
    for extension in item.get("extension") or ():
        if extension.get("url") == UNIT and isinstance(coding := extension.get("valueCoding"), Mapping):
            return str(coding.get("code") or "")
    return ""


def _items(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for item in node.get("item") or ():
        if isinstance(item, Mapping):
            yield item
            yield from _items(item)
            for answer in item.get("answer") or ():
                if isinstance(answer, Mapping):
                    yield from _items(answer)


def _answers(response: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    if "item" not in response:
        for link, value in response.items():
            yield link, value, ""
        return
    for item in _items(response):
        answers: list[Any] = item.get("answer") or []
        if len(answers) == 1 and isinstance(answers[0], Mapping):  # of several no single value follows
            value, unit = _value(answers[0])
            yield str(item.get("linkId")), value, unit


def _value(answer: Mapping[str, Any]) -> tuple[Any, str]:
    for name in ("valueBoolean", "valueDecimal", "valueInteger", "valueString"):
        if name in answer:
            return answer[name], ""
    if isinstance(coding := answer.get("valueCoding"), Mapping):
        return coding.get("code"), ""
    if isinstance(quantity := answer.get("valueQuantity"), Mapping):
        return quantity.get("value"), str(quantity.get("code") or quantity.get("unit") or "")
    return None, ""
