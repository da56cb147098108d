"""R1.4.3, R1.5.3: one message to all who have some tags, in the words that fit each, by the quota of the day."""

import pytest

import resources
from domain.kernel.errors import DomainError
from domain.messaging.commands import BindAddress, SendMessage
from domain.messaging.mass_commands import PauseMass, StopMass, WriteTemplate
from domain.messaging.records import Channel, ChannelBudget, MassSending, OutboxMessage
from domain.tags.commands import TagClient
from domain.tags.mass_commands import PreviewMass, SendToTagged
from domain.tags.records import TagKind
from domain.tags.rules import TAGS, load_tags
from tests.followup.conftest import WELL


@pytest.fixture
def care(care):
    care.desk.content[TAGS] = load_tags(resources.folder("tags"))
    return care


def refused(care, order, code, field):
    with pytest.raises(DomainError) as found:
        care.run(order, care.head)
    assert (found.value.code, found.value.field) == (code, field)


def template(care, code="walk", text="多走路。", **more):
    given = {"label": f"模板{code}", "title": "提醒", "channel": Channel.WECOM_CLIENT}
    return care.run(WriteTemplate(code=code, text=text, **{**given, **more}), care.head)


def person(care, *tags, reached=True):
    patient_id = care.client(**WELL)
    for kind, name in tags:
        care.run(TagClient(patient_id=patient_id, kind=TagKind(kind), name=name), care.head)
    if reached:
        order = BindAddress(
            patient_id=patient_id,
            channel=Channel.WECOM_CLIENT,
            address=f"wm{patient_id.hex[-6:]}",
            via="zhangsan",
        )
        care.run(order, care.head)
    return patient_id


def sending(*tags, **more):
    given = {"label": "群发", "template": "walk", "channel": Channel.WECOM_CLIENT, "tags": list(tags)}
    return SendToTagged(**{**given, **more})


HIGH, RISK = ("disease", "高血压"), ("risk", "高危")


def test_all_tags_must_be_there_and_who_cannot_be_reached_is_counted(care):
    template(care)
    both, one, away = person(care, HIGH, RISK), person(care, HIGH), person(care, HIGH, RISK, reached=False)
    told = care.run(
        PreviewMass(template="walk", channel=Channel.WECOM_CLIENT, tags=["disease/高血压", "risk/高危"]),
        care.head,
    )
    assert (told.wanted, told.queued, told.left_out, told.problem) == (2, 1, {"no_address": 1}, "")
    assert care.rows(OutboxMessage) == []
    sent = care.run(sending("disease/高血压", "risk/高危"), care.head)
    assert (sent.queued, sent.left_out) == (1, {"no_address": 1})
    assert {m.patient_id for m in care.rows(OutboxMessage)} == {both}
    assert one not in {both, away}


def test_words_fit_the_disease_and_the_risk_of_each(care):
    template(care)
    template(care, "walk__bp", "多走路，每天量血压。", fits="慢病/高血压")
    template(care, "walk__bp_high", "先来复诊，再开始走路。", fits="慢病/高血压、风险/高危")
    group = ("own", "走路班")
    plain, disease, high = person(care, group), person(care, group, HIGH), person(care, group, HIGH, RISK)
    told = care.run(
        PreviewMass(template="walk", channel=Channel.WECOM_CLIENT, tags=["own/走路班"]), care.head
    )
    assert told.variants == {"walk__bp": 1, "walk__bp_high": 1}
    care.run(sending("own/走路班"), care.head)
    texts = {m.patient_id: m.text for m in care.rows(OutboxMessage)}
    assert texts == {plain: "多走路。", disease: "多走路，每天量血压。", high: "先来复诊，再开始走路。"}


def test_nobody_writes_to_everybody_by_leaving_the_tags_out(care):
    template(care)
    refused(care, sending(), "message.no_tags", "tags")
    refused(care, sending("own/没有人"), "message.nobody", "patient_ids")


def test_more_than_the_quota_is_refused_whole_unless_spread_over_days(care):
    from domain.kernel.unit_of_work import UnitOfWork
    from tests.followup.conftest import SYSTEM

    template(care)
    for _ in range(3):
        person(care, HIGH)
    with care.desk.store.write() as connection:
        work = UnitOfWork(connection, SYSTEM, now=care.desk.clock(), new_id=care.desk.ids)
        day = care.desk.clock().date().isoformat()
        work.add(
            ChannelBudget(
                channel=Channel.WECOM_CLIENT, day=day, used=8, quota=10, paused=0, published_at=work.now
            )
        )
        work.commit_entry("test.budget", txn_id=care.desk.ids())
        work.close()
    told = care.run(
        PreviewMass(template="walk", channel=Channel.WECOM_CLIENT, tags=["disease/高血压"]), care.head
    )
    assert (told.budget.left, told.problem) == (2, "message.over_budget")
    refused(care, sending("disease/高血压", budget_left=2), "message.over_budget", "patient_ids")
    assert care.rows(OutboxMessage) == []
    assert care.rows(MassSending) == []
    assert care.run(sending("disease/高血压", budget_left=2, over_days=True), care.head).queued == 3


def test_a_stopped_sending_cannot_be_let_go_on(care):
    template(care)
    person(care, HIGH)
    sent = care.run(sending("disease/高血压"), care.head)
    care.run(StopMass(mass_id=sent.mass_id), care.head)
    refused(care, PauseMass(mass_id=sent.mass_id), "message.mass_stopped", "mass_id")


@pytest.mark.parametrize("line", ["A|中国居民膳食指南", "A|去年|指南", "E|2022|指南", "A|2022|"])
def test_a_source_that_is_not_whole_is_refused_with_its_line(care, line):
    order = WriteTemplate(
        code="salt", label="限盐", category="health_advice", title="限盐", text="少盐[1]。", sources=f"{line}\n",
        channel=Channel.WECOM_CLIENT,
    )  # fmt: skip
    refused(care, order, "message.bad_source", "sources")


def test_health_advice_without_a_source_is_refused_and_a_tag_without_its_kind_too(care):
    with pytest.raises(DomainError) as error:
        template(care, "salt", "少盐。", category="health_advice")
    assert error.value.code == "message.no_source"
    with pytest.raises(DomainError) as error:
        template(care, "walk__x", fits="高血压")
    assert (error.value.code, error.value.field) == ("message.bad_fits", "fits")


def test_one_message_may_be_planned_for_a_time_and_not_for_the_past(care, clock):
    from datetime import timedelta

    template(care)
    patient_id = person(care)
    at = clock() + timedelta(days=2)
    care.run(SendMessage(patient_id=patient_id, template="walk", send_at=at), care.head)
    assert care.one(OutboxMessage).send_at == at
    late = SendMessage(patient_id=patient_id, template="walk", send_at=clock() - timedelta(minutes=1))
    refused(care, late, "message.bad_time", "send_at")
