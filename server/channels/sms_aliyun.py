"""SMS by Aliyun: SendSms of dysmsapi, Version 2017-05-25, signed the RPC way (V1) or the ACS3 way (V3).

Source: ``interfaces/channels.md`` section 4. QuerySendDetails is UNVERIFIED (待核定).
"""

import hashlib
import json
import secrets
from typing import Any
from urllib.parse import urlsplit

from domain.kernel.clock import Clock, clinic
from domain.messaging.records import Channel
from domain.messaging.rules import Retry
from domain.messaging.sending_commands import Parcel
from server.channels.accounts import Account, Secrets
from server.channels.outcome import Fault, Outcome, judged
from server.channels.signing import aliyun_v1, aliyun_v3, canonical_query
from server.channels.wire import Unanswered, Wire

VERSION = "2017-05-25"
TOO_OFTEN_S = (65.0, 3700.0, 86_400.0)
"""A number gets one a minute, five an hour, ten a day: who was refused waits for the next of these."""

_FINAL = Fault(Retry.FINAL, "bad_template")
_NUMBER = Fault(Retry.FINAL, "bad_address")
_SET_UP = Fault(Retry.CONFIGURATION, "configuration")
_BUSY = Fault(Retry.TRANSIENT, "busy")
FAULTS = {
    "isv.BUSINESS_LIMIT_CONTROL": Fault(Retry.TRANSIENT, "limited", TOO_OFTEN_S[0]),
    "isp.SYSTEM_ERROR": _BUSY, "Throttling*": _BUSY, "ServiceUnavailable*": _BUSY, "InternalError": _BUSY,
    "SignatureNonceUsed": _BUSY,
    "isv.MOBILE_NUMBER_ILLEGAL": _NUMBER, "isv.BLACK_KEY_CONTROL_LIMIT": _FINAL,
    "isv.TEMPLATE_MISSING_PARAMETERS": _FINAL, "isv.INVALID_JSON_PARAM": _FINAL, "isv.PARAM_LENGTH_LIMIT": _FINAL,
    "isv.PARAM_NOT_SUPPORT_URL": _FINAL, "isv.MOBILE_COUNT_OVER_LIMIT": _FINAL,
    "isv.AMOUNT_NOT_ENOUGH": Fault(Retry.CONFIGURATION, "no_balance"), "isv.OUT_OF_SERVICE": _SET_UP,
    "isv.SMS_SIGNATURE_ILLEGAL": _SET_UP, "isv.SMS_TEMPLATE_ILLEGAL": _SET_UP, "isv.DAY_LIMIT_CONTROL": _SET_UP,
    "isv.DENY_IP_RANGE": _SET_UP, "SignatureDoesNotMatch": _SET_UP, "IncompleteSignature": _SET_UP,
    "InvalidAccessKeyId*": _SET_UP, "Forbidden*": _SET_UP, "InvalidTimeStamp*": _SET_UP,
}  # fmt: skip
_STATUSES = {1: "accepted", 2: "failed", 3: "delivered"}


class AliyunSms:
    """One Aliyun account."""

    channels = (Channel.SMS,)
    repeat_safe_s = 0.0

    def __init__(self, account: Account, secrets_: Secrets, clock: Clock, wire: Wire | None = None) -> None:
        self.account, self.quota = account.id, account.quota
        self._account, self._secrets, self._clock = account, secrets_, clock
        self._wire = wire or Wire(account.url)

    def send(self, parcel: Parcel) -> Outcome:
        """Send one SMS; `OutId` is our id, so receipts and questions find it."""
        template = self._account.templates.get(parcel.template)
        if template is None:
            return Outcome("failed", reason="not_registered", detail=parcel.template)
        values = {template.fields.get(n, n): str(parcel.params.get(n, "")) for n in template.params}
        params = {
            "PhoneNumbers": parcel.address.removeprefix("+86"), "SignName": self._account.sign_name,
            "TemplateCode": template.code, "OutId": parcel.message_id.hex,
            "TemplateParam": json.dumps(values, ensure_ascii=False),
        }  # fmt: skip
        try:
            answer = self.call("SendSms", params)
        except Unanswered as error:
            return error.outcome
        if answer.get("Code") == "OK":
            return Outcome("accepted", vendor_id=str(answer.get("BizId", ""))[:120])
        found = judged(FAULTS, answer.get("Code"), answer.get("Message"))
        if found.reason == "limited" and found.wait_s:
            at = min(parcel.attempt, len(TOO_OFTEN_S)) - 1
            return Outcome(
                found.kind, reason=found.reason, detail=found.detail, wait_s=TOO_OFTEN_S[max(at, 0)]
            )
        return found

    def ask(self, parcel: Parcel) -> Outcome | None:
        """Look the message up by its number and day; one that is not listed may still come, so nothing is said."""
        params = {
            "PhoneNumber": parcel.address.removeprefix("+86"), "PageSize": "50", "CurrentPage": "1",
            "SendDate": clinic(self._clock()).strftime("%Y%m%d"),
        }  # fmt: skip
        try:
            answer = self.call("QuerySendDetails", params)
        except Unanswered:
            return None
        details = answer.get("SmsSendDetailDTOs") or {}
        for one in details.get("SmsSendDetailDTO", []) if isinstance(details, dict) else []:
            if one.get("OutId") == parcel.message_id.hex and one.get("SendStatus") in _STATUSES:
                kind = _STATUSES[one["SendStatus"]]
                return Outcome(
                    kind, reason=None if kind != "failed" else "receipt_failed", detail=one.get("ErrCode")
                )
        return None

    def call(self, action: str, params: dict[str, str]) -> dict[str, Any]:
        """Sign and call; raises `Unanswered`."""
        return self._v1(action, params) if self._account.signature == "v1" else self._v3(action, params)

    def _v1(self, action: str, params: dict[str, str]) -> dict[str, Any]:
        every = {
            **params, "Action": action, "Version": VERSION, "Format": "JSON", "AccessKeyId": self._account.app_id,
            "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0", "SignatureNonce": secrets.token_hex(16),
            "Timestamp": self._clock().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "RegionId": self._account.region or "cn-hangzhou",
        }  # fmt: skip
        every["Signature"] = aliyun_v1(every, self._secrets.get(self._account.secret))
        return self._wire.call("GET", "/", raw_query=canonical_query(every))

    def _v3(self, action: str, params: dict[str, str]) -> dict[str, Any]:
        headers = {
            "host": urlsplit(self._wire.base_url).netloc, "x-acs-action": action, "x-acs-version": VERSION,
            "x-acs-date": self._clock().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": secrets.token_hex(16), "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        }  # fmt: skip
        secret = self._secrets.get(self._account.secret)
        signature, names, _ = aliyun_v3("POST", "/", params, headers, b"", secret)
        headers["Authorization"] = (
            f"ACS3-HMAC-SHA256 Credential={self._account.app_id},SignedHeaders={names},Signature={signature}"
        )
        return self._wire.call("POST", "/", raw_query=canonical_query(params), headers=headers, data=b"")
