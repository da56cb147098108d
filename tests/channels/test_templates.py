"""What may be told in which words."""

import pytest

import resources
from domain.kernel.errors import DomainError
from domain.messaging.minimum import too_much
from domain.messaging.queueing import queue_message
from domain.messaging.records import Category, Channel
from domain.messaging.template_commands import SaveTemplate
from domain.messaging.templates import Template, by_grade, check_template, load_templates, sentences


def advice(text, sources=({"title": "指南", "grade": "A"},), **more):
    return SaveTemplate(
        code="walk", label="多走路", category=Category.HEALTH_ADVICE, channels=[Channel.SMS], title="健康建议",
        text=text, sources=list(sources), **more,
    )  # fmt: skip


def refused(desk, order, actor):
    with pytest.raises(DomainError) as error:
        desk.run(order, actor)
    return error.value


def test_every_shipped_template_may_be_sent():
    found = load_templates(resources.folder("messages"))
    assert {"form_invite", "contact_us", "staff_alert", "reply"} <= found.keys()


def test_health_advice_names_the_source_of_every_sentence(desk, operator):
    error = refused(desk, advice("每天走一万步[1]。多喝水。"), operator)
    assert (error.code, error.facts["sentence"]) == ("message.no_source", "多喝水。")
    assert refused(desk, advice("每天走一万步[2]。"), operator).code == "message.unknown_source"
    assert refused(desk, advice("每天走一万步[1]。", sources=[]), operator).code == "message.unknown_source"
    two = [{"title": "甲", "grade": "A"}, {"title": "乙", "grade": "B"}]
    assert refused(desk, advice("每天走一万步[1]。", sources=two), operator).code == "message.unused_source"
    assert (
        refused(desk, advice("走路[1]。", sources=[{"title": "甲"}]), operator).code == "message.bad_source"
    )
    assert desk.run(advice("每天走一万步[1]。少坐着。[1]"), operator).receipt


def test_other_categories_need_no_source(desk, operator):
    order = SaveTemplate(
        code="closed", label="停诊", category=Category.NOTICE, channels=[Channel.SMS], title="停诊通知",
        text="中心 {day} 停诊。",
    )  # fmt: skip
    assert desk.run(order, operator).receipt


def test_a_mark_after_the_full_stop_belongs_to_its_sentence():
    assert sentences("走路。[1] 少坐[2]！ \n") == ["走路。[1]", "少坐[2]！"]


def test_sources_are_shown_by_their_grade():
    given = [{"title": "甲", "grade": "C", "year": 2024}, {"title": "乙", "grade": "A", "year": 2019}]
    assert [number for number, _ in by_grade(given)] == [2, 1]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("您的血糖需要复查", "diagnosis"), ("结果 7.1 mmol/L", "value"), ("证件 32010219750823062X", "id_number"),
        ("致电 13812345678", "phone"), ("HIV 检测", "diagnosis"), ("请于 11-23 09:00 到一楼", ""),
        ("3 份问卷，https://p.example/p/Abc-1_9", ""),
    ],
)  # fmt: skip
def test_what_may_not_stand_in_an_sms(text, kind):
    assert too_much(text) == kind


def test_titles_and_short_texts_say_nothing_of_results():
    wrong = Template(
        code="x",
        label="x",
        category=Category.NOTICE,
        channels=(Channel.SMS,),
        title="通知",
        short="您的血压偏高",
    )
    with pytest.raises(DomainError, match="too_much"):
        check_template(wrong)


@pytest.mark.parametrize("text", ["{0}", "{client.name}", "{client!r}", "{client:>9}", "{", "{nobody}"])
def test_placeholders_are_plain_names(text):
    wrong = Template(
        code="x",
        label="x",
        category=Category.NOTICE,
        channels=(Channel.SMS,),
        title="通知",
        short="好",
        text=text,
    )
    with pytest.raises(DomainError, match="bad_placeholder"):
        check_template(wrong)


def test_what_is_filled_in_is_looked_at_too(desk, client, operator):
    from domain.kernel.commands import command_of
    from domain.messaging.commands import SendMessage

    order = SendMessage(
        patient_id=client,
        template="contact_us",
        channel=Channel.SMS,
        params={"service_phone": "糖尿病门诊 025-1"},
    )
    assert refused(desk, order, operator).code == "message.too_much"
    missing = SendMessage(patient_id=client, template="contact_us", channel=Channel.SMS)
    assert refused(desk, missing, operator).code == "message.missing_param"
    assert command_of(order).permission == "messaging.send"
    assert queue_message.__doc__
