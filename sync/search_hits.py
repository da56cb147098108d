"""How found records are shown: a title and a line of what tells them apart, masked for the reader."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, select

from domain.biobank.records import Specimen
from domain.checkup.records import Visit
from domain.kernel.authority import Actor
from domain.kernel.ids import Id
from domain.kernel.masking import masked
from domain.kernel.record import column_info, record_classes
from domain.kernel.workflow import workflows
from domain.people.records import Patient, Sex

_PATIENT = Patient.__table__
CLIENTS = select(
    *(_PATIENT.c[name] for name in ("id", "org_id", "number", "name", "sex", "birth_date", "phone"))
).where(_PATIENT.c.id.in_(bindparam("ids", expanding=True)))
SEXES = {Sex.MALE: "男", Sex.FEMALE: "女"}


@dataclasses.dataclass(frozen=True, slots=True)
class Hit:
    """One result of a search."""

    entity: str
    record_id: Id
    title: str
    subtitle: str = ""


def shown(connection: Connection, found: Sequence[tuple[str, Id]], actor: Actor) -> list[Hit]:
    """Return the hits of records (entity and id) in the order given; records that are gone are left out."""
    wanted: dict[str, list[Id]] = defaultdict(list)
    for entity, record_id in found:
        wanted[entity].append(record_id)
    hits: dict[tuple[str, Id], Hit] = {}
    for entity, ids in wanted.items():
        for row in _rows(connection, entity, ids):
            if actor.sees(row.org_id):
                hits[entity, row.id] = _hit(entity, row, actor)
    return [hits[key] for key in found if key in hits]


def _rows(connection: Connection, entity: str, ids: Sequence[Id]) -> Iterable[Row[Any]]:
    table: Table = record_classes()[entity].__table__  # type: ignore[assignment]
    if table is _PATIENT:
        return connection.execute(CLIENTS, {"ids": ids})
    query = select(table, _PATIENT.c.name.label("patient_name")).outerjoin_from(
        table, _PATIENT, _PATIENT.c.id == table.c.patient_id
    )
    return connection.execute(query.where(table.c.id.in_(ids)))


def _hit(entity: str, row: Row[Any], actor: Actor) -> Hit:
    if entity == "patient":
        birth = _clear("birth_date", row.birth_date, actor)
        facts = [SEXES.get(row.sex, ""), birth, row.number, _clear("phone", row.phone, actor)]
        return Hit(entity, row.id, _clear("name", row.name, actor), _line(facts))
    facts = [_clear("name", row.patient_name, actor), *_facts(entity, row)]
    return Hit(entity, row.id, row.number, _line([*facts, workflows()[entity].label_of(row.state)]))


def _facts(entity: str, row: Row[Any]) -> list[str]:
    if entity == Visit.record_info.entity:
        return [row.visit_date.isoformat()]
    return [str(row.type)] if entity == Specimen.record_info.entity else []


def _clear(field: str, value: Any, actor: Actor) -> str:
    text = masked(column_info(_PATIENT.c[field]), value, actor.clearance)
    return "" if text is None else str(text)


def _line(facts: Iterable[str]) -> str:
    return " · ".join(fact for fact in facts if fact and fact != "***")
