"""The nurse's half of the day: card, cuff, scale, form, labels, collection; then the technician's: scans only."""

import json
from pathlib import Path
from typing import Any

import zxingcpp
from PIL import Image

from tests.journeys.day import stores
from tests.journeys.day.people import Expected
from tests.journeys.day.processes import Pilot, ProcessError, wait_until
from tests.journeys.day.report import Summary
from tests.journeys.day.review import seat
from tests.journeys.day.stage import Stage

DESK = "desk-b01"
MOST_QUESTIONS = 60
BOX = "BOXB010001"


def nurse(stage: Stage, summary: Summary, case: Expected) -> list[str]:
    """Take one client through the front desk; returns the numbers of the tubes that were collected."""
    pilot = seat(stage, DESK, "zhou", "front_desk")
    person = case.person
    with summary.step("身份证读卡，找到客户并到检") as line:
        card = {"name": person.name, "sex": "2" if person.sex == "female" else "1", "number": person.id_number,
                "birth": person.id_number[6:14]}  # fmt: skip
        obey(stage, "card", f"card {json.dumps(card, ensure_ascii=False)}")
        wait_until(lambda: visit_row(stage, case).state == "arrived", "the client has arrived", 30, 0.1)
        obey(stage, "card", "lift")
        line.detail = f"体检号 {case.visit_barcode}"
    with summary.step("标签自动打印（ZPL），图片解码核对") as line:
        wait_until(lambda: printed(stage, case) >= 3, "three labels are printed and confirmed", 40, 0.2)
        line.count = f"{printed(stage, case)} 张"
        line.held, line.detail = decoded(stage, case, stage.labels / "zpl")
    with summary.step("血压计、身高体重秤读数") as line:
        measure(stage, pilot, "nibp", {"systolic": 142, "diastolic": 91, "pulse": 76}, case, "sbp")
        measure(stage, pilot, "scale", {"weight": 71.2, "height": 168.5}, case, "weight")
        line.count = f"{device_values(stage, case)} 项"
        line.detail = "串口帧经校验入库，护士各按一键确认"
    with summary.step("到检问卷（数字键）") as line:
        answer_form(stage, pilot, case)
        stage.shoot(DESK, "front-desk")
        line.held = answered(stage, case)
    with summary.step("扫描采集管") as line:
        numbers = [row.number for row in tubes(stage, case)]
        first, *others = numbers
        obey(stage, "scanner", f"scan {first}")
        wait_until(lambda: tube(stage, first).state == "collected", f"{first} is collected", 20, 0.1)
        for number in others:
            scan_until(stage, pilot, number, "collected")
        line.count = f"{len(numbers)} 管"
        line.detail = "第一管用串口扫描枪，其余用键盘扫描枪"
    with summary.step("离检核对：再刷一次身份证") as line:
        obey(stage, "card", f"card {json.dumps(card, ensure_ascii=False)}")
        pilot.do("wait", until={"text": "可以离检", "name": "leave_verdict"}, timeout=20)
        stage.shoot(DESK, "front-desk-leave")
        pilot.do("keys", key="F9")
        wait_until(lambda: visit_row(stage, case).state == "finished", "the visit is finished", 20, 0.1)
        obey(stage, "card", "lift")
        line.detail = "全部完成，体检结束"
    return numbers


def technician(stage: Stage, summary: Summary, numbers: list[str]) -> None:
    """Receive, process, divide and store one tube by scans; a foreign code and a wrong order are refused."""
    pilot = seat(stage, DESK, "wu", "bench")
    serum = next(n for n in numbers if tube(stage, n).type == "SER")
    pilot.do("call", method="run", arguments={"command": "container.create", "code": BOX, "name": "血清盒 1"})
    with summary.step("标本台：乱序与外来条码被拒绝") as line:
        pilot.do("keys", key="F3")
        pilot.do("scan", text=serum)
        pilot.do("wait", until={"idle": True}, timeout=10)
        pilot.do("scan", text="6901234567892")
        pilot.do("wait", until={"idle": True}, timeout=10)
        line.held = tube(stage, serum).state == "collected"
    with summary.step("标本台：签收、处理") as line:
        for key, state in (("F2", "received"), ("F3", "processed")):
            pilot.do("keys", key=key)
            pilot.do("wait", until={"idle": True}, timeout=10)
            scan_until(stage, pilot, serum, state)
        line.count = "1 管"
    with summary.step("标本台：分装并打印分装管标签（TSPL）") as line:
        pilot.do("keys", key="F4")
        wait_until(lambda: divided(stage, pilot, serum), "the parent is used up", 20, 0.4)
        children = [row.number for row in aliquots(stage, serum)]
        wait_until(lambda: labels_of(stage, children) >= len(children), "aliquot labels are printed", 60, 0.2)
        line.count = f"{len(children)} 管"
        held, missing = all_decoded(children, stage.labels / "tspl")
        line.held, line.detail = held, "图片中的条码与编号逐一相符" if held else f"未读到 {missing}"
    with summary.step("标本台：入库，库位自动前移") as line:
        pilot.do("keys", key="F5")
        pilot.do("scan", text=BOX)
        pilot.do("wait", until={"idle": True}, timeout=10)
        for number in children:
            scan_until(stage, pilot, number, "stored")
        slots = [tube(stage, n).slot for n in children]
        line.count = f"{len(slots)} 管"
        line.held = len(set(slots)) == len(children)
        line.detail = "、".join(slots)
        stage.shoot(DESK, "bench")
    with summary.step("每一步都是只增不改的标本事件") as line:
        with branch(stage) as connection:
            line.count = f"{stores.count(connection, 'specimen_event')} 条"
        line.held = kinds(stage, serum) == ["collected", "received", "processed", "aliquoted"]


def obey(stage: Stage, device: str, order: str) -> None:
    """Give a simulated device an order."""
    answer = stage.devices[device].order(order)
    if answer != "ok":
        raise ProcessError(f"{device}: {order}: {answer}")


def measure(
    stage: Stage, pilot: Pilot, device: str, values: dict[str, Any], case: Expected, item: str
) -> None:
    """Let a device measure, and keep the whole set with one key."""
    obey(stage, device, f"measure {json.dumps(values)}")
    pilot.do("wait", until={"visible": "pending_title"}, timeout=20)
    pilot.do("keys", key="F9")
    wait_until(lambda: has_value(stage, case, item), f"{item} is kept", 20, 0.1)


def answer_form(stage: Stage, pilot: Pilot, case: Expected) -> None:
    """Answer by number keys until the form is handed in."""
    pilot.do("keys", key="Alt+2")
    for _ in range(MOST_QUESTIONS):
        if answered(stage, case):
            return
        before = pilot.do("text", name="form_question")["text"]
        if is_visible(pilot, "form_answer"):
            pilot.do("fill", name="form_answer", text="6")
            pilot.do("keys", key="Return")
        else:
            pilot.do("keys", name="form", text="2")
        if pilot.do("text", name="form_question")["text"] == before:
            pilot.do("keys", key="Return")
        if pilot.do("text", name="form_question")["text"] == before:
            pilot.do("keys", key="F9")
            pilot.do("wait", until={"idle": True}, timeout=10)
    pilot.do("screenshot", path=str(stage.pictures / "form-stuck.png"), size=[1366, 768])
    raise ProcessError(f"the form does not end: {before}")


def divided(stage: Stage, pilot: Pilot, number: str) -> bool:
    """Scan the parent and press the number of aliquots, until it is used up."""
    if tube(stage, number).state != "used_up":
        pilot.do("scan", text=number)
        pilot.do("wait", until={"idle": True}, timeout=10)
        pilot.do("keys", key="2")
        pilot.do("wait", until={"idle": True}, timeout=10)
    return tube(stage, number).state == "used_up"


def scan_until(stage: Stage, pilot: Pilot, number: str, state: str) -> None:
    """Scan a tube until it is in a state, as a person does: the same code at once again counts as one scan."""

    def reached() -> bool:
        if tube(stage, number).state == state:
            return True
        pilot.do("scan", text=number)
        pilot.do("wait", until={"idle": True}, timeout=10)
        return tube(stage, number).state == state

    try:
        wait_until(reached, f"{number} is {state}", 20, 0.5)
    except ProcessError:
        pilot.do("screenshot", path=str(stage.pictures / "bench-stuck.png"), size=[1366, 768])
        raise


def is_visible(pilot: Pilot, name: str) -> bool:
    """Tell whether a widget can be seen now."""
    try:
        pilot.do("wait", until={"visible": name}, timeout=0.05)
    except ProcessError:
        return False
    return True


def branch(stage: Stage) -> Any:
    """Open the branch's store for a look."""
    home = stage.home / DESK
    return stores.branch(home, home / "store.key")


def visit_row(stage: Stage, case: Expected) -> Any:
    with branch(stage) as connection:
        return stores.one(connection, "SELECT * FROM visit WHERE number = :n", n=case.visit_barcode)


def tubes(stage: Stage, case: Expected) -> list[Any]:
    visit = visit_row(stage, case)
    with branch(stage) as connection:
        return stores.rows(
            connection, "SELECT * FROM specimen WHERE visit_id = :v AND parent_id IS NULL", v=visit.id
        )


def tube(stage: Stage, number: str) -> Any:
    with branch(stage) as connection:
        return stores.one(connection, "SELECT * FROM specimen WHERE number = :n", n=number)


def aliquots(stage: Stage, number: str) -> list[Any]:
    parent = tube(stage, number)
    with branch(stage) as connection:
        return stores.rows(
            connection, "SELECT * FROM specimen WHERE parent_id = :p ORDER BY number", p=parent.id
        )


def kinds(stage: Stage, number: str) -> list[str]:
    with branch(stage) as connection:
        found = stores.rows(
            connection,
            "SELECT kind FROM specimen_event JOIN specimen ON specimen.id = specimen_id WHERE number = :n "
            "ORDER BY occurred_at, specimen_event.id",
            n=number,
        )
    return [row.kind for row in found]


def printed(stage: Stage, case: Expected) -> int:
    return labels_of(stage, [row.number for row in tubes(stage, case)])


def labels_of(stage: Stage, numbers: list[str]) -> int:
    """Return how many of these tubes have a label the printer has confirmed."""
    with branch(stage) as connection:
        return sum(
            stores.count(
                connection,
                "label_print",
                "specimen_id = (SELECT id FROM specimen WHERE number = :n) AND result IN ('printed', 'confirmed')",
                n=number,
            )
            for number in numbers
        )


def has_value(stage: Stage, case: Expected, item: str) -> bool:
    visit = visit_row(stage, case)
    with branch(stage) as connection:
        return bool(
            stores.count(connection, "observation", "visit_id = :v AND item = :i", v=visit.id, i=item)
        )


def device_values(stage: Stage, case: Expected) -> int:
    visit = visit_row(stage, case)
    with branch(stage) as connection:
        return stores.count(connection, "observation", "visit_id = :v AND source = 'device'", v=visit.id)


def answered(stage: Stage, case: Expected) -> bool:
    visit = visit_row(stage, case)
    with branch(stage) as connection:
        return bool(stores.count(connection, "questionnaire_response", "visit_id = :v", v=visit.id))


def decoded(stage: Stage, case: Expected, folder: Path) -> tuple[bool, str]:
    """Tell whether every tube's number was read from a printed picture by an independent decoder."""
    numbers = [row.number for row in tubes(stage, case)]
    held, missing = all_decoded(numbers, folder)
    return held, "、".join(numbers) + "：条码解码与标本编号一致" if held else f"未读到 {missing}"


def all_decoded(numbers: list[str], folder: Path) -> tuple[bool, list[str]]:
    """Return whether every number stands in a picture of the folder, and those that do not."""
    read = {
        code.text for picture in folder.glob("*.png") for code in zxingcpp.read_barcodes(Image.open(picture))
    }
    missing = sorted(set(numbers) - read)
    return not missing, missing
