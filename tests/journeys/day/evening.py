"""What must be equal at the end: the stores of every branch and of the centre, and the audit chain."""

import re
import time
import uuid

from tests.journeys.day import stores
from tests.journeys.day.people import Expected
from tests.journeys.day.processes import ProcessError, wait_until
from tests.journeys.day.report import Summary
from tests.journeys.day.review import seat
from tests.journeys.day.stage import Stage

Digest = dict[str, tuple[int, str]]
DESKS = {"desk-b01": ("B01",), "desk-b02": ("B02",), "desk-hq": ("HQ", "B01", "B02")}
"""What each workstation holds: its own organisation's records, and head office those of the whole group."""


def compare(stage: Stage, summary: Summary, label: str, timeout_s: float = 120) -> None:
    """Wait until all three workstations and the centre hold the same, and keep the comparison."""
    for desk, codes in DESKS.items():
        with summary.step(f"{label}：{codes[0]} 工作站与总院逐表摘要") as line:
            try:
                wait_until(lambda d=desk: not _differences(stage, d), "digests agree", timeout_s, 0.5)
            except ProcessError:
                line.detail = "；".join(_differences(stage, desk))[:300]
                raise
            mine, _ = _digests(stage, desk)
            line.count = f"{sum(n for n, _ in mine.values())} 行"
            line.detail = "无丢失、无重复：" + " ".join(f"{k}={n}" for k, (n, _) in sorted(mine.items()) if n)


def tables(stage: Stage) -> str:
    """Return the comparison of every workstation with the centre, as it is printed at the end."""
    parts = [f"【{desk}：{'、'.join(codes)}】\n{table(stage, desk)}" for desk, codes in DESKS.items()]
    return "\n\n".join(parts) + "\n"


def table(stage: Stage, desk: str) -> str:
    """Return the comparison as text: entity, rows here, rows there, digests."""
    mine, theirs = _settled(stage, desk)
    lines = [f"{'表':<26}{'本机行数':>10}{'总院行数':>10}  本机摘要          总院摘要"]
    for name in sorted(mine.keys() | theirs.keys()):
        here, there = mine.get(name, (0, "")), theirs.get(name, (0, ""))
        same = "＝" if here == there else "≠"
        lines.append(f"{name:<26}{here[0]:>12}{there[0]:>12}  {here[1]:<16}  {there[1]:<16} {same}")
    return "\n".join(lines)


def _digests(stage: Stage, desk: str) -> tuple[Digest, Digest]:
    home, orgs = stage.home / desk, [stage.orgs[code] for code in DESKS[desk]]
    with stores.branch(home, home / "store.key") as connection:
        mine = stores.digest(connection, orgs)
    with stores.centre(stage.centre.home) as connection:
        theirs = stores.digest(connection, orgs)
    return mine, theirs


def _settled(stage: Stage, desk: str) -> tuple[Digest, Digest]:
    """Return both once they agree, or as they are after 20 s: they are read in turn, and both sides live."""
    found = _digests(stage, desk)
    until = time.monotonic() + 20
    while stores.differences(*found) and time.monotonic() < until:
        time.sleep(0.5)
        found = _digests(stage, desk)
    return found


def _differences(stage: Stage, desk: str) -> list[str]:
    return stores.differences(*_digests(stage, desk))


def audit(stage: Stage, summary: Summary) -> None:
    """Verify the chain at the centre."""
    with summary.step("总院审计链核验") as line:
        line.held = stage.centre.audit_is_whole()


ERROR = re.compile(r"[0-9] (?:ERROR|CRITICAL) |\"level\": \"(?:ERROR|CRITICAL)\"|^Traceback ")
PAGES = (
    ("desk-b01", "zhou", ("worklist:checkup.visits", "sync", "conflicts")),
    ("desk-b01", "wu", ("worklist:specimen.waiting", "worklist:specimen.events")),
    ("desk-hq", "li", ("worklist:alert.open", "worklist:checkup.visits")),
)


def pictures(stage: Stage, summary: Summary, case: Expected) -> None:
    """Look at the pages that are not stations, in both sizes: lists, a record, sync, conflicts, sign-in."""
    with summary.step("其余页面的画面（1366×768 与 1920×1080）") as line:
        for desk, login, pages in PAGES:
            pilot = seat(stage, desk, login, pages[0])
            for page in pages:
                _look(stage, desk, page, f"{login}-{page.replace(':', '-')}")
        pilot = seat(stage, "desk-b01", "chen", "review")
        home = stage.home / "desk-b01"
        with stores.branch(home, home / "store.key") as connection:
            row = stores.one(connection, "SELECT id FROM visit WHERE number = :n", n=case.visit_barcode)
        _look(stage, "desk-b01", f"record:visit:{uuid.UUID(bytes=bytes(row.id))}", "record-visit")
        pilot.do("call", method="sign_out")
        pilot.do("wait", until={"signed_out": True}, timeout=10)
        stage.shoot("desk-b01", "sign-in")
        line.count = f"{len(list(stage.pictures.glob('*.png')))} 张"


def _look(stage: Stage, desk: str, page: str, name: str) -> None:
    pilot = stage.clients[desk]
    pilot.do("open", page=page)
    pilot.do("wait", until={"idle": True}, timeout=20)
    stage.shoot(desk, name)


def quiet(stage: Stage, summary: Summary) -> None:
    """Look through every program's log: nothing of the day may have ended in an error nobody expected."""
    with summary.step("各程序日志中没有意外错误") as line:
        logs = [*stage.home.glob("desk-*/logs/*.log"), *stage.logs.glob("*.log")]
        found = [
            f"{path.parent.parent.name if path.parent.name == 'logs' else ''}/{path.name}: {text.strip()[:160]}"
            for path in logs
            for text in path.read_text("utf-8", "replace").splitlines()
            if ERROR.search(text)
        ]
        line.count = f"{len(logs)} 个日志"
        line.held = not found
        line.detail = "；".join(found[:3])
