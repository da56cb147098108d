"""A message with a picture and a video: on the page of its link and in WeChat, for that client alone, in parts."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.messaging.commands import SendMessage
from domain.messaging.records import Category, Channel, OutboxMessage
from domain.messaging.template_commands import SaveTemplate
from domain.messaging.template_media import AttachTemplateMedia
from tests.channels.test_consults import JPEG, MP4
from tests.fixtures.patience import until
from tests.server.phone import Phone
from tests.server.test_portal import bound, phone, server, vendors  # noqa: F401


@pytest.fixture(scope="module")
def template(server):  # noqa: F811
    order = SaveTemplate(code="activity_week", label="每周运动", category=Category.NOTICE, title="本周运动",
                         channels=[Channel.OFFICIAL_ACCOUNT], text="跟着视频做一做。")  # fmt: skip
    own = server.as_system(order)
    for body, kind in ((JPEG, "image/jpeg"), (MP4, "video/mp4")):
        sha256 = server.centre.blobs.put([body])
        server.as_system(
            AttachTemplateMedia(template_id=own, sha256=sha256, size=len(body), media_type=kind, name="x")
        )
        server.clock.advance(timedelta(minutes=1))
    return own


def sent(server, vendors, wechat, patient):  # noqa: F811
    vendors["oa"].known.add(wechat.openid)
    order = SendMessage(patient_id=patient, template="activity_week", channel=Channel.OFFICIAL_ACCOUNT)
    number = server.as_system(order)

    def state():
        with server.centre.store.read() as connection:
            return connection.execute(
                select(OutboxMessage.state).where(OutboxMessage.id == number)
            ).scalar_one()

    until(lambda: state() == "accepted")
    return number


def test_it_is_shown_in_wechat_and_played_in_parts(server, vendors, phone, template):  # noqa: F811
    wechat, patient = bound(server, phone, "周看图")
    number = sent(server, vendors, wechat, patient)
    page = wechat.get("/message", id=number.hex).text
    assert page.count('class="shown"') == 2
    assert wechat.get("/message-media", id=number.hex, n="0").content == JPEG
    assert wechat.last.headers["x-content-type-options"] == "nosniff"
    part = wechat.http.get(
        f"{wechat.base}/message-media", params={"id": number.hex, "n": 1}, headers={"range": "bytes=0-9"}
    )
    assert (part.status_code, part.content) == (206, MP4[:10])
    stranger, _ = bound(server, phone, "周不看")
    assert stranger.get("/message-media", id=number.hex, n="0").status_code == 422
    assert wechat.get("/message-media", id=number.hex, n="9").status_code == 422


def test_it_is_shown_behind_the_link_after_the_birth_date_alone(server, vendors, phone, template):  # noqa: F811
    wechat, patient = bound(server, phone, "周链接")
    number = sent(server, vendors, wechat, patient)
    reader = Phone(server, server.centre.sender.link_token(number))
    reader.open()
    assert "shown" not in reader.last.text
    assert reader.http.get(f"{reader.url}/media/0", allow_redirects=False).status_code == 303
    reader.verify()
    reader.open()
    assert "/media/1" in reader.last.text
    assert reader.http.get(f"{reader.url}/media/1").content == MP4
