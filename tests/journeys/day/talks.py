"""What clients are told outside the program, and what they say: by simulated vendors, answered and back again."""

import re
import uuid
from typing import Any

from tests.journeys.day import stores
from tests.journeys.day.centre import PASSWORDS
from tests.journeys.day.people import Expected
from tests.journeys.day.processes import wait_until
from tests.journeys.day.report import Summary
from tests.journeys.day.review import seat
from tests.journeys.day.stage import Stage
from tests.journeys.day.vendors import FOLLOWER, FRIEND, STAFF

PHONE = "13800138000"
QUESTION = "我的血糖有点高，平时吃饭要注意什么？"
ANSWER = "您好，饮食上先从少喝含糖饮料、少吃精制主食做起；需要时可以预约营养师当面评估。"
PROMISE = "我们的方案可以根治糖尿病。"


def talks(stage: Stage, summary: Summary, case: Expected, other: Expected) -> None:
    """Clients are written to by three channels; one writes back and is answered by whoever it is owed by.

    Two of the messages go to `case`, one to `other`: nobody gets more than three a day, and advice about risks may
    have gone out in the morning.
    """
    centre, vendors = stage.centre, stage.centre.vendors
    client, elsewhere = _client(stage, case), _client(stage, other)
    centre.sign_in("gao", PASSWORDS["default"])  # operators see the clients that write to them, no others
    with summary.step("随访联系经短信、公众号、企业微信发出（模拟服务）") as line:
        reached = {
            "sms": (PHONE, None),
            "official_account": (FOLLOWER, None),
            "wecom_client": (FRIEND, STAFF),
        }
        for channel, (address, via) in reached.items():
            whom = elsewhere if channel == "sms" else client
            centre.command("messaging.bind", patient_id=whom, channel=channel, address=address, via=via)
            centre.command("messaging.send", patient_id=whom, template="follow_up_contact", channel=channel)
        inboxes = (vendors.sms.inbox, vendors.official.inbox, vendors.wecom.inbox)
        wait_until(lambda: all(inboxes), "each vendor has its message", 60, 0.3)
        line.count = f"{sum(map(len, inboxes))} 条"
        line.held = re.search(r"/p/[\w-]{22}", str(vendors.sms.inbox[0])) is not None
        line.detail = "短信与公众号只有链接，不含健康情况"
    with summary.step("客户在公众号留言，进入客户沟通并分给负责人") as line:
        fields = {
            "FromUserName": FOLLOWER, "CreateTime": str(int(stage.clock().timestamp())), "MsgType": "text",
            "Content": QUESTION, "MsgId": "1",
        }  # fmt: skip
        at = int(stage.clock().timestamp())
        answer = vendors.official.push(f"{centre.address}/callbacks/wechat/oa", fields, at=at)
        line.held = answer.status_code == 200
        talk = wait_until(lambda: _owed(stage), "the conversation is owed", 60, 0.3)
        line.detail = f"负责人 {talk.owner}，30 分钟内答复"
        home = stage.home / "desk-b01"
        wait_until(lambda: _at_branch(home) == 1, "the branch has it", 60, 0.5)
    with summary.step("违反规则的回复被拦下，正常回复送达客户") as line:
        login = {"郑小曼": "zheng", "韩悦": "han"}[talk.owner]
        centre.sign_in(login, PASSWORDS["default"])
        own = str(uuid.UUID(bytes=bytes(talk.id)))
        refused = _refused(centre, own)
        before = len(vendors.official.inbox)
        seat(stage, "desk-b01", login, "inbox")
        stage.shoot("desk-b01", "inbox")
        centre.command("conversation.reply", conversation_id=own, text=ANSWER)
        wait_until(lambda: len(vendors.official.inbox) > before, "the client has the answer", 60, 0.3)
        said = vendors.official.inbox[-1]
        line.held = refused and ANSWER in str(said)
        wait_until(lambda: _owed(stage) is None, "nothing is owed any more", 60, 0.3)
        line.detail = "回复内容经规则检查；送达后停止计时"


def _client(stage: Stage, case: Expected) -> str:
    query = "SELECT patient_id FROM visit WHERE number = :n"
    with stores.centre(stage.centre.home) as connection:
        row = stores.one(connection, query, n=case.visit_barcode)
    return str(uuid.UUID(bytes=bytes(row.patient_id)))


def _owed(stage: Stage) -> Any:
    with stores.centre(stage.centre.home) as connection:
        return stores.one(
            connection,
            "SELECT c.id, s.name AS owner FROM conversation c JOIN staff s ON s.id = c.owner_id "
            "WHERE c.state = 'owed'",
        )


def _at_branch(home: Any) -> int:
    with stores.branch(home, home / "store.key") as connection:
        return stores.count(connection, "conversation", "state = 'owed'")


def _refused(centre: Any, conversation_id: str) -> bool:
    """Tell whether a promise of a cure is refused until somebody says why it has to go."""
    answer = centre.session.post(
        f"{centre.address}/api/commands/conversation.reply",
        json={"conversation_id": conversation_id, "text": PROMISE},
        headers={"Authorization": f"Bearer {centre.token}"}, timeout=30,
    )  # fmt: skip
    return bool(answer.status_code == 422 and answer.json().get("code") == "conduct.reason_needed")
