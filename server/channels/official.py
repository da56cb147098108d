"""The Official Account (公众号): template messages to clients who follow it.

Source: ``interfaces/channels.md`` section 2; delivery events and the error 40164 are UNVERIFIED (待核定).
"""

from typing import Any
from urllib.parse import urlencode

from domain.kernel.clock import Clock
from domain.kernel.errors import DomainError
from domain.messaging.records import Channel
from domain.messaging.rules import Retry
from domain.messaging.sending_commands import Parcel
from server.channels.accounts import Account, Secrets
from server.channels.outcome import Fault, Outcome
from server.channels.tokens import Tokens
from server.channels.wechat import TokenedApi
from server.channels.wecom import shortened
from server.channels.wire import Unanswered, Wire

MOST_TEXT = 2048
LONGEST_TAG = 30
"""Characters of a tag; UNVERIFIED (待核定), as are the calls of tags."""
_TOKEN = Fault(Retry.TOKEN, "token")
_SET_UP = Fault(Retry.CONFIGURATION, "configuration")
_GONE = Fault(Retry.FINAL, "bad_address", falls_back=True)
FAULTS = {
    "40001": _TOKEN, "42001": _TOKEN, "40014": _TOKEN, "-1": Fault(Retry.TRANSIENT, "busy"),
    "45009": Fault(Retry.TRANSIENT, "limited", 3600.0), "45011": Fault(Retry.TRANSIENT, "limited", 60.0),
    "40003": _GONE, "43004": _GONE, "40037": Fault(Retry.FINAL, "bad_template", falls_back=True),
    "47003": Fault(Retry.FINAL, "bad_template", falls_back=True), "43101": Fault(Retry.FINAL, "no_consent",
    falls_back=True),
    "40032": _GONE, "45159": Fault(Retry.FINAL, "refused"),
    "45015": Fault(Retry.FINAL, "refused", falls_back=True), "87014": Fault(Retry.FINAL, "refused"),
    "40013": _SET_UP, "40125": _SET_UP, "48001": _SET_UP, "48006": _SET_UP, "50002": _SET_UP, "40164": _SET_UP,
}  # fmt: skip


def stable_token(wire: Wire, app_id: str, secret: str) -> dict[str, Any]:
    """Ask for the token that every caller shares while it is good, and leave the one in use alone."""
    body = {"grant_type": "client_credential", "appid": app_id, "secret": secret, "force_refresh": False}
    return wire.post("/cgi-bin/stable_token", {}, body)


class OfficialAccount:
    """One Official Account."""

    channels = (Channel.OFFICIAL_ACCOUNT,)
    repeat_safe_s = 600.0
    """The vendor drops a ``client_msg_id`` it has seen lately; for how long is UNVERIFIED (待核定)."""

    def __init__(
        self, account: Account, secrets: Secrets, _clock: Clock, tokens: Tokens, wire: Wire | None = None
    ) -> None:
        self.account, self.quota = account.id, account.quota
        self._account, self._secrets = account, secrets
        self._wire = wire or Wire(account.url)
        self.api = TokenedApi(
            self._wire, f"official:{account.id}", account.secret, secrets, tokens,
            lambda secret: stable_token(self._wire, account.app_id, secret), FAULTS,
        )  # fmt: skip

    def send(self, parcel: Parcel) -> Outcome:
        """Send a template message; an answer in a conversation goes as a customer-service message."""
        try:
            return self._answer(parcel) if parcel.template == "reply" else self._template(parcel)
        except Unanswered as error:
            return error.outcome

    def ask(self, parcel: Parcel) -> Outcome | None:
        """A message cannot be asked about; its event tells."""
        return None

    def authorize_url(self, back: str, state: str) -> str:
        """Return where a browser goes to be told who is there, and comes back to `back` with a code.

        The silent way (``snsapi_base``): the person is asked nothing, and we learn the openid alone. UNVERIFIED
        (待核定): address and parameters are from memory.
        """
        query = {
            "appid": self._account.app_id, "redirect_uri": back, "response_type": "code", "scope": "snsapi_base",
            "state": state,
        }  # fmt: skip
        return f"{self._account.authorize_url}?{urlencode(query)}#wechat_redirect"

    def who(self, code: str) -> str:
        """Return the openid behind the code of an authorisation; a code is good once, for five minutes.

        Raises:
            DomainError: ``portal.bad_code``: used, too old or made up.
            Unanswered: The vendor does not answer, or our set-up is wrong.
        """
        answer = self._wire.get(
            "/sns/oauth2/access_token",
            {
                "appid": self._account.app_id, "secret": self._secrets.get(self._account.secret), "code": code,
                "grant_type": "authorization_code",
            },
        )  # fmt: skip
        told = answer.get("errcode", 0)
        if told in (40029, 40163, 41008):
            raise DomainError("portal.bad_code")
        if told or not answer.get("openid"):
            kind = "retry" if told in (-1, 45009, 45011) else "configuration"
            raise Unanswered(Outcome(kind, reason="busy" if kind == "retry" else kind, detail=str(told)))
        return str(answer["openid"])

    def tags(self) -> dict[str, str]:
        """Return the account's tags, id by name (``group/name``: there are no groups here); raises `Unanswered`."""
        answer = self.api.post("/cgi-bin/tags/get", {})
        return {str(tag["name"]): str(tag["id"]) for tag in answer.get("tags") or []}

    def add_tag(self, group: str, name: str) -> str:
        """Make a tag and return its id; raises `Unanswered`."""
        answer = self.api.post("/cgi-bin/tags/create", {"tag": {"name": f"{group}/{name}"[:LONGEST_TAG]}})
        return str((answer.get("tag") or {}).get("id", ""))

    def mark(self, _staff: str, client: str, add: list[str], remove: list[str]) -> None:
        """Put tags on a follower and take others off, a call each; raises `Unanswered`."""
        for path, numbers in (("batchtagging", add), ("batchuntagging", remove)):
            for number in numbers:
                body = {"openid_list": [client], "tagid": int(number)}
                self.api.post(f"/cgi-bin/tags/members/{path}", body)

    def _template(self, parcel: Parcel) -> Outcome:
        template = self._account.templates.get(parcel.template)
        if template is None:
            return Outcome("failed", reason="not_registered", detail=parcel.template, falls_back=True)
        body: dict[str, Any] = {
            "touser": parcel.address, "template_id": template.code, "client_msg_id": parcel.message_id.hex,
            "data": {template.fields.get(n, n): {"value": str(parcel.params.get(n, ""))} for n in template.params},
        }  # fmt: skip
        if "link" in parcel.params:
            body["url"] = parcel.params["link"]
        answer = self.api.post("/cgi-bin/message/template/send", body)
        return Outcome("accepted", vendor_id=str(answer.get("msgid", ""))[:120])

    def _answer(self, parcel: Parcel) -> Outcome:
        body = {
            "touser": parcel.address,
            "msgtype": "text",
            "text": {"content": shortened(parcel.text, MOST_TEXT)},
        }
        self.api.post("/cgi-bin/message/custom/send", body)
        return Outcome("accepted")
