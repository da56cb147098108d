"""The three levels: written at the branch, returned once by head office, corrected, passed, signed, printed."""

import hashlib
from pathlib import Path
from typing import Any

from tests.journeys.day import stores
from tests.journeys.day.people import Expected
from tests.journeys.day.processes import Pilot, ProcessError, wait_until
from tests.journeys.day.report import Summary
from tests.journeys.day.stage import Stage

CONCLUSION = "空腹血糖及肝功能未见明显异常，血压偏高。"
BETTER = "血压偏高（收缩压 142 mmHg，舒张压 91 mmHg），空腹血糖及肝功能未见明显异常。"
ADVICE = "低盐饮食，两周内非同日复测血压三次。"
REMARK = "请写明血压数值"
HERE, THERE = "desk-b01", "desk-hq"


def review(stage: Stage, summary: Summary, case: Expected) -> None:
    """Take one visit through all levels, by keys, on two workstations."""
    branch = seat(stage, HERE, "chen", "review")
    with summary.step("分院撰写并提交初审") as line:
        _open(branch, case)
        branch.do("fill", name="text_conclusion", text=CONCLUSION)
        branch.do("fill", name="text_advice", text=ADVICE)
        _press(stage, branch, "F9", HERE, case, "first_review")
        stage.shoot(HERE, "review-branch")
        line.count = "1 份"
    with summary.step("分院初审（另一位医师）通过，上传"):
        branch = seat(stage, HERE, "gao", "review")
        _open(branch, case)
        _press(stage, branch, "F9", HERE, case, "second_review")
        _reaches(stage, THERE, case, "second_review")
    chief = seat(stage, THERE, "li", "review")
    with summary.step("总院专家退回一次，意见落在句子上"):
        _open(chief, case)
        stage.shoot(THERE, "review-chief")
        wait_until(lambda: _remark_is_open(chief), "the remark is open", 20, 0.3)
        chief.do("fill", name="return_remark", text=REMARK)
        chief.do("click", name="return_send")
        _reaches(stage, THERE, case, "returned")
        _reaches(stage, HERE, case, "returned")
    with summary.step("分院修改后重新提交"):
        branch = seat(stage, HERE, "chen", "review")
        _open(branch, case, "退回")
        stage.shoot(HERE, "review-returned")
        branch.do("fill", name="text_conclusion", text=BETTER)
        _press(stage, branch, "F9", HERE, case, "second_review")
        _reaches(stage, THERE, case, "second_review")
    with summary.step("总院复审通过、终审（另一位专家）签发"):
        _open(chief, case)
        _press(stage, chief, "F9", THERE, case, "final_review")
        chief = seat(stage, THERE, "xu", "review")
        _open(chief, case)
        _press(stage, chief, "F9", THERE, case, "issued")
    with summary.step("签发报告回到分院") as line:
        _reaches(stage, HERE, case, "issued")
        report = _report(stage, HERE, case)
        data = wait_until(
            lambda: _file(stage, HERE, report.document_sha256), "the PDF is back at the branch", 90
        )
        line.held = hashlib.sha256(data).hexdigest() == report.document_sha256 and data.startswith(b"%PDF")
        (stage.out / "report.pdf").write_bytes(data)
        line.detail = f"report.pdf，{len(data) // 1024} KiB，SHA-256 相符"
    with summary.step("打印：送到打印机的字节与签发的相同") as line:
        _open(branch, case)
        paper = wait_until(lambda: _on_paper(stage, branch), "the report reached the printer", 30, 2)
        sha256 = hashlib.sha256(paper.read_bytes()).hexdigest()
        line.held = sha256 == report.document_sha256
        line.count = "1 份"
        line.detail = f"SHA-256 {sha256[:16]}… 与签发记录一致" if line.held else f"{sha256} 与签发记录不一致"
        stage.shoot(HERE, "review-issued")


MOST_SENTENCES = 10
"""Proposed sentences taken over; the key does nothing when there is none left."""


def _on_paper(stage: Stage, branch: Pilot) -> Path | None:
    """Return what was printed; before that, press the key: the case on screen may not know of the file yet."""
    found = next(stage.printed.glob("*.pdf"), None)
    if found is None:
        branch.do("keys", key="Ctrl+P")
    return found


def pass_on(stage: Stage, case: Expected) -> None:
    """Write, submit and pass a report at the branch, so that it waits at head office."""
    branch = seat(stage, HERE, "chen", "review")
    _open(branch, case)
    branch.do("fill", name="text_conclusion", text="已核对本次体检的结果。")
    for _ in range(MOST_SENTENCES):  # what is abnormal must be told, or the check sends the report back
        branch.do("keys", key="F4")
    _press(stage, branch, "F9", HERE, case, "first_review")
    branch = seat(stage, HERE, "gao", "review")
    _open(branch, case)
    _press(stage, branch, "F9", HERE, case, "second_review")
    _reaches(stage, THERE, case, "second_review")


def seat(stage: Stage, desk: str, login: str, page: str) -> Pilot:
    """Let a person sit down at a workstation and open a page."""
    pilot = stage.clients[desk]
    if pilot.do("state").get("signed_in"):
        pilot.do("call", method="sign_out")
        pilot.do("wait", until={"signed_out": True}, timeout=10)
    stage.sign_in(desk, login)
    pilot.do("open", page=page)
    return pilot


def _open(pilot: Pilot, case: Expected, state: str = "") -> None:
    pilot.do("scan", text=case.visit_barcode)
    pilot.do("wait", until={"text": case.person.name, "name": "head_name"}, timeout=20)
    if state:
        pilot.do("wait", until={"text": state, "name": "head_state"}, timeout=20)
    pilot.do("wait", until={"idle": True}, timeout=20)


def _press(stage: Stage, pilot: Pilot, key: str, desk: str, case: Expected, state: str) -> None:
    """Press a key until the report is in a state: a case that has just come up takes no decision yet."""

    def reached() -> bool:
        if _state(stage, desk, case) == state:
            return True
        if _shown(pilot) != case.person.name:
            _open(pilot, case)  # the next case came up by itself, or there is none
            return False
        pilot.do("keys", key=key)
        pilot.do("wait", until={"idle": True}, timeout=20)
        return _state(stage, desk, case) == state

    wait_until(reached, f"{desk}: the report is {state}", 40, 0.5)


def _shown(pilot: Pilot) -> str:
    """Return whose case is on the desk; nothing where the queue is empty."""
    try:
        return str(pilot.do("text", name="head_name")["text"])
    except ProcessError:
        return ""


def _remark_is_open(pilot: Pilot) -> bool:
    """Press F7 unless the remark is open: a second F7 would send it."""
    try:
        pilot.do("wait", until={"visible": "return_remark"}, timeout=0.2)
    except ProcessError:
        pilot.do("keys", key="F7")
        return False
    return True


def _reaches(stage: Stage, desk: str, case: Expected, state: str) -> None:
    wait_until(lambda: _state(stage, desk, case) == state, f"{desk} sees the report {state}", 60, 0.2)


def _state(stage: Stage, desk: str, case: Expected) -> str:
    report = _report(stage, desk, case)
    return report.state if report else ""


def _report(stage: Stage, desk: str, case: Expected) -> Any:
    home = stage.home / desk
    with stores.branch(home, home / "store.key") as connection:
        return stores.one(
            connection,
            "SELECT report.* FROM report JOIN visit ON visit.id = report.visit_id WHERE visit.number = :number",
            number=case.visit_barcode,
        )


def _file(stage: Stage, desk: str, sha256: str) -> bytes | None:
    home = stage.home / desk
    return stores.file_of(home, home / "store.key", sha256)
