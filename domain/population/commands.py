"""Keeping the night's figures and judgements: what is new or otherwise is written, what is no more is emptied."""

import dataclasses
from typing import Any

from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.population.records import PopulationFigure, PopulationJudgement


@dataclasses.dataclass(frozen=True, slots=True)
class Kept:
    """One row to be kept: whose it is, its id, and its values by column."""

    row_id: Id
    org_id: Id
    values: dict[str, Any]


@command("population.keep_figures", "登记区域健康统计", permission=None, place="internal")
class KeepFigures:
    """Write figures of the region, and remove those that are no more; the centre's count is the only caller."""

    rows: list[Any] = ask("统计", kind=Kind.HIDDEN)
    gone: list[Any] = ask("不再成立", kind=Kind.HIDDEN, default=[])


@handles(KeepFigures)
def keep_figures(order: KeepFigures, work: UnitOfWork) -> int:
    """Return how many changed."""
    _remove(work, PopulationFigure, order.gone)
    return len(order.gone) + sum(_keep(work, PopulationFigure, one, "counted_at") for one in order.rows)


@command("population.keep_judgements", "登记人群健康研判", permission=None, place="internal")
class KeepJudgements:
    """Write judgements, and remove those that are no more; the centre's count is the only caller."""

    rows: list[Any] = ask("研判", kind=Kind.HIDDEN)
    gone: list[Any] = ask("不再成立", kind=Kind.HIDDEN, default=[])


@handles(KeepJudgements)
def keep_judgements(order: KeepJudgements, work: UnitOfWork) -> int:
    """Return how many changed."""
    _remove(work, PopulationJudgement, order.gone)
    return len(order.gone) + sum(_keep(work, PopulationJudgement, one, "judged_at") for one in order.rows)


def _remove(work: UnitOfWork, kind: Any, ids: list[Any]) -> None:
    for one in ids:
        known = work.get(kind, one)
        if known is not None:
            work.remove(known)


def _keep(work: UnitOfWork, kind: Any, one: Kept, stamp: str) -> bool:
    row = work.get(kind, one.row_id)
    if row is None:
        work.add(kind(id=one.row_id, org_id=one.org_id, **one.values, **{stamp: work.now}))
        return True
    differing = {name: value for name, value in one.values.items() if getattr(row, name) != value}
    for name, value in differing.items():
        setattr(row, name, value)
    if differing:
        setattr(row, stamp, work.now)
    return bool(differing)
