"""What must be equal at the end: the stores of every branch and of the centre, and the audit chain."""

from tests.journeys.day import stores
from tests.journeys.day.processes import ProcessError, wait_until
from tests.journeys.day.report import Summary
from tests.journeys.day.stage import Stage

Digest = dict[str, tuple[int, str]]


def compare(stage: Stage, summary: Summary, label: str, timeout_s: float = 120) -> None:
    """Wait until both branches and the centre hold the same, and print the comparison."""
    for desk, code in (("desk-b01", "B01"), ("desk-b02", "B02")):
        with summary.step(f"{label}：{code} 与总院逐表摘要") as line:
            try:
                wait_until(
                    lambda desk=desk, code=code: not _differences(stage, desk, code),
                    "digests agree",
                    timeout_s,
                    0.5,
                )
            except ProcessError:
                line.detail = "；".join(_differences(stage, desk, code))[:300]
                raise
            mine, _ = _digests(stage, desk, code)
            rows = sum(n for n, _ in mine.values())
            line.count = f"{rows} 行"
            line.detail = "无丢失、无重复：" + " ".join(f"{k}={n}" for k, (n, _) in sorted(mine.items()) if n)


def table(stage: Stage, desk: str, code: str) -> str:
    """Return the comparison as text: entity, rows here, rows there, digests."""
    mine, theirs = _digests(stage, desk, code)
    lines = [f"{'表':<26}{'分院行数':>10}{'总院行数':>10}  分院摘要          总院摘要"]
    for name in sorted(mine.keys() | theirs.keys()):
        here, there = mine.get(name, (0, "")), theirs.get(name, (0, ""))
        same = "＝" if here == there else "≠"
        lines.append(f"{name:<26}{here[0]:>12}{there[0]:>12}  {here[1]:<16}  {there[1]:<16} {same}")
    return "\n".join(lines)


def _digests(stage: Stage, desk: str, code: str) -> tuple[Digest, Digest]:
    home = stage.home / desk
    with stores.branch(home, home / "store.key") as connection:
        mine = stores.digest(connection, stage.orgs[code])
    with stores.centre(stage.centre.home) as connection:
        theirs = stores.digest(connection, stage.orgs[code])
    return mine, theirs


def _differences(stage: Stage, desk: str, code: str) -> list[str]:
    return stores.differences(*_digests(stage, desk, code))


def audit(stage: Stage, summary: Summary) -> None:
    """Verify the chain at the centre."""
    with summary.step("总院审计链核验") as line:
        line.held = stage.centre.audit_is_whole()
