"""Stays as boards and statistics read them: by the index of their time, or by the ids that changed."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, select

from domain.checkup.records import Visit
from domain.kernel.authority import Actor
from domain.kernel.clients import client_conditions
from domain.kernel.ids import Id
from domain.kernel.rows import Query, without_index
from domain.people.records import Patient
from domain.process.stay_records import ProcessStay

_S, _P, _V = ProcessStay.__table__, Patient.__table__, Visit.__table__
AT_ONCE = 400
OTHERS = "***"
"""Stands for the name of who waits in a room but is not a client of who looks: rooms are counted with everybody."""


def stays_since(
    connection: Connection, orgs: Collection[Id] | None, begin: datetime, end: datetime | None = None
) -> Sequence[Row[Any]]:
    """Return the stays of some places (None is all) that began in a time, in the order they began."""
    query = select(_S).where(_S.c.arrived_at >= begin).order_by(_S.c.arrived_at, _S.c.id)
    if end is not None:
        query = query.where(_S.c.arrived_at < end)
    if orgs is not None:
        query = query.where(without_index(_S.c.org_id).in_(orgs))
    return connection.execute(query).all()


def board_rows(connection: Connection, actor: Actor, begin: datetime) -> list[Row[Any]]:
    """Return the stays since `begin` with client and visit, as the board shows them."""
    return _rows(connection, actor, _S.c.arrived_at >= begin)


def board_rows_of(connection: Connection, actor: Actor, ids: Collection[Id]) -> list[Row[Any]]:
    """Return these stays, as `board_rows`."""
    wanted, found = list(ids), []
    for start in range(0, len(wanted), AT_ONCE):
        found += _rows(connection, actor, _S.c.id.in_(wanted[start : start + AT_ONCE]))
    return found


def _rows(connection: Connection, actor: Actor, condition: ColumnElement[bool]) -> list[Row[Any]]:
    orgs, theirs = actor.orgs, client_conditions(ProcessStay, actor)
    name = case((theirs[0], _P.c.name), else_=OTHERS).label("name") if theirs else _P.c.name
    query: Query = select(
        _S.c.id, _S.c.visit_id, _S.c.visit_number, _S.c.node, _S.c.node_name, _S.c.exit, _S.c.arrived_at,
        _S.c.began_at, _S.c.ended_at, _S.c.inferred, _S.c.moved_at, _S.c.state, _S.c.due_at,
        name, _P.c.sex, _V.c.state.label("visit_state"),
    ).join(_P, _P.c.id == _S.c.patient_id).join(_V, _V.c.id == _S.c.visit_id)  # fmt: skip
    scope = without_index(_S.c.org_id).in_(orgs) if orgs is not None else None
    wanted = condition if scope is None else and_(condition, scope)
    return list(connection.execute(query.where(wanted).order_by(_S.c.arrived_at, _S.c.id)).all())
