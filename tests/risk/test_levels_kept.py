"""The level of a client in a store: it follows results and answers, a physician's say holds, alerts tell a rise."""

from datetime import timedelta

import msgspec
import pytest

import resources
from domain.alerts.content import load_rules
from domain.alerts.engine import AlertEngine
from domain.alerts.records import Alert
from domain.checkup.form_commands import AnswerForm, CorrectForm
from domain.kernel.authority import system_actor
from domain.kernel.change_log import entries_after
from domain.kernel.clock import clinic
from domain.kernel.readers import Follower
from domain.risk.assess import assess
from domain.risk.commands import ConfirmRiskLevel, EndManualLevel, NoteFactors, SetRiskLevel
from domain.risk.follower import RiskFollower
from domain.risk.gathering import factors_of
from domain.risk.levels import Colour
from domain.risk.preview_commands import PreviewLevelRules
from domain.risk.records import Cause, RiskAssessment, RiskLevel, RiskLevelChange, RiskRuleSet
from domain.risk.rule_commands import PublishLevelRules, RollBackLevelRules, written
from domain.risk.working import outcome_of
from tests.conftest import BRANCH
from tests.risk.keeping import (
    MODELS,
    SYSTEM,
    WELL,
    answers,
    assess_now,
    measure,
    only,
    refused,
    rows,
)


def test_an_assessment_keeps_its_inputs_with_unit_source_and_day_and_can_be_computed_again(
    branch, nurse, visit, clock
):
    measure(branch, nurse, visit, **WELL)
    order = AnswerForm(
        patient_id=visit[0], form="ascvd", form_version="1.0.0",
        answers=answers(region_north=True, urban=True, smoking="current"),
    )  # fmt: skip
    branch.run(order, nurse)
    assess_now(branch, nurse, visit)
    kept = only(branch, RiskAssessment)
    given = {one["code"]: one for one in kept.inputs["given"]}
    day = clinic(clock()).date().isoformat()
    assert given["sbp"] == {"code": "sbp", "value": 118.0, "unit": "mm[Hg]", "source": "result", "at": day}
    assert (given["smoking"]["value"], given["smoking"]["source"]) == ("current", "form:ascvd")
    assert given["region_north"]["value"] is True
    again = assess(factors_of(kept.inputs), kept.on_date, MODELS)
    assert kept.models_version == MODELS.version
    assert outcome_of(again)["models"].keys() == kept.outcome["models"].keys()
    assert all(
        kept.outcome["models"][name]["value"] == one["value"]
        for name, one in outcome_of(again)["models"].items()
    )
    assert kept.outcome["diseases"]["obesity"]["level"] == "low"
    assert kept.outcome["models"]["china_par"]["status"] == "not_computable"


def test_the_same_basis_is_one_assessment(branch, nurse, visit):
    measure(branch, nurse, visit, **WELL)
    first, second = assess_now(branch, nurse, visit), assess_now(branch, nurse, visit)
    assert first.assessment_id is not None
    assert second.assessment_id is None
    assert len(rows(branch, RiskAssessment)) == 1
    measure(branch, nurse, visit, ua=301.0)
    assert assess_now(branch, nurse, visit).assessment_id is not None


def test_why_this_colour_tells_rule_value_and_date(branch, nurse, visit, clock):
    measure(branch, nurse, visit, **(WELL | {"sbp": 184.0, "dbp": 96.0}))
    assert assess_now(branch, nurse, visit).colour is Colour.RED
    level = only(branch, RiskLevel)
    rule = level.why["rules"][0]
    assert (rule["rule"], rule["text"]) == ("L-01", "血压达 180/110 mmHg 及以上")
    day = clinic(clock()).date().isoformat()
    assert rule["facts"][0] == {"label": "收缩压", "value": 184.0, "unit": "mmHg", "at": day}
    assert level.why["unverified"] is True
    change = only(branch, RiskLevelChange)
    assert (change.act, change.colour_before, change.colour_after) == ("automatic", None, "red")


def test_too_little_is_no_colour(branch, nurse, visit):
    assert assess_now(branch, nurse, visit).colour is None
    assert only(branch, RiskLevel).colour_rank == 0


@pytest.mark.parametrize(
    ("changed", "colour"),
    [
        ({}, "green"),
        ({"ua": 360.0}, "yellow"),
        ({"sbp": 179.0, "dbp": 85.0}, "orange"),
        ({"sbp": 180.0, "dbp": 85.0}, "red"),
        ({"ldl": 4.1}, "orange"),
    ],
)
def test_the_colour_follows_the_declared_rules(branch, nurse, visit, changed, colour):
    measure(branch, nurse, visit, **(WELL | changed))
    found = assess_now(branch, nurse, visit).colour
    assert found == Colour(colour)


def test_levels_follow_new_results_and_answers_through_the_log(branch, nurse, visit):
    follower = Follower(branch.store, RiskFollower(branch, SYSTEM))
    measure(branch, nurse, visit, **WELL)
    follower.catch_up()
    assert only(branch, RiskLevel).colour is Colour.GREEN
    measure(branch, nurse, visit, sbp=150.0, dbp=92.0)
    follower.catch_up()
    assert only(branch, RiskLevel).colour is Colour.ORANGE
    order = AnswerForm(
        patient_id=visit[0],
        form="ascvd",
        form_version="1.0.0",
        answers=answers(smoking="current", cvd_history=True),
    )
    response = branch.run(order, nurse).receipt.response_id
    follower.catch_up()
    assert only(branch, RiskLevel).colour is Colour.RED
    assert [row.cause for row in rows(branch, RiskAssessment)] == [
        Cause.RESULTS,
        Cause.RESULTS,
        Cause.ANSWERS,
    ]
    head = len(rows(branch, RiskAssessment))
    RiskFollower(branch, SYSTEM).act(everything(branch))  # read a second time
    assert len(rows(branch, RiskAssessment)) == head
    correct = CorrectForm(
        response_id=response, answers=answers(smoking="never", cvd_history=False), reason="听错了"
    )
    branch.run(correct, nurse)
    follower.catch_up()
    assert only(branch, RiskLevel).colour is Colour.ORANGE


def everything(branch):
    with branch.store.read() as connection:
        return entries_after(connection, 0, 500)


def test_what_other_devices_did_is_not_assessed_here(branch, nurse, visit):
    measure(branch, nurse, visit, **WELL)
    other = system_actor(BRANCH, BRANCH)
    RiskFollower(branch, other).act(everything(branch))
    assert rows(branch, RiskAssessment) == []


def test_a_physician_sets_a_colour_with_reason_and_last_day(branch, nurse, physician, visit, clock):
    measure(branch, nurse, visit, **WELL)
    today = clinic(clock()).date()
    order = {"patient_id": visit[0], "colour": Colour.RED, "reason": "家族早发心梗，症状可疑", "until": today}
    assert refused(branch, SetRiskLevel(**order), physician) == "risk_level.unknown"
    assess_now(branch, nurse, visit)
    assert refused(branch, SetRiskLevel(**order), nurse) == "permission.denied"
    assert refused(branch, SetRiskLevel(**(order | {"reason": "  "})), physician) == "risk.reason_missing"
    past, far = today - timedelta(days=1), today + timedelta(days=367)
    assert refused(branch, SetRiskLevel(**(order | {"until": past})), physician) == "risk.until_past"
    assert refused(branch, SetRiskLevel(**(order | {"until": far})), physician) == "risk.until_far"
    branch.run(SetRiskLevel(**order), physician)
    level = only(branch, RiskLevel)
    assert (level.colour, level.automatic, level.manual, level.confirmed) == ("red", "green", "red", True)
    assert level.manual_by == physician.staff_id
    change = rows(branch, RiskLevelChange)[-1]
    assert (change.act, change.colour_before, change.colour_after) == ("manual", "green", "red")
    assert (change.reason, change.staff_id, change.valid_until) == (
        order["reason"],
        physician.staff_id,
        today,
    )
    measure(branch, nurse, visit, sbp=150.0, dbp=80.0)
    assess_now(branch, nurse, visit)
    level = only(branch, RiskLevel)
    assert (level.colour, level.automatic) == ("red", "orange")


def test_a_manual_colour_runs_out_after_its_last_day_and_not_on_it(branch, nurse, physician, visit, clock):
    measure(branch, nurse, visit, **WELL)
    assess_now(branch, nurse, visit)
    until = clinic(clock()).date() + timedelta(days=2)
    branch.run(
        SetRiskLevel(patient_id=visit[0], colour=Colour.ORANGE, reason="复查前从严", until=until), physician
    )
    follower = RiskFollower(branch, SYSTEM)
    clock.advance(timedelta(days=2))
    assert follower.tick() == 0
    clock.advance(timedelta(days=1))
    assert follower.tick() == 1
    assert follower.tick() == 0
    assert only(branch, RiskLevel).colour is Colour.GREEN
    assert [row.act for row in rows(branch, RiskLevelChange)] == ["automatic", "manual", "expired"]


def test_a_manual_colour_can_be_ended_before(branch, nurse, physician, visit, clock):
    measure(branch, nurse, visit, **WELL)
    assess_now(branch, nurse, visit)
    end = EndManualLevel(patient_id=visit[0], reason="复查正常")
    assert refused(branch, end, physician) == "risk.not_manual"
    until = clinic(clock()).date()
    branch.run(SetRiskLevel(patient_id=visit[0], colour=Colour.RED, reason="从严", until=until), physician)
    branch.run(end, physician)
    assert only(branch, RiskLevel).colour is Colour.GREEN
    assert rows(branch, RiskLevelChange)[-1].reason == "复查正常"


def alerts(branch):
    return {row.rule: row.state for row in rows(branch, Alert)}


def test_alerts_tell_colour_factors_and_what_rose_and_close_when_dealt_with(
    branch, nurse, physician, visit, authority
):
    engine = AlertEngine(branch, load_rules(resources.folder("alerts"), authority.roles), SYSTEM)
    seen = Follower(branch.store, engine)
    measure(branch, nurse, visit, **WELL)
    assess_now(branch, nurse, visit)
    seen.catch_up()
    assert not {"A-002", "A-003", "A-004"} & alerts(branch).keys()
    branch.run(ConfirmRiskLevel(patient_id=visit[0], note="已阅"), physician)
    measure(branch, nurse, visit, ldl=4.3)
    assess_now(branch, nurse, visit)
    seen.catch_up()
    level = only(branch, RiskLevel)
    assert (level.risen, level.open_factors, level.confirmed) == (1, 1, False)
    assert {rule: alerts(branch)[rule] for rule in ("A-002", "A-003", "A-004")} == {
        "A-002": "open", "A-003": "open", "A-004": "open",
    }  # fmt: skip
    branch.run(ConfirmRiskLevel(patient_id=visit[0], note="加用他汀"), physician)
    branch.run(NoteFactors(patient_id=visit[0], note="饮食处方已开"), physician)
    seen.catch_up()
    assert {alerts(branch)[rule] for rule in ("A-002", "A-003", "A-004")} == {"closed"}
    assert refused(branch, NoteFactors(patient_id=visit[0], note="再记"), physician) == "risk.no_open_factors"
    measure(branch, nurse, visit, tg=2.6)
    assess_now(branch, nurse, visit)
    assert only(branch, RiskLevel).open_factors == 1


def test_the_lists_show_levels_and_history(branch, nurse, physician, visit):
    from domain.kernel.worklists import Pages, worklists

    measure(branch, nurse, visit, **WELL)
    assess_now(branch, nurse, visit)
    for name in ("risk.levels", "risk.changes", "risk.assessments"):
        assert len(Pages(branch.store).page(worklists()[name], physician, limit=10).rows) == 1


def rules_text(version="2026.2", when="ua > 280", **changed):
    rule = f"{{id: S-01, colour: orange, when: {when}, text: 本院尿酸从严}}"
    lines = [
        f"version: '{version}'",
        "status: V",
        "source: 本院",
        "enough: 1",
        f"rules: [{rule}]",
        "high_factors: []",
    ]
    return "\n".join(lines)


def test_an_administrator_publishes_rules_that_are_in_force_from_the_next_assessment(
    branch, nurse, visit, as_role
):
    administrator = as_role("administrator")
    measure(branch, nurse, visit, **WELL)
    assert assess_now(branch, nurse, visit).colour is Colour.GREEN
    publish = PublishLevelRules(text=rules_text(), reason="本院尿酸管理")
    assert refused(branch, publish, nurse) == "permission.denied"
    branch.run(publish, administrator)
    assert assess_now(branch, nurse, visit).colour is Colour.ORANGE
    assert only(branch, RiskLevel).why["rules"][0]["rule"] == "S-01"
    assert rows(branch, RiskAssessment)[-1].rules_version == "2026.2"
    assert refused(branch, publish, administrator) == "risk.same_version"
    assert (
        refused(branch, PublishLevelRules(text=rules_text("2026.1"), reason="x"), administrator)
        == "risk.same_version"
    )


def test_what_rules_would_change_is_told_before_and_an_earlier_set_comes_back(branch, nurse, visit, as_role):
    administrator = as_role("administrator")
    measure(branch, nurse, visit, **WELL)
    assess_now(branch, nurse, visit)
    assert refused(branch, PreviewLevelRules(text=rules_text()), nurse) == "permission.denied"
    told = branch.run(PreviewLevelRules(text=rules_text()), administrator).receipt
    assert (told.looked, told.clients, told.changed, told.physicians) == (1, 1, 1, 0)
    assert [(one.before, one.after, one.count) for one in told.moves] == [("green", "orange", 1)]
    none = branch.run(PreviewLevelRules(text=written(MODELS.levels.file)), administrator).receipt
    assert none.changed == 0, "the rules in force change nothing"
    assert rows(branch, RiskRuleSet) == []
    assert refused(branch, PreviewLevelRules(text="version: ["), administrator) == "risk.bad_rules"
    shipped = written(msgspec.structs.replace(MODELS.levels.file, version="2026.1a"))
    first = branch.run(PublishLevelRules(text=shipped, reason="原规则"), administrator).receipt
    branch.run(PublishLevelRules(text=rules_text(), reason="尿酸"), administrator)
    assert assess_now(branch, nurse, visit).colour is Colour.ORANGE
    order = RollBackLevelRules(rule_set_id=first, reason="尿酸切点过低")
    back = branch.run(order, administrator).receipt
    assert assess_now(branch, nurse, visit).colour is Colour.GREEN
    assert [row.version for row in rows(branch, RiskRuleSet)] == ["2026.1a", "2026.2", "2026.1a~1"]
    again = RollBackLevelRules(rule_set_id=back, reason="再来")
    assert refused(branch, again, administrator) == "risk.in_force_already"


@pytest.mark.parametrize(
    "text",
    [
        rules_text(when="uaa > 280"), rules_text(when="__import__('os')"), "version: [", "a: &a [1]\nb: *a", "- 1",
        "x", rules_text().replace("orange", "purple"), "[" * 900,
    ],
)  # fmt: skip
def test_rules_with_a_mistake_are_refused_whole(branch, as_role, text):
    order = PublishLevelRules(text=text, reason="试")
    assert refused(branch, order, as_role("administrator")) == "risk.bad_rules"
    assert rows(branch, RiskRuleSet) == []


def test_what_a_corrected_form_no_longer_says_does_not_count(branch, nurse, visit):
    said = answers(smoking="current", cvd_history=True)
    order = AnswerForm(patient_id=visit[0], form="ascvd", form_version="1.0.0", answers=said)
    response = branch.run(order, nurse).receipt.response_id
    assess_now(branch, nurse, visit)
    correct = CorrectForm(response_id=response, answers=answers(smoking="never"), reason="既往史未问清")
    branch.run(correct, nurse)
    assess_now(branch, nurse, visit)
    codes = [{one["code"] for one in row.inputs["given"]} for row in rows(branch, RiskAssessment)]
    assert codes == [{"smoking", "cvd_history"}, {"smoking"}]
