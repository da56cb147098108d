"""Before the doors open: the group is founded, workstations join, results of the laboratory come in."""

import itertools
from datetime import date

from tests.journeys.day import mllp, stores
from tests.journeys.day.people import Expected, earlier, expected
from tests.journeys.day.processes import wait_until
from tests.journeys.day.report import Summary
from tests.journeys.day.stage import DESKS, Stage

SEATS = {"desk-b01": "zhou", "desk-b02": "sun", "desk-hq": "li"}


def found(stage: Stage, summary: Summary) -> None:
    """IT enrols the workstations; people sign in."""
    with summary.step("建立总院、分院、账号") as line:
        stage.found_group()
        line.count = f"{len(stage.orgs)} 个机构"
    with summary.step("一次性登记码登记三台工作站") as line:
        stage.draw_line()
        line.count = f"{len(stage.enrol())} 台"
        stage.plug_in()
    with summary.step("工作站启动，护士与总院专家登录") as line:
        for desk in DESKS:
            stage.open_client(desk)
        for desk, login in SEATS.items():
            wait_until(lambda desk=desk, login=login: knows(stage, desk, login), f"{desk} knows {login}")
            stage.sign_in(desk, login)
        line.count = f"{len(SEATS)} 人"


def knows(stage: Stage, desk: str, login: str) -> bool:
    """Tell whether an account has reached a workstation."""
    home = stage.home / desk
    with stores.branch(home, home / "store.key") as connection:
        return bool(stores.count(connection, "staff", "login = :login", login=login))


def results(stage: Stage, summary: Summary, count: int, day: date) -> list[Expected]:
    """The checkup system sends its results; a part of them is sent twice, and some are no messages at all."""
    source, people = expected(count, day)
    crowd = list(people)
    with summary.step("HL7 结果经 MLLP 送入") as line:
        stage.centre.listener.start()
        stage.centre.listener.json_line()
        before = people_before(crowd, day)
        codes = mllp.send_all(stage.centre.mllp_port, [*before, *(e.message for e in crowd)], window=8)
        line.count = f"{codes['AA']} 条"
        line.held = codes["AA"] == count + len(before)
        line.detail = f"来源：{source}"
    with summary.step("重复消息与残缺消息") as line:
        again = [e.message for e in itertools.islice(crowd, 20)]
        broken = [
            b"MSH|^~\\&|LIS",
            b"PID|1",
            crowd[0].message.replace(b"B01", b"XX9", 1).replace(b"D000000", b"DX"),
        ]
        repeated = mllp.send_all(stage.centre.mllp_port, again)
        refused = mllp.send_all(stage.centre.mllp_port, broken)
        line.count = f"{repeated['AA']} + {sum(refused.values())} 条"
        line.held = repeated["AA"] == len(again) and refused["AA"] == 0
        line.detail = f"重复只确认不再入库；残缺 {dict(refused)}"
    with summary.step("总院入库并判读") as line:
        wait_until(lambda: _kept(stage) >= count + len(before), f"{count} visits are kept", 300, 0.3)
        with stores.centre(stage.centre.home) as connection:
            kept = stores.count(connection, "observation")
            found_a = stores.count(connection, "finding", "important_class = 'A'")
            found_b = stores.count(connection, "finding", "important_class = 'B'")
            abnormal = stores.count(connection, "observation", "flag NOT IN ('N') AND flag IS NOT NULL")
            critical = stores.count(connection, "critical_value")
            visits = stores.count(connection, "visit")
        line.count = f"{kept} 项"
        line.held = visits == count + len(before)
        line.detail = f"异常 {abnormal}，A 类 {found_a}，B 类 {found_b}，危急值 {critical}"
    with summary.step("结果下发到两个分院") as line:
        for desk, code in (("desk-b01", "B01"), ("desk-b02", "B02")):
            wanted = sum(1 for e in crowd if e.branch == code)
            wait_until(
                lambda desk=desk, n=wanted: visits_at(stage, desk) >= n,
                f"{desk} has {wanted} visits",
                300,
                0.5,
            )
        line.count = f"{sum(visits_at(stage, d) for d in ('desk-b01', 'desk-b02'))} 人次"
    return crowd


def people_before(crowd: list[Expected], day: date) -> list[bytes]:
    """Return earlier years of the person whose report is followed through the day: its trends are drawn."""
    return earlier(next(e for e in crowd if e.branch == "B01"), day)


def _kept(stage: Stage) -> int:
    with stores.centre(stage.centre.home) as connection:
        return stores.count(connection, "visit")


def visits_at(stage: Stage, desk: str) -> int:
    """Return how many visits a workstation has."""
    home = stage.home / desk
    with stores.branch(home, home / "store.key") as connection:
        return stores.count(connection, "visit")
