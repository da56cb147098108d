"""Pictures and videos of the institution's own texts: known by content, few, and they go on to the next version."""

import pytest
from sqlalchemy import select

from domain.checkup.records import Attachment
from domain.kernel.errors import DomainError
from domain.messaging.commands import SendMessage
from domain.messaging.records import Category, Channel
from domain.messaging.template_commands import SaveTemplate
from domain.messaging.template_media import MOST, AttachTemplateMedia


def save(desk, operator, text="请少盐。"):
    order = SaveTemplate(code="salt", label="少盐", category=Category.NOTICE, channels=[Channel.SMS], title="少盐",
                         text=text)  # fmt: skip
    return desk.run(order, operator).receipt


def media(template, sha="a", kind="image/jpeg", size=1000):
    return AttachTemplateMedia(
        template_id=template, sha256=sha * 64, size=size, media_type=kind, name="盐勺.jpg"
    )


def of(desk, template):
    with desk.store.read() as connection:
        query = select(Attachment.sha256).where(Attachment.subject_id == template).order_by(Attachment.sha256)
        return connection.execute(query).scalars().all()


def refused(desk, order, actor):
    with pytest.raises(DomainError) as found:
        desk.run(order, actor)
    return found.value


def test_what_a_phone_shows_is_taken_once_and_goes_on_to_the_next_version(desk, operator):
    first = save(desk, operator)
    for _ in range(2):
        desk.run(media(first), operator)
    desk.run(media(first, "b", "video/mp4"), operator)
    second = save(desk, operator, "每天不超过 5 克盐。")
    assert of(desk, second) == ["a" * 64, "b" * 64]
    assert refused(desk, media(first, "c"), operator).code == "message.retired"


def test_what_a_phone_does_not_show_is_too_large_or_too_much_is_refused(desk, operator, as_role):
    template = save(desk, operator)
    assert refused(desk, media(template, kind="application/pdf"), operator).code == "message.bad_media"
    assert refused(desk, media(template, size=6 << 20), operator).facts["most"] == 5
    for number in range(MOST):
        desk.run(media(template, str(number)), operator)
    assert refused(desk, media(template, "f"), operator).code == "message.much_media"
    assert refused(desk, media(template, "e"), as_role("nurse")).code == "permission.denied"


@pytest.mark.parametrize(
    ("template", "params", "said"),
    [
        ("activity_week", {}, "中等强度"),
        ("health_status", {"status": "血压较上月平稳"}, "血压较上月平稳"),
        (
            "recheck_guide",
            {"date": "12 月 20 日", "items": "甲状腺超声", "place": "二楼超声科"},
            "复查：甲状腺超声",
        ),
        ("wellness_week", {}, "待医师核定"),
    ],
)
def test_education_status_recheck_and_wellness_go_out_to_one_client_and_say_little_on_the_way(
    desk, operator, client, told, template, params, said
):
    order = SendMessage(patient_id=client, template=template, channel=Channel.SMS, params=params)
    desk.run(order, operator)
    [message] = told(template=template)
    assert said in message.body + str(message.sources or "")
    assert "周女士" in message.text + message.body
    assert not [one for one in params.values() if one in message.text], (
        "what it is about stands behind the link"
    )
