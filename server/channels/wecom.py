"""WeCom (企业微信): app messages to staff, and the external contacts of staff.

Source: ``interfaces/channels.md`` section 1. A bulk message to clients only makes a task that the member of
staff must confirm in
the app; the limits of such messages and the meaning of their results are UNVERIFIED (待核定).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from domain.kernel.clock import Clock
from domain.messaging.records import Channel
from domain.messaging.rules import Retry
from domain.messaging.sending_commands import Parcel
from server.channels.accounts import Account, Secrets
from server.channels.outcome import Fault, Outcome
from server.channels.tokens import Tokens
from server.channels.wechat import TokenedApi
from server.channels.wire import Unanswered, Wire

MOST_TEXT = 2048
DUPLICATES_S = 1800
_TOKEN = Fault(Retry.TOKEN, "token")
_BUSY = Fault(Retry.TRANSIENT, "busy")
_LIMIT = Fault(Retry.TRANSIENT, "limited", 60.0)
_NOBODY = Fault(Retry.FINAL, "bad_address", falls_back=True)
_SET_UP = Fault(Retry.CONFIGURATION, "configuration")
_OVER = Fault(Retry.FINAL, "refused", falls_back=True)
"""Customer service: 48 hours or five answers are over (the codes 950xx are UNVERIFIED, 待核定)."""
FAULTS = {
    "40014": _TOKEN, "42001": _TOKEN, "40001": _SET_UP, "-1": _BUSY, "45009": _LIMIT, "45033": _LIMIT,
    "95001": _OVER, "95002": _OVER,
    "95011": _SET_UP, "95012": _SET_UP, "95013": _OVER,
    "40058": Fault(Retry.FINAL, "bad_template"), "44004": Fault(Retry.FINAL, "bad_template"),
    "81013": _NOBODY, "82001": _NOBODY, "84061": _NOBODY,
    "60020": _SET_UP, "48002": _SET_UP, "301002": _SET_UP, "60011": _SET_UP, "50002": _SET_UP,
}  # fmt: skip
_SENT_RESULTS = {1: "delivered", 2: "failed", 3: "failed"}


class WeCom:
    """One company with its app (staff) and, where `contact_secret` is set, its external contacts (clients)."""

    repeat_safe_s = float(DUPLICATES_S)
    PARTS: ClassVar[dict[str, Channel]] = {
        "app": Channel.WECOM, "contacts": Channel.WECOM_CLIENT, "tags": Channel.WECOM_CLIENT,
        "service": Channel.WECOM_SERVICE,
    }  # fmt: skip
    """Parts of the interface that are probed, by the channel that needs them."""

    def __init__(
        self, account: Account, secrets: Secrets, _clock: Clock, tokens: Tokens, wire: Wire | None = None
    ) -> None:
        self.account, self.quota = account.id, account.quota
        self._account = account
        self._wire = wire or Wire(account.url)
        self.app = self._api(account.secret, secrets, tokens)
        self.contacts = self._api(account.contact_secret, secrets, tokens)
        self.service = self._api(account.service_secret, secrets, tokens)

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Staff, and clients where the company lets us."""
        clients = (Channel.WECOM_CLIENT,) if self._account.contact_secret else ()
        service = (Channel.WECOM_SERVICE,) if self._account.service_secret else ()
        return (Channel.WECOM, *clients, *service)

    def send(self, parcel: Parcel) -> Outcome:
        """Send to staff, or make the task by which a member of staff sends to a client."""
        try:
            if parcel.channel is Channel.WECOM_SERVICE:
                return self._by_service(parcel)
            return (
                self._to_client(parcel) if parcel.channel is Channel.WECOM_CLIENT else self._to_staff(parcel)
            )
        except Unanswered as error:
            return error.outcome

    def ask(self, parcel: Parcel) -> Outcome | None:
        """Ask for the result of a task; an app message cannot be asked about."""
        if parcel.channel is not Channel.WECOM_CLIENT or not parcel.vendor_id:
            return None
        try:
            return self.result_of(parcel.vendor_id, parcel.via or "", parcel.address)
        except Unanswered:
            return None

    def result_of(self, vendor_id: str, staff: str, client: str) -> Outcome | None:
        """Return what became of a client's message of a task; None while the staff has not confirmed it."""
        body = {"msgid": vendor_id, "userid": staff, "limit": 500}
        answer = self.contacts.post("/cgi-bin/externalcontact/get_groupmsg_send_result", body)
        for one in answer.get("send_list") or []:
            if one.get("external_userid") == client and one.get("status") in _SENT_RESULTS:
                kind = _SENT_RESULTS[one["status"]]
                reason = None if kind == "delivered" else "receipt_failed"
                return Outcome(kind, vendor_id=vendor_id, reason=reason, detail=f"status {one['status']}")
        return None

    def recall(self, vendor_id: str) -> None:
        """Take back an app message, within a day; raises `Unanswered`."""
        self.app.post("/cgi-bin/message/recall", {"msgid": vendor_id})

    def mark(self, staff: str, client: str, add: list[str], remove: list[str]) -> None:
        """Put tags on a client and take others off; raises `Unanswered`."""
        body = {"userid": staff, "external_userid": client, "add_tag": add, "remove_tag": remove}
        self.contacts.post("/cgi-bin/externalcontact/mark_tag", body)

    def tags(self) -> dict[str, str]:
        """Return the company's tags, id by ``group/name``; raises `Unanswered`."""
        answer = self.contacts.post("/cgi-bin/externalcontact/get_corp_tag_list", {})
        return {
            f"{group['group_name']}/{tag['name']}": str(tag["id"])
            for group in answer.get("tag_group") or []
            for tag in group.get("tag") or []
        }

    def add_tag(self, group: str, name: str) -> str:
        """Make a tag and return its id; raises `Unanswered`."""
        body = {"group_name": group, "tag": [{"name": name}]}
        answer = self.contacts.post("/cgi-bin/externalcontact/add_corp_tag", body)
        tags = (answer.get("tag_group") or {}).get("tag") or [{}]
        return str(tags[0].get("id", ""))

    def welcome(self, code: str, text: str) -> None:
        """Greet a client who has just added somebody; the code is good for 20 s, once; raises `Unanswered`."""
        self.contacts.post(
            "/cgi-bin/externalcontact/send_welcome_msg", {"welcome_code": code, "text": {"content": text}}
        )

    def upload(self, kind: str, name: str, data: bytes) -> str:
        """Upload a file for three days and return its id; raises `Unanswered`."""
        answer = self.app.upload("/cgi-bin/media/upload", {"type": kind}, {"media": (name, data)})
        return str(answer.get("media_id", ""))

    def probe(self) -> "Probe":
        """Find out which parts of the interface the company lets us use; nothing is sent."""
        found: dict[str, str] = {}
        calls: dict[str, Callable[[], object]] = {
            "app": lambda: self.app.post("/cgi-bin/agent/get", {"agentid": self._account.agent_id})
        }
        if self._account.contact_secret:
            calls["contacts"] = lambda: self.contacts.post(
                "/cgi-bin/externalcontact/get_follow_user_list", {}
            )
            calls["tags"] = lambda: self.contacts.post("/cgi-bin/externalcontact/get_corp_tag_list", {})
        if self._account.service_secret:
            calls["service"] = lambda: self.service.post(
                "/cgi-bin/kf/account/list", {"offset": 0, "limit": 1}
            )
        for name, call in calls.items():
            try:
                call()
            except Unanswered as error:
                found[name] = error.outcome.detail or error.outcome.kind
        return Probe(tuple(name for name in calls if name not in found), found)

    def refused_all(self, why: str) -> "Probe":
        """Return what a probe finds that cannot even be begun."""
        return Probe((), dict.fromkeys(self.PARTS, why))

    def _api(self, secret: str | None, secrets: Secrets, tokens: Tokens) -> TokenedApi:
        def fetch(value: str) -> dict[str, Any]:
            return self._wire.get("/cgi-bin/gettoken", {"corpid": self._account.app_id, "corpsecret": value})

        return TokenedApi(self._wire, f"wecom:{self._account.id}", secret, secrets, tokens, fetch, FAULTS)

    def _to_staff(self, parcel: Parcel) -> Outcome:
        body = {
            "touser": parcel.address, "msgtype": "text", "agentid": self._account.agent_id,
            "text": {"content": shortened(parcel.text, MOST_TEXT)}, "safe": 0, "enable_duplicate_check": 1,
            "duplicate_check_interval": DUPLICATES_S,
        }  # fmt: skip
        answer = self.app.post("/cgi-bin/message/send", body)
        missed = [n for n in ("invaliduser", "invalidparty", "invalidtag") if answer.get(n)]
        if missed:  # one receiver a message: the vendor says yes, and it reached nobody
            detail = "、".join(f"{name} {answer[name]}" for name in missed)
            return Outcome("failed", reason="bad_address", detail=detail[:255], falls_back=True)
        return Outcome("accepted", vendor_id=str(answer.get("msgid", ""))[:120])

    def _to_client(self, parcel: Parcel) -> Outcome:
        body = {
            "chat_type": "single", "external_userid": [parcel.address], "sender": parcel.via or "",
            "text": {"content": shortened(parcel.text, MOST_TEXT)},
        }  # fmt: skip
        answer = self.contacts.post("/cgi-bin/externalcontact/add_msg_template", body)
        if parcel.address in (answer.get("fail_list") or []):
            return Outcome("failed", reason="bad_address", detail="fail_list", falls_back=True)
        return Outcome("accepted", vendor_id=str(answer.get("msgid", ""))[:120], reason="waits_for_staff")

    def _by_service(self, parcel: Parcel) -> Outcome:
        """Answer as the customer service the client wrote to: within 48 hours, five times (UNVERIFIED, 待核定)."""
        body = {
            "touser": parcel.address, "open_kfid": parcel.via or "", "msgid": parcel.message_id.hex,
            "msgtype": "text",
            "text": {"content": shortened(parcel.text, MOST_TEXT)},
        }  # fmt: skip
        answer = self.service.post("/cgi-bin/kf/send_msg", body)
        return Outcome("accepted", vendor_id=str(answer.get("msgid", ""))[:120])

    def service_messages(
        self, token: str, service: str, cursor: str
    ) -> tuple[list[dict[str, Any]], str, bool]:
        """Return what was said to a customer service since `cursor`, the next cursor, and whether there is more.

        Raises:
            Unanswered: The vendor did not answer usably; the cursor stays good for three days (UNVERIFIED, 待核定).
        """
        body: dict[str, Any] = {"cursor": cursor, "open_kfid": service, "limit": 1000, "voice_format": 0}
        if token:
            body["token"] = token
        answer = self.service.post("/cgi-bin/kf/sync_msg", body)
        found = [one for one in answer.get("msg_list") or [] if isinstance(one, dict)]
        return found, str(answer.get("next_cursor", "") or cursor), answer.get("has_more") == 1


@dataclass(frozen=True, slots=True)
class Probe:
    """Which parts of the interface may be used, and what the vendor said of the others."""

    usable: tuple[str, ...]
    refused: dict[str, str]


def shortened(text: str, most: int) -> str:
    """Return a text of at most `most` bytes of UTF-8, never cut inside a character."""
    data = text.encode()
    return text if len(data) <= most else data[: most - 3].decode("utf-8", "ignore") + "…"
