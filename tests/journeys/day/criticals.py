"""The critical card: it covers the window until the value is read back and something is done."""

from tests.journeys.day.processes import Pilot, ProcessError, wait_until
from tests.journeys.day.report import Summary
from tests.journeys.day.review import seat
from tests.journeys.day.stage import Stage

WRONG = "999"


def take_all(stage: Stage, summary: Summary, desk: str = "desk-b01", login: str = "zhou") -> None:
    """Let the nurse take every critical value that waits: once read back wrongly, then rightly, then handled."""
    pilot = seat(stage, desk, login, "front_desk")
    with summary.step("护士处理已到的危急值（复述、处置）") as line:
        count = 0
        while card_is_up(pilot):
            if count == 0:
                stage.shoot(desk, "critical-card")
                pilot.do("fill", name="critical_input", text=WRONG)
                pilot.do("keys", key="Return")
                pilot.do("wait", until={"visible": "critical_error"}, timeout=10)
                line.detail = "复述错误被拒绝"
            _take(pilot)
            count += 1
        line.count = f"{count} 个"


def card_is_up(pilot: Pilot, timeout_s: float = 1.5) -> bool:
    """Tell whether a card is shown, or comes up in a moment."""
    try:
        pilot.do("wait", until={"card": True}, timeout=timeout_s)
    except ProcessError:
        return False
    return True


def _take(pilot: Pilot) -> None:
    value = pilot.do("text", name="critical_value")["text"].split()[0]
    shown = _about(pilot)
    pilot.do("fill", name="critical_input", text=value)
    pilot.do("keys", key="Return")
    pilot.do("wait", until={"visible": "critical_outcome_1"}, timeout=10)
    pilot.do("keys", key="1")
    pilot.do("keys", key="Return")
    wait_until(lambda: _about(pilot) != shown, "the card is gone or another one", 15, 0.2)


def _about(pilot: Pilot) -> str:
    if not card_is_up(pilot, 0.05):
        return ""
    return pilot.do("text", name="critical_patient")["text"] + pilot.do("text", name="critical_name")["text"]
