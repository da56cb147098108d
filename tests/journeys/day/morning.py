"""Before the doors open: the group is founded, workstations join, results of the laboratory come in."""

import itertools
from contextlib import closing
from datetime import date
from typing import Any

import resources
from domain.catalog.content import load_catalog
from server.interfaces.inbox import Inbox
from server.settings import Settings
from server.storage_key import queue_key
from tests.journeys.day import mllp, stores
from tests.journeys.day.people import CORPUS, Expected, corpus, earlier, expected
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


def results(
    stage: Stage, summary: Summary, count: int, day: date, *, generated: bool = False
) -> list[Expected]:
    """The checkup system sends its results; a part of them is sent twice, and some are no messages at all."""
    source, people = expected(count, day, generated=generated)
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
    with summary.step("逐项复核：送出的每项结果与入库的相同") as line:
        compared, wrong = recount(stage, crowd)
        line.count = f"{compared} 项"
        line.held = not wrong and compared == sum(len(e.person.values) for e in crowd)
        line.detail = "；".join(wrong[:5]) or "每人每项一条，数值一致，不多不少"
    if not generated and CORPUS.is_dir():
        foreign(stage, summary)
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


def recount(stage: Stage, crowd: list[Expected]) -> tuple[int, list[str]]:
    """Compare every result that was sent with what the centre keeps; returns how many, and what differs.

    A value may have travelled in another unit, with three decimals: it must come back to the digits the catalogue
    shows.
    """
    catalog = load_catalog(resources.folder("catalog"))
    with stores.centre(stage.centre.home) as connection:
        rows = stores.rows(
            connection,
            "SELECT visit.number AS visit, item, value_number, value_text FROM observation "
            "JOIN visit ON visit.id = observation.visit_id",
        )
    kept: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        kept.setdefault((row.visit, row.item), []).append(row)
    compared, wrong = 0, []
    for one in crowd:
        for item, value in one.person.values.items():
            found = kept.get((one.visit_barcode, item), [])
            compared += len(found)
            if len(found) != 1 or not _same(found[0], value, catalog.observation(item).decimals):
                wrong.append(
                    f"{one.visit_barcode} {item}：送出 {value}，入库 {[r.value_text for r in found]}"
                )
    return compared, wrong


def _same(row: Any, sent: float | str, decimals: int) -> bool:
    if isinstance(sent, str):
        return bool(row.value_text == sent)
    return row.value_number is not None and abs(row.value_number - sent) <= 10**-decimals + abs(sent) * 0.005


def foreign(stage: Stage, summary: Summary) -> None:
    """Messages nobody here wrote: each is answered, and each that was accepted is on disk and worked off."""
    with summary.step("外来 HL7 报文（公开样例）") as line:
        before = sum(_inbox(stage).values())
        messages = corpus("B02")
        codes = mllp.send_all(stage.centre.mllp_port, messages)
        kept = sum(_inbox(stage).values()) - before
        wait_until(lambda: not _inbox(stage).get("waiting"), "what was accepted is worked off", 60, 0.2)
        line.count = f"{sum(codes.values())} 条"
        line.held = sum(codes.values()) == len(messages) and "??" not in codes and 0 < kept <= codes["AA"]
        line.detail = f"应答 {dict(codes)}；接收的 {kept} 条已落盘，处理后 {_inbox(stage)}"


def _inbox(stage: Stage) -> dict[str, int]:
    """Return how many messages lie in the interface's queue, by state."""
    settings = Settings(data_dir=stage.centre.home)
    with closing(Inbox(settings.inbox_path, queue_key(settings))) as inbox:
        return dict(inbox.status(0).by_state)
