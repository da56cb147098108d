"""What nobody does in time raises alarms that climb: an overdue second review, a critical value left alone."""

import json
from pathlib import Path

from domain.kernel.clock import clinic
from tests.journeys.day import mllp, stores
from tests.journeys.day.people import Expected, critical
from tests.journeys.day.processes import wait_until
from tests.journeys.day.report import Summary
from tests.journeys.day.review import pass_on, seat
from tests.journeys.day.stage import Stage

HEADS = {"department_head", "administrator"}
NEWEST = (
    "SELECT name, severity, receivers, step FROM alert WHERE rule = :rule ORDER BY opened_at DESC LIMIT 1"
)
DAY_S = 24 * 3600 + 60


def alarms(stage: Stage, summary: Summary, case: Expected, waiting: Expected) -> None:
    """Leave a critical value and a review lying, and move the clock.

    Args:
        stage: The day.
        summary: Where it is noted.
        case: Who gets a critical result.
        waiting: Whose report is passed on to head office, where nobody looks at it.
    """
    with summary.step("另一份报告送到总院复审，无人处理"):
        pass_on(stage, waiting)
        seat(stage, "desk-b01", "zhou", "front_desk")
    with summary.step("危急值进入并发出预警") as line:
        now, before = clinic(stage.clock()), _alerts(stage, "A-085")
        mllp.send_all(stage.centre.mllp_port, [critical(case, now)])
        home = stage.home / "desk-b01"
        wait_until(
            lambda: _alerts(stage, "A-085") > before,
            "the critical value raised an alert at the centre",
            60,
            0.3,
        )
        pilot = stage.clients["desk-b01"]
        pilot.do("wait", until={"card": True}, timeout=30)
        with stores.branch(home, home / "store.key") as connection:
            line.count = f"{stores.count(connection, 'critical_value')} 个危急值"
            line.detail = f"分院预警 {stores.count(connection, 'alert')} 条，全屏卡片已显示"
        stage.shoot("desk-b01", "critical-left")
    with summary.step("29 分钟：还没有到科室主任") as line:
        stage.centre.advance_clock(29 * 60)
        wait_until(lambda: _step(stage, "A-085") >= 1, "the first rung is reached", 90, 0.5)
        line.detail = _told(stage, "A-085")
        line.held = _step(stage, "A-085") == 1 and not HEADS & set(_receivers(stage, "A-085"))
    with summary.step("30 分钟未处理：升级到科室主任与管理员") as line:
        stage.centre.advance_clock(2 * 60)
        wait_until(lambda: _step(stage, "A-085") >= 2, "the critical value's alert has climbed", 90, 0.5)
        line.detail = _told(stage, "A-085")
        line.held = set(_receivers(stage, "A-085")) == {"physician", "nurse", *HEADS}
    with summary.step("复审逾期：发出预警并升级") as line:
        stage.centre.advance_clock(DAY_S)
        wait_until(lambda: _alerts(stage, "A-137"), "the overdue review raised an alert", 90, 0.5)
        line.held = "chief_physician" in _receivers(stage, "A-137")
        stage.centre.advance_clock(DAY_S)
        wait_until(lambda: _step(stage, "A-137") >= 1, "the overdue review's alert has climbed", 90, 0.5)
        line.held = line.held and {"chief_physician", "department_head"} <= set(_receivers(stage, "A-137"))
        line.detail = _told(stage, "A-137")
    with summary.step("预警到达分院，收件人与总院一致") as line:
        home = stage.home / "desk-b01"
        wait_until(
            lambda: _at(home, "A-085") == _receivers(stage, "A-085"), "the branch has the same", 60, 0.5
        )
        line.detail = "、".join(_at(home, "A-085"))
    with summary.step("同一事件在分院与总院只有一条预警") as line:
        wait_until(lambda: not _doubled(stage), "no alert is doubled", 60, 0.5)
        with stores.centre(stage.centre.home) as connection:
            line.count = f"{stores.count(connection, 'alert')} 条"


def _alerts(stage: Stage, rule: str) -> int:
    with stores.centre(stage.centre.home) as connection:
        return stores.count(connection, "alert", "rule = :rule", rule=rule)


def _step(stage: Stage, rule: str) -> int:
    """Return how far the newest alert of a rule has climbed; -1 without one."""
    with stores.centre(stage.centre.home) as connection:
        row = stores.one(connection, NEWEST, rule=rule)
    return -1 if row is None else int(row.step)


def _receivers(stage: Stage, rule: str) -> list[str]:
    with stores.centre(stage.centre.home) as connection:
        row = stores.one(connection, NEWEST, rule=rule)
    return [] if row is None else sorted(json.loads(row.receivers))


def _at(home: Path, rule: str) -> list[str]:
    with stores.branch(home, home / "store.key") as connection:
        row = stores.one(connection, NEWEST, rule=rule)
    return [] if row is None else sorted(json.loads(row.receivers))


def _told(stage: Stage, rule: str) -> str:
    with stores.centre(stage.centre.home) as connection:
        row = stores.one(connection, NEWEST, rule=rule)
    return f"{row.name}：{row.severity}，第 {row.step} 级，{'、'.join(json.loads(row.receivers))}"


def _doubled(stage: Stage) -> list[str]:
    """Return rules with two alerts of one happening; a pile of alerts is one for each post it is told of."""
    with stores.centre(stage.centre.home) as connection:
        rows = connection.exec_driver_sql(
            "SELECT rule, count(*) FROM alert GROUP BY rule, subject_id, "
            "CASE WHEN rule = 'A-912' THEN summary END, opened_at / 86400000000 HAVING count(*) > 1"
        )
        return [row[0] for row in rows]
