"""The mini program (小程序): who is there, which telephone number, and subscription messages.

Source: ``interfaces/channels.md`` section 3; the lengths of fields are UNVERIFIED (待核定). The session key
never leaves the server.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.kernel.clock import Clock
from domain.kernel.errors import DomainError
from domain.messaging.records import Channel
from domain.messaging.sending_commands import Parcel
from server.channels.accounts import Account, Secrets
from server.channels.official import FAULTS, stable_token
from server.channels.outcome import Outcome
from server.channels.tokens import Tokens
from server.channels.wechat import TokenedApi
from server.channels.wire import Unanswered, Wire

FRESH = timedelta(minutes=5)
_KINDS = {
    "thing": re.compile(r".{1,20}", re.DOTALL),
    "number": re.compile(r"\d{1,32}(\.\d+)?"),
    "phrase": re.compile("[一-鿿]{1,5}"),
    "name": re.compile(r".{1,10}"),
    "character_string": re.compile(r"[\x21-\x7e]{1,32}"),
    "time": re.compile(r"(\d{4}-\d{2}-\d{2} )?\d{2}:\d{2}(:\d{2})?"),
    "date": re.compile(r"\d{4}-\d{2}-\d{2}( \d{2}:\d{2})?"),
}


@dataclass(frozen=True, slots=True)
class Login:
    """Who opened the mini program; the session key stays with the caller at the server."""

    openid: str
    session_key: str
    unionid: str | None


class MiniProgram:
    """One mini program."""

    channels = (Channel.MINI_PROGRAM,)
    repeat_safe_s = 0.0

    def __init__(
        self, account: Account, secrets: Secrets, clock: Clock, tokens: Tokens, wire: Wire | None = None
    ) -> None:
        self.account, self.quota = account.id, account.quota
        self._account, self._secrets, self._clock = account, secrets, clock
        self._wire = wire or Wire(account.url)
        self.api = TokenedApi(
            self._wire, f"mini:{account.id}", account.secret, secrets, tokens,
            lambda secret: stable_token(self._wire, account.app_id, secret), FAULTS,
        )  # fmt: skip

    def send(self, parcel: Parcel) -> Outcome:
        """Send a subscription message; without a consent left another channel is tried."""
        template = self._account.templates.get(parcel.template)
        if template is None:
            return Outcome("failed", reason="not_registered", detail=parcel.template, falls_back=True)
        data = {template.fields.get(n, n): {"value": str(parcel.params.get(n, ""))} for n in template.params}
        wrong = next((name for name, field in data.items() if not fits(name, field["value"])), None)
        if wrong is not None:
            return Outcome("failed", reason="bad_template", detail=f"47003 {wrong}", falls_back=True)
        body = {
            "touser": parcel.address, "template_id": template.code, "page":
            f"pages/message?t={parcel.params.get('token', '')}",
            "miniprogram_state": "formal", "lang": "zh_CN", "data": data,
        }  # fmt: skip
        try:
            self.api.post("/cgi-bin/message/subscribe/send", body)
        except Unanswered as error:
            return error.outcome
        return Outcome("accepted")

    def ask(self, parcel: Parcel) -> Outcome | None:
        """A message cannot be asked about."""
        return None

    def log_in(self, code: str) -> Login:
        """Return who is there; a code is good once, for five minutes.

        Raises:
            DomainError: ``mini.bad_code``: used, too old or made up.
            Unanswered: The vendor does not answer, or our set-up is wrong.
        """
        answer = self._wire.get(
            "/sns/jscode2session",
            {
                "appid": self._account.app_id, "secret": self._secrets.get(self._account.secret), "js_code": code,
                "grant_type": "authorization_code",
            },
        )  # fmt: skip
        if answer.get("errcode", 0) in (40029, 40163):
            raise DomainError("mini.bad_code", field="code")
        if answer.get("errcode", 0) or not answer.get("openid"):
            code_ = answer.get("errcode")
            kind = "retry" if code_ in (-1, 45011) else "configuration"
            raise Unanswered(Outcome(kind, reason="busy" if kind == "retry" else kind, detail=str(code_)))
        return Login(str(answer["openid"]), str(answer.get("session_key", "")), answer.get("unionid"))

    def phone(self, code: str) -> str:
        """Return the telephone number a client has agreed to give.

        Raises:
            DomainError: ``mini.bad_code``: of another program or too old.
            Unanswered: As `log_in`.
        """
        answer = self.api.post("/wxa/business/getuserphonenumber", {"code": code})
        info: dict[str, Any] = answer.get("phone_info") or {}
        mark = info.get("watermark") or {}
        said = datetime.fromtimestamp(int(mark.get("timestamp") or 0), self._clock().tzinfo)
        if mark.get("appid") != self._account.app_id or abs(self._clock() - said) > FRESH:
            raise DomainError("mini.bad_code", field="code")
        return str(info.get("purePhoneNumber", ""))


def fits(name: str, value: str) -> bool:
    """Tell whether a value fits a field of a subscription message, by the kind in its name (``thing1``)."""
    kind = name.rstrip("0123456789")
    return kind not in _KINDS or _KINDS[kind].fullmatch(value) is not None
