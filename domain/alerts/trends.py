"""Values that grow worse, with what measuring and the body's own swing explain taken out.

Whether two results of one person differ at all is told by the reference change value,
``sqrt(2) * z * sqrt(CVa^2 + CVi^2)``: CVa is the variation of the measurement, CVi the person's own (Harris and
Yasaka, Clin Chem 1983;29:25-30). A run of worse values counts only where the whole of it is more than that.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Table, select

from domain.alerts.decisions import Action, Clear, Open, Situation
from domain.alerts.parts import Trend
from domain.alerts.plans import Plan, Values, shown_value
from domain.alerts.records import Alert
from domain.interop.one_person import of_person
from domain.kernel.columns import to_wire
from domain.kernel.record import record_classes
from domain.kernel.rows import without_index

_ALERT = Alert.__table__
SPARE = 4
"""Rows read beside those needed, for ones that do not count (held back, without a number)."""


def on_value(connection: Connection, plan: Plan, now: Situation) -> Iterator[Action]:
    """Yield the alert of a run that the changed record ends, or the end of alerts whose run it breaks."""
    row, trend = now.row, plan.rule.trend
    if row is None or trend is None or not plan.fits(row) or row[trend.value] is None:
        return
    series = {name: row[name] for name in trend.series}
    run = _values(connection, plan, trend, row)
    if not run or run[0]["id"] != row["id"]:
        return  # a newer one is there and has been or will be judged
    change = judged(trend, run)
    told = _told(connection, plan, series)
    if change is None:
        if trend.ends and len(run) > 1 and not _worse(_way(trend, run[0]), trend, run[:2]):
            yield from (Clear(alert.id) for alert in told if alert.state != "closed")
        return
    occasion = "|".join(str(to_wire(value)) for value in (*series.values(), run[-1][trend.at]))
    if any(alert.state not in {"closed", "handled"} for alert in told):
        return
    more = {"runs": len(run) - 1, "change": f"{abs(change):.0f}%"}
    yield Open(plan, row, occasion, row[trend.at], None, more)


def newest_run(connection: Connection, plan: Plan, row: Values) -> float | None:
    """Return the change in percent of the run that ends with a record, None if it is not the newest or no run."""
    trend = plan.rule.trend
    run = _values(connection, plan, trend, row) if trend is not None else ()
    if trend is None or not run or run[0]["id"] != row["id"]:
        return None
    return judged(trend, run)


def judged(trend: Trend, run: Sequence[Values]) -> float | None:
    """Return the change in percent of the first value if the values, the newest first, are a run that counts."""
    if len(run) <= trend.count:
        return None
    newest, values = run[0], [float(one[trend.value]) for one in reversed(run)]
    way = _way(trend, newest)
    spread = trend.spreads.get(str(newest[trend.series[-1]]))
    least = trend.percent if trend.percent is not None else None if spread is None else spread.change
    if least is None or not values[0] or not _worse(way, trend, run):
        return None
    if not all(c.holds(run[1]) for c in trend.before):
        return None
    change = 100 * abs(values[-1] - values[0]) / abs(values[0])
    return change if change >= least else None


def _way(trend: Trend, newest: Values) -> int:
    """Return 1 where more is worse, -1 where less is, 0 where a value is not flagged as either."""
    if trend.worse == "flag":
        flag = str(newest[trend.flag] or "")
        return int(flag.startswith("H")) - int(flag.startswith("L"))
    return 1 if trend.worse == "up" else -1


def _worse(way: int, trend: Trend, run: Sequence[Values]) -> bool:
    """Tell whether each value, the newest first, is worse than the one before it."""
    return bool(way) and all(
        way * (float(newer[trend.value]) - float(older[trend.value])) > 0
        for newer, older in itertools.pairwise(run)
    )


def _values(connection: Connection, plan: Plan, trend: Trend, row: Values) -> Sequence[Values]:
    """Return the newest values of the series, as many as a run has, the newest first."""
    table: Table = record_classes()[plan.entity].__table__  # type: ignore[assignment]
    same = [_same(connection, table.c[name], name, row[name]) for name in trend.series]
    query = select(table).where(*same).order_by(table.c[trend.at].desc(), table.c.id.desc())
    found = [r._asdict() for r in connection.execute(query.limit(trend.count + 1 + SPARE))]
    return [r for r in found if r[trend.value] is not None and plan.fits(r)][: trend.count + 1]


def _same(connection: Connection, column: Any, name: str, value: Any) -> Any:
    """Return the condition of one part of a series; a person's values are those under every record of theirs."""
    return of_person(connection, column, value) if name == "patient_id" else column == value


def _told(connection: Connection, plan: Plan, series: dict[str, Any]) -> list[Any]:
    """Return the alerts of this rule about this series."""
    mine = (
        of_person(connection, _ALERT.c.patient_id, series["patient_id"]),
        without_index(_ALERT.c.rule) == plan.rule.id,
    )
    query = select(_ALERT.c.id, _ALERT.c.state, _ALERT.c.facts).where(*mine)
    shown = {n: shown_value(v) for n, v in series.items() if n != "patient_id"}
    return [a for a in connection.execute(query) if {n: (a.facts or {}).get(n) for n in shown} == shown]
