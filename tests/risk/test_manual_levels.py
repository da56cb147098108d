"""A level that a physician set, when new data come."""

from datetime import timedelta

from domain.kernel.clock import clinic
from domain.risk.commands import ConfirmRiskLevel, EndManualLevel, SetRiskLevel
from domain.risk.levels import Colour
from domain.risk.records import RiskLevel, RiskLevelChange
from tests.risk.keeping import WELL, assess_now, measure, only, rows


def test_a_manual_colour_is_reopened_by_data_that_would_have_made_another_one(
    branch, nurse, physician, visit, clock
):
    measure(branch, nurse, visit, **WELL)
    assess_now(branch, nurse, visit)
    until = clinic(clock()).date() + timedelta(days=90)
    order = SetRiskLevel(patient_id=visit[0], colour=Colour.YELLOW, reason="家族史，从严", until=until)
    branch.run(order, physician)

    def after(**values):
        measure(branch, nurse, visit, **values)
        assess_now(branch, nurse, visit)
        level = only(branch, RiskLevel)
        return level.automatic, level.colour, level.reopened

    assert after(fpg=5.2) == ("green", "yellow", False)
    assert after(ua=360.0) == ("yellow", "yellow", False)  # what the physician thought
    assert after(ldl=4.1) == ("orange", "yellow", True)
    assert only(branch, RiskLevel).confirmed is False
    change = rows(branch, RiskLevelChange)[-1]
    assert (change.act, change.colour_before, change.colour_after) == ("reopened", "yellow", "yellow")
    assert after(ldl=4.2) == ("orange", "yellow", True)
    assert [row.act for row in rows(branch, RiskLevelChange)].count("reopened") == 1  # told once
    branch.run(ConfirmRiskLevel(patient_id=visit[0], note="已知，仍按黄色随访"), physician)
    assert after(ldl=4.3) == ("orange", "yellow", False)
    assert after(sbp=185.0, dbp=85.0) == ("red", "yellow", True)
    branch.run(EndManualLevel(patient_id=visit[0], reason="恢复自动"), physician)
    level = only(branch, RiskLevel)
    assert (level.colour, level.reopened, level.manual_over) == ("red", False, None)
