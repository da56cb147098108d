"""A client consults from the pages in WeChat: words and files into the one inbox, the answer back on the page."""

import requests
from sqlalchemy import select

from domain.checkup.records import Attachment
from domain.conversations.commands import ReplyToClient
from domain.conversations.records import Conversation, ConversationMessage
from tests.channels.test_consults import AMR, JPEG, MP4
from tests.server.test_portal import bound, phone, rows, server, vendors  # noqa: F401


def send(wechat, say="", file=None, once="once1", **more):
    files = {"file": file} if file else {"file": ("", b"")}
    sent = {"m": more.pop("m", ""), "~once": once, "say": say}
    wechat.last = wechat.http.post(f"{wechat.base}/consult", data=sent, files=files, allow_redirects=False)
    return wechat.last


def talk(server, patient):  # noqa: F811
    with server.centre.store.read() as connection:
        query = select(ConversationMessage.__table__).where(ConversationMessage.patient_id == patient)
        return connection.execute(query.order_by(ConversationMessage.at)).all()


def test_a_question_is_owed_and_its_answer_stands_on_the_page(server, phone):  # noqa: F811
    wechat, patient = bound(server, phone, "周问")
    assert "还没有咨询" in wechat.get("/consult").text
    assert send(wechat, "血压药饭前吃还是饭后吃").status_code == 303
    assert send(wechat, "血压药饭前吃还是饭后吃").status_code == 303, "sent twice"
    [one] = talk(server, patient)
    [conversation] = rows(server, Conversation, patient_id=patient)
    assert (conversation.state, conversation.kind, one.form) == ("owed", "consultation", "text")
    server.as_system(ReplyToClient(conversation_id=conversation.id, text="请按说明书，饭后半小时服用。"))
    assert "饭后半小时" in wechat.get("/consult").text


def test_pictures_voices_and_videos_come_along_and_only_that_client_gets_them_back(server, phone):  # noqa: F811
    wechat, patient = bound(server, phone, "周图")
    for number, (name, body) in enumerate((("a.jpg", JPEG), ("b.amr", AMR), ("c.mp4", MP4))):
        assert send(wechat, "", (name, body), once=f"f{number}").status_code == 303, name
    said = talk(server, patient)
    assert sorted(one.form for one in said) == ["image", "video", "voice"]
    ids = {one.id: one.form for one in said}
    with server.centre.store.read() as connection:
        kept = connection.execute(select(Attachment.__table__).where(Attachment.subject_id.in_(ids))).all()
    picture = next(one for one in kept if ids[one.subject_id] == "image")
    assert wechat.get("/media", f=picture.id.hex).content == JPEG
    assert wechat.last.headers["content-disposition"].startswith("attachment")
    stranger, _ = bound(server, phone, "周旁")
    assert stranger.get("/media", f=picture.id.hex).status_code == 422
    assert (
        requests.get(
            f"{wechat.base}/media", {"f": picture.id.hex}, timeout=30, allow_redirects=False
        ).status_code
        == 302
    )


def test_what_cannot_be_taken_is_told_and_the_words_stay(server, phone):  # noqa: F811
    wechat, patient = bound(server, phone, "周错")
    assert send(wechat, "看看这个", ("x.exe", b"MZ program")).status_code == 422
    assert "不支持这种文件" in wechat.text()
    assert "看看这个" in wechat.last.text
    assert send(wechat, "大图", ("x.jpg", JPEG + b"x" * (11 << 20))).status_code == 422
    assert "文件过大" in wechat.text()
    assert send(wechat, " ").status_code == 422
    assert talk(server, patient) == []
    assert send(wechat, "<script>alert(1)</script>", once="s").status_code == 303
    assert "<script>alert" not in wechat.get("/consult").text


def test_too_much_is_refused_before_it_is_read(server, phone):  # noqa: F811
    wechat, _ = bound(server, phone, "周大")
    answer = send(wechat, "大", ("x.mp4", MP4 + b"x" * (22 << 20)))
    assert answer.status_code == 413
