"""Opening the real client on the data of a demonstration: signed in, its server and its devices behind it.

``./dev run --as ROLE``: a role of ``roles.yaml`` (``nurse``, ``chief_physician`` …) or an account. Lines typed into
the terminal go to the simulated devices: ``card 1``, ``bp 142 91 76``, ``scale 71.2 168.5``, ``scan CODE``, ``lift``.
"""

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from sqlalchemy import update

from sync.local_tables import installation
from sync.stores import open_branch_store
from tests.journeys.day import devices, stores
from tests.journeys.day.centre import PASSWORDS, Centre
from tests.journeys.day.people import STAFF
from tests.journeys.day.processes import ROOT, Pilot, ProcessError, Running

SEATS = {"B01": "desk-b01", "B02": "desk-b02", "HQ": "desk-hq"}
CARDS = 5
HELP = """\
对模拟设备下命令（输入一行后回车）：
  card N            把第 N 位客户的身份证放上读卡器；lift 拿开
  bp 142 91 76      血压计测得收缩压、舒张压、脉率
  scale 71.2 168.5  身高体重秤测得体重、身高
  scan 编号         串口扫描枪扫一个编号（键盘扫描枪请直接在窗口中扫）
  quit              关闭窗口
"""


def open_desk(out: Path, who: str = "") -> int:
    """Start the centre, one workstation and its devices; returns when the window is closed.

    Args:
        out: Folder of an earlier demonstration.
        who: Account or role to begin with; the nurse of the first branch if not given.
    """
    account = next((a for a in STAFF if (who or "zhou") in (a[0], a[2])), None)
    if account is None:
        known = "、".join(f"{login}（{role}）" for login, _, role, *_ in STAFF)
        sys.stderr.write(f"没有账号或角色 {who}；可用：{known}\n")
        return 2
    login, name, _, org, *_ = account
    home, logs = (out / "home").resolve(), out.resolve() / "logs"
    desk = home / SEATS[org]
    centre = Centre(home / "centre", logs)
    running: dict[str, Running] = {}
    pilot = Pilot("desk", ["-m", "client", "--home", str(desk), "--pilot"], logs, _environment(home, desk))
    try:
        centre.start()
        centre.listener.start()
        _point_at(desk, centre.address)
        running = devices.plug_in(desk, out.resolve() / "labels", logs)
        pilot.start()
        pilot.do("sign_in", login=login, password=PASSWORDS["default"], timeout=60)
        sys.stdout.write(f"已登录：{name}（{login}）。其他账号：\n")
        for other, person, role, place, _, _ in STAFF:
            sys.stdout.write(f"  {other:<8}{person}（{role}，{place}）  口令 {PASSWORDS['default']}\n")
        cards = _cards(desk)
        sys.stdout.write(HELP + "".join(f"  card {n}  {c['name']}\n" for n, c in enumerate(cards, 1)))
        sys.stdout.flush()
        threading.Thread(target=_obey_all, args=(running, cards, pilot), daemon=True).start()
        return pilot.process.wait()
    finally:
        pilot.stop()
        for device in running.values():
            device.stop()
        centre.stop()


def _environment(home: Path, desk: Path) -> dict[str, str]:
    return {
        "PYTHONPATH": str(ROOT),
        "AFTERCHECK_KEY_FILE": str(desk / "store.key"),
        "AFTERCHECK_DEMO_CLOCK": str(home / "centre" / "clock-offset"),
        "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}",
    }


def _obey_all(running: dict[str, Running], cards: list[dict[str, str]], pilot: Pilot) -> None:
    """Take lines until the terminal ends; a desk without a terminal stays open."""
    for line in sys.stdin:
        if line.strip() == "quit":
            pilot.tell(json.dumps({"do": "quit"}))
            return
        try:
            device, order = order_of(line, cards)
            answer = running[device].order(order)
        except (ValueError, IndexError, ProcessError) as error:
            answer = f"? {error}"
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def order_of(line: str, cards: list[dict[str, str]]) -> tuple[str, str]:
    """Return device and order of a typed line.

    Raises:
        ValueError, IndexError: A line that is none.
    """
    words = line.split()
    match words:
        case ["card", number]:
            return "card", f"card {json.dumps(cards[int(number) - 1], ensure_ascii=False)}"
        case ["lift"]:
            return "card", "lift"
        case ["bp", systolic, diastolic, pulse]:
            told: dict[str, Any] = {
                "systolic": int(systolic),
                "diastolic": int(diastolic),
                "pulse": int(pulse),
            }
            return "nibp", f"measure {json.dumps(told)}"
        case ["scale", weight, height]:
            return "scale", f"measure {json.dumps({'weight': float(weight), 'height': float(height)})}"
        case ["scan", code]:
            return "scanner", f"scan {code}"
    raise ValueError(HELP)


def _cards(desk: Path) -> list[dict[str, str]]:
    """Return the cards of some clients of this workstation, as the simulated reader takes them."""
    with stores.branch(desk, desk / "store.key") as connection:
        rows = stores.rows(
            connection,
            "SELECT name, id_number FROM patient WHERE length(id_number) = 18 ORDER BY number LIMIT :n",
            n=CARDS,
        )
    return [
        {"name": r.name, "sex": "1" if int(r.id_number[16]) % 2 else "2", "number": r.id_number,
         "birth": r.id_number[6:14]}
        for r in rows
    ]  # fmt: skip


def _point_at(desk: Path, address: str) -> None:
    """Tell the workstation where the centre listens now."""
    key = bytes.fromhex((desk / "store.key").read_text("ascii").strip())
    store = open_branch_store(desk / "branch.db", key)
    with store.write() as connection:
        connection.execute(update(installation).values(server=address))
    store.close()
