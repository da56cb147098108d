"""Factors at high risk are advised on: with a source or not at all, to the client and to who follows up."""

from datetime import timedelta

import pytest

import resources
from domain.checkup.form_commands import AnswerForm
from domain.followup.content import FOLLOWUP, followup_of
from domain.followup.task_records import FollowTask
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from domain.kernel.texts import Texts
from domain.messaging.records import Category, Channel, OutboxMessage
from domain.people.patient_commands import EditPatient
from domain.risk.advice_commands import AdviseOnFactors
from domain.risk.advice_records import FactorAdvice
from domain.risk.advising import AGAIN_AFTER
from domain.risk.commands import NoteFactors
from domain.risk.follower import RiskFollower
from domain.risk.records import RiskLevel
from domain.scales.advice import load_advice
from tests.risk.keeping import MODELS, SYSTEM, WELL, measure, only, rows
from tests.scales.answering import least, reaching
from tests.scales.conftest import SCALES

ADVICE = load_advice(resources.folder("scales") / "advice")


@pytest.fixture
def advising(branch, authority):
    branch.content |= {
        "advice": ADVICE, "texts": Texts.load(resources.folder("texts") / "zh"),
        FOLLOWUP: followup_of(resources.folder("followup"), authority.roles, resources.folder("forms")),
    }  # fmt: skip
    follower = Follower(branch.store, RiskFollower(branch, SYSTEM))

    def go_on():
        while follower.step():
            pass

    return go_on


def reachable(branch, nurse, patient):
    branch.run(EditPatient(patient_id=patient, phone="13800138000", reason="补登电话"), nurse)


def test_every_factor_at_high_risk_has_advice_and_every_advice_a_source():
    declared = {one.factor for one in MODELS.levels.file.high_factors}
    assert declared == MODELS.factor_advice.factors.keys()
    for names in MODELS.factor_advice.factors.values():
        assert names
        assert all(ADVICE.entries[name].source for name in names)


def test_a_new_factor_brings_a_message_with_its_source_and_a_task(branch, nurse, visit, advising):
    reachable(branch, nurse, visit[0])
    measure(branch, nurse, visit, **(WELL | {"sbp": 152.0}))
    advising()
    kept, message, task = only(branch, FactorAdvice), only(branch, OutboxMessage), only(branch, FollowTask)
    assert kept.factors == {"sbp": "收缩压 ≥140 mmHg"}
    assert (message.category, message.channel, message.patient_id) == (
        Category.HEALTH_ADVICE,
        Channel.SMS,
        visit[0],
    )
    assert (kept.message_id, kept.task_id, kept.not_sent) == (message.id, task.id, None)
    assert message.body.startswith("减盐：每天盐少于 5 克")
    assert message.body.endswith("[1]。")
    assert [one["title"] for one in message.sources] == [ADVICE.entries["diet_salt"].source]
    assert "盐" not in message.text, "an SMS says no more than that there is something to read"
    assert (task.owner_role, task.urgent) == ("health_manager", True)
    assert task.planned_at - task.created_at == timedelta(days=3)
    unsure = [line for line in task.content if "待医师核定" in line]
    assert any("动起来" in line for line in unsure), "what is not signed is the health manager's to judge"
    assert "动起来" not in message.body
    assert all("来源：" in line for line in task.content if line.startswith("建议"))


def test_the_same_factor_is_not_told_twice_until_it_has_stayed_for_long(branch, nurse, visit, advising):
    reachable(branch, nurse, visit[0])
    measure(branch, nurse, visit, **(WELL | {"sbp": 152.0}))
    advising()
    measure(branch, nurse, visit, sbp=149.0)
    advising()
    assert len(rows(branch, FactorAdvice)) == 1
    measure(branch, nurse, visit, sbp=150.0, tg=2.9)
    advising()
    assert [set(one.factors) for one in rows(branch, FactorAdvice)] == [{"sbp"}, {"tg"}]
    branch.clock.advance(AGAIN_AFTER + timedelta(days=1))
    measure(branch, nurse, visit, sbp=151.0)
    advising()
    assert set(rows(branch, FactorAdvice)[-1].factors) == {"sbp", "tg"}


def test_just_below_nothing_is_told(branch, nurse, visit, advising):
    reachable(branch, nurse, visit[0])
    measure(branch, nurse, visit, **(WELL | {"sbp": 139.0}))
    advising()
    assert (rows(branch, FactorAdvice), rows(branch, OutboxMessage), rows(branch, FollowTask)) == ([], [], [])


def test_without_a_checked_source_or_an_address_the_task_alone_says_why(branch, nurse, visit, advising):
    measure(branch, nurse, visit, **(WELL | {"sbp": 152.0}))
    advising()
    assert rows(branch, OutboxMessage) == []
    assert only(branch, FactorAdvice).not_sent == "unreachable"
    assert any("没有可用的联系方式" in line for line in only(branch, FollowTask).content)
    reachable(branch, nurse, visit[0])
    items = [{"linkId": "smoking", "answer": [{"valueCoding": {"code": "current"}}]}]
    branch.run(
        AnswerForm(patient_id=visit[0], form="ascvd", form_version="1.0.0", answers={"item": items}), nurse
    )
    advising()
    last = rows(branch, FactorAdvice)[-1]
    assert (set(last.factors), last.not_sent, last.unverified) == ({"smoker"}, "no_checked_source", True)
    assert rows(branch, OutboxMessage) == []


def test_where_safety_is_at_stake_nothing_else_is_advised(branch, nurse, visit, advising):
    reachable(branch, nurse, visit[0])
    dark = reaching(SCALES["phq9"], 3, of=["self-harm"], start=least(SCALES["phq9"]))
    branch.run(AnswerForm(patient_id=visit[0], form="phq9", form_version="1.0.0", answers=dark), nurse)
    measure(branch, nurse, visit, **(WELL | {"sbp": 152.0}))
    advising()
    kept = only(branch, FactorAdvice)
    assert (kept.advice, kept.not_sent) == ([], "safety")
    assert rows(branch, OutboxMessage) == []
    assert any("先做安全评估" in line for line in only(branch, FollowTask).content)


def test_a_person_may_ask_for_it_again_and_not_where_all_is_dealt_with(
    branch, nurse, visit, advising, as_role
):
    manager = as_role("physician")
    reachable(branch, nurse, visit[0])
    with pytest.raises(DomainError, match=r"risk\.nothing_to_advise"):
        branch.run(AdviseOnFactors(patient_id=visit[0]), manager)
    measure(branch, nurse, visit, **(WELL | {"sbp": 152.0}))
    advising()
    branch.run(AdviseOnFactors(patient_id=visit[0]), manager)
    assert len(rows(branch, OutboxMessage)) == 2
    branch.run(NoteFactors(patient_id=visit[0], note="已面谈"), manager)
    assert only(branch, RiskLevel).open_factors == 0
    with pytest.raises(DomainError, match=r"risk\.nothing_to_advise"):
        branch.run(AdviseOnFactors(patient_id=visit[0]), manager)
    with pytest.raises(DomainError, match=r"permission"):
        branch.run(AdviseOnFactors(patient_id=visit[0]), nurse)
