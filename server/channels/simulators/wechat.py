"""Simulated WeCom, Official Account and mini program: tokens, codes, tasks, tags, and callbacks."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import requests

from server.channels.callback_crypto import encrypt, pushed, signature
from server.channels.simulators.base import Call, Simulator

AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"  # the public example of the vendor


@dataclass(slots=True)
class WeChatSimulator(Simulator):
    """The vendor's side of one account; `known` are the people it can reach."""

    name: str = "wechat"
    app_id: str = "wx5823bf96d3bd56c7"
    secret: str = "wechat-secret-of-the-simulator"  # noqa: S105  (of a simulator)
    token: str = "callback-token"  # noqa: S105  (of a simulator)
    aes_key: str = AES_KEY
    known: set[str] = field(default_factory=set)
    access: str = ""
    fetched: int = 0
    consents: dict[str, int] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    tags: dict[str, str] = field(default_factory=dict)
    marked: dict[str, list[str]] = field(default_factory=dict)
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    service: list[dict[str, Any]] = field(default_factory=list)
    page_size: int = 1000
    visitor: str = "oVisitor"
    ways: dict[str, dict[str, Any]] = field(default_factory=dict)
    chats: dict[str, list[str]] = field(default_factory=dict)
    media: dict[str, bytes] = field(default_factory=dict)
    films: dict[str, bytes] = field(default_factory=dict)

    def rotate(self) -> None:
        """Let somebody else fetch a token: the one in use is void."""
        self.access = secrets.token_hex(8)

    def answer(self, call: Call) -> tuple[int, Any]:
        """Do what the path says; every call but those for a token needs the one in force."""
        if call.path in ("/cgi-bin/gettoken", "/cgi-bin/stable_token"):
            return 200, self._token(call)
        if call.path == "/sns/jscode2session":
            return 200, self.codes.pop(
                call.query.get("js_code", ""), {"errcode": 40029, "errmsg": "invalid code"}
            )
        if call.path == "/connect/oauth2/authorize":  # `visitor` has the browser that asks
            code = secrets.token_hex(8)
            self.codes[code] = {"openid": self.visitor}
            back = {"code": code, "state": call.query.get("state", "")}
            return 302, {"location": f"{call.query.get('redirect_uri', '')}?{urlencode(back)}"}
        if call.path == "/sns/oauth2/access_token":
            good = call.query.get("secret") == self.secret
            known = self.codes.pop(call.query.get("code", ""), None) if good else None
            return 200, known or {"errcode": 40029, "errmsg": "invalid code"}
        if call.path.startswith("/film/"):  # where an Official Account sends for a video
            found = self.films.get(call.path.rpartition("/")[2])
            return (200, found) if found is not None else (404, {})
        if not self.access or call.query.get("access_token") != self.access:
            return 200, {"errcode": 40014, "errmsg": "invalid access_token"}
        if call.path == "/cgi-bin/media/get":
            return 200, self._media(call.query.get("media_id", ""))
        if call.path.startswith("/cgi-bin/tags/"):
            return 200, self._follower_tags(call)
        last = call.path.rpartition("/")[2]
        handler = getattr(
            self, f"_{last}" if call.path != "/cgi-bin/message/template/send" else "_template", None
        )
        if call.path == "/cgi-bin/message/subscribe/send":
            handler = self._subscribe
        elif call.path == "/cgi-bin/message/custom/send":
            handler = self._custom
        return 200, handler(call) if handler is not None else {"errcode": 0, "errmsg": "ok"}

    def _media(self, number: str) -> Any:
        if number in self.films:
            return {"video_url": f"{self.url}/film/{number}"}
        return self.media.get(number) or {"errcode": 40007, "errmsg": "invalid media_id"}

    def _token(self, call: Call) -> dict[str, Any]:
        told = call.json() if call.method == "POST" else {}
        said = told.get("secret") or call.query.get("corpsecret")
        if said != self.secret:
            return {"errcode": 40001, "errmsg": "invalid credential"}
        self.fetched += 1
        if not (call.path.endswith("stable_token") and self.access):
            self.access = secrets.token_hex(8)
        return {"errcode": 0, "errmsg": "ok", "access_token": self.access, "expires_in": 7200}

    def _send(self, call: Call) -> dict[str, Any]:
        told = call.json()
        people = str(told.get("touser", "")).split("|")
        wrong = [one for one in people if one not in self.known]
        if wrong == people:
            return {"errcode": 81013, "errmsg": "user & party & tag all invalid"}
        content = (told.get("text") or {}).get("content", "")
        key = f"{people}{content}"
        if not (told.get("enable_duplicate_check") and key in self.seen):
            self.inbox.append({"to": people, "content": content})
        self.seen.add(key)
        return {"errcode": 0, "errmsg": "ok", "invaliduser": "|".join(wrong), "msgid": secrets.token_hex(8)}

    def _add_msg_template(self, call: Call) -> dict[str, Any]:
        told = call.json()
        people = told.get("external_userid", [])
        failed = [one for one in people if one not in self.known]
        if failed == people:
            return {"errcode": 84061, "errmsg": "not external contact", "fail_list": failed}
        number = secrets.token_hex(8)
        self.inbox.append(
            {"to": people, "content": told["text"]["content"], "sender": told.get("sender"), "msgid": number}
        )
        return {"errcode": 0, "errmsg": "ok", "fail_list": failed, "msgid": number}

    def _get_groupmsg_send_result(self, call: Call) -> dict[str, Any]:
        one = self.results.get(call.json().get("msgid", ""))
        return {"errcode": 0, "send_list": [one] if one else []}

    def _get_corp_tag_list(self, _call: Call) -> dict[str, Any]:
        groups: dict[str, list[dict[str, str]]] = {}
        for name, number in self.tags.items():
            group, _, tag = name.partition("/")
            groups.setdefault(group, []).append({"id": number, "name": tag})
        return {"errcode": 0, "tag_group": [{"group_name": g, "tag": t} for g, t in groups.items()]}

    def _add_corp_tag(self, call: Call) -> dict[str, Any]:
        told = call.json()
        number = secrets.token_hex(4)
        self.tags[f"{told['group_name']}/{told['tag'][0]['name']}"] = number
        return {"errcode": 0, "tag_group": {"tag": [{"id": number, "name": told["tag"][0]["name"]}]}}

    def _add_join_way(self, call: Call) -> dict[str, Any]:
        told = call.json()
        number = f"way{len(self.ways) + 1}"
        chats = list(told.get("chat_id_list", [])) or [f"chat{len(self.ways) + 1}"]
        self.ways[number] = {**told, "chats": chats}
        for chat in chats:
            self.chats.setdefault(chat, [told.get("state", "")])
        return {"errcode": 0, "config_id": number}

    def _get_join_way(self, call: Call) -> dict[str, Any]:
        way = self.ways.get(call.json().get("config_id", ""))
        if way is None:
            return {"errcode": 41058, "errmsg": "invalid config_id"}
        code = f"https://wework.qpic.cn/{call.json()['config_id']}"
        return {"errcode": 0, "join_way": {"qr_code": code, "chat_id_list": way["chats"]}}

    def _get(self, call: Call) -> dict[str, Any]:
        if "agentid" in call.json():  # agent/get: what the app may do
            return {"errcode": 0, "agentid": call.json()["agentid"]}
        members = self.chats.get(call.json().get("chat_id", ""))
        if members is None:
            return {"errcode": 86001, "errmsg": "invalid chat id"}
        return {"errcode": 0, "group_chat": {"member_list": [{"userid": one} for one in members]}}

    def _mark_tag(self, call: Call) -> dict[str, Any]:
        told = call.json()
        if told.get("external_userid") not in self.known:
            return {"errcode": 84061, "errmsg": "not external contact"}
        have = set(self.marked.get(told["external_userid"], [])) | set(told.get("add_tag", []))
        self.marked[told["external_userid"]] = sorted(have - set(told.get("remove_tag", [])))
        return {"errcode": 0}

    def _follower_tags(self, call: Call) -> dict[str, Any]:
        """Tags of an Official Account: numbers, without groups."""
        told = call.json() if call.method == "POST" else {}
        if call.path.endswith("/get"):
            return {"tags": [{"id": int(number), "name": name} for name, number in self.tags.items()]}
        if call.path.endswith("/create"):
            name = told["tag"]["name"]
            if name in self.tags:
                return {"errcode": 45157, "errmsg": "invalid tag name"}
            self.tags[name] = str(100 + len(self.tags))
            return {"tag": {"id": int(self.tags[name]), "name": name}}
        for person in told.get("openid_list", []):
            if person not in self.known:
                return {"errcode": 40003, "errmsg": "invalid openid"}
            have, tag = set(self.marked.get(person, [])), str(told["tagid"])
            self.marked[person] = sorted(
                have | {tag} if call.path.endswith("/batchtagging") else have - {tag}
            )
        return {"errcode": 0, "errmsg": "ok"}

    def client_says(
        self, peer: str, kind: str, content: dict[str, Any], *, number: str = "", service: str = "kfDesk",
        staff: str = "", at: int | None = None,
    ) -> str:  # fmt: skip
        """Let somebody write to the customer service, or with `staff` answer in WeCom; returns the token to push."""
        number = number or secrets.token_hex(8)
        said = {
            "msgid": number, "open_kfid": service, "external_userid": peer, "msgtype": kind, kind: content,
            "send_time": int(time.time()) if at is None else at, "origin": 5 if staff else 3,
        }  # fmt: skip
        with self.lock:
            self.service.append({**said, **({"servicer_userid": staff} if staff else {})})
        return f"token-{len(self.service)}"

    def _sync_msg(self, call: Call) -> dict[str, Any]:
        told = call.json()
        if not str(told.get("open_kfid", "")):
            return {"errcode": 95000, "errmsg": "invalid open_kfid"}
        start = int(told.get("cursor") or 0)
        mine = self.service[start : start + min(int(told.get("limit") or 1000), self.page_size)]
        end = start + len(mine)
        found = [one for one in mine if one["open_kfid"] == told["open_kfid"]]
        more = int(end < len(self.service))
        return {"errcode": 0, "errmsg": "ok", "next_cursor": str(end), "has_more": more, "msg_list": found}

    def _send_msg(self, call: Call) -> dict[str, Any]:
        told = call.json()
        if told.get("touser") not in self.known:
            return {"errcode": 95013, "errmsg": "conversation is over"}
        if told.get("msgid") not in self.seen:
            self.seen.add(str(told.get("msgid")))
            self.inbox.append(told)
        return {"errcode": 0, "errmsg": "ok", "msgid": told.get("msgid", "")}

    def _template(self, call: Call) -> dict[str, Any]:
        told = call.json()
        if told.get("touser") not in self.known:
            return {"errcode": 43004, "errmsg": "require subscribe"}
        number = told.get("client_msg_id", "")
        if number not in self.seen:
            self.seen.add(number)
            self.inbox.append(told)
        return {"errcode": 0, "errmsg": "ok", "msgid": len(self.seen)}

    def _custom(self, call: Call) -> dict[str, Any]:
        self.inbox.append(call.json())
        return {"errcode": 0, "errmsg": "ok"}

    def _subscribe(self, call: Call) -> dict[str, Any]:
        told = call.json()
        left = self.consents.get(told.get("touser", ""), 0)
        if not left:
            return {"errcode": 43101, "errmsg": "user refuse to accept the msg"}
        self.consents[told["touser"]] = left - 1
        self.inbox.append(told)
        return {"errcode": 0, "errmsg": "ok"}

    def _getuserphonenumber(self, call: Call) -> dict[str, Any]:
        found = self.codes.pop(call.json().get("code", ""), None)
        return {"errcode": 0, "phone_info": found} if found else {"errcode": 40029, "errmsg": "invalid code"}

    def push(
        self, url: str, fields: Mapping[str, str], *, at: int | None = None, nonce: str = "", wrong: str = "",
        receive_id: str = "",
    ) -> requests.Response:  # fmt: skip
        """Send a callback; `wrong` ``signature`` signs it wrongly, `receive_id` names another receiver."""
        encrypted = encrypt(pushed(fields), self.aes_key, receive_id or self.app_id)
        stamp, nonce = str(int(time.time()) if at is None else at), nonce or secrets.token_hex(5)
        said = signature(self.token if wrong != "signature" else "other", stamp, nonce, encrypted)
        query = {"msg_signature": said, "timestamp": stamp, "nonce": nonce, "encrypt_type": "aes"}
        body = pushed({"ToUserName": self.app_id, "Encrypt": encrypted})
        with requests.Session() as http:
            http.trust_env = False
            return http.post(url, params=query, data=body.encode(), timeout=10)

    def verify_url(self, url: str, echo: str, *, at: int) -> requests.Response:
        """Ask for an address to be confirmed as the vendor does; `echo` is what must come back."""
        encrypted = encrypt(echo, self.aes_key, self.app_id)
        nonce = secrets.token_hex(5)
        said = signature(self.token, str(at), nonce, encrypted)
        query = {"msg_signature": said, "timestamp": str(at), "nonce": nonce, "echostr": encrypted}
        with requests.Session() as http:
            http.trust_env = False
            return http.get(url, params=query, timeout=10)
