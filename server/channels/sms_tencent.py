"""SMS by Tencent Cloud: SendSms, Version 2021-01-11, signed TC3-HMAC-SHA256.

Source: ``interfaces/channels.md`` section 4. PullSmsSendStatusByPhoneNumber is UNVERIFIED (待核定).
"""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from domain.kernel.clock import Clock
from domain.messaging.records import Channel
from domain.messaging.rules import Retry
from domain.messaging.sending_commands import Parcel
from server.channels.accounts import Account, Secrets
from server.channels.outcome import Fault, Outcome, judged
from server.channels.signing import tencent_tc3
from server.channels.wire import Unanswered, Wire

VERSION, SERVICE = "2021-01-11", "sms"
_FINAL = Fault(Retry.FINAL, "bad_template")
_SET_UP = Fault(Retry.CONFIGURATION, "configuration")
_BUSY = Fault(Retry.TRANSIENT, "busy")
FAULTS = {
    "LimitExceeded.DeliveryFrequencyLimit": Fault(Retry.TRANSIENT, "limited", 31.0),
    "LimitExceeded.PhoneNumberThirtySecondLimit": Fault(Retry.TRANSIENT, "limited", 31.0),
    "LimitExceeded.PhoneNumberOneHourLimit": Fault(Retry.TRANSIENT, "limited", 3700.0),
    "LimitExceeded.PhoneNumberDailyLimit": Fault(Retry.TRANSIENT, "limited", 86_400.0),
    "LimitExceeded.PhoneNumberSameContentDailyLimit": Fault(Retry.TRANSIENT, "limited", 86_400.0),
    "LimitExceeded.AppDailyLimit": _SET_UP, "RequestLimitExceeded*": _BUSY, "InternalError*": _BUSY,
    "ResourceUnavailable*": _BUSY,
    "FailedOperation.PhoneNumberInBlacklist": Fault(Retry.FINAL, "bad_address"),
    "InvalidParameterValue.IncorrectPhoneNumber": Fault(Retry.FINAL, "bad_address"),
    "InvalidParameterValue.TemplateParameterFormatError": _FINAL,
    "InvalidParameterValue.TemplateParameterLengthLimit": _FINAL,
    "FailedOperation.ContainSensitiveWord": Fault(Retry.FINAL, "refused"),
    "UnauthorizedOperation.*": _SET_UP, "AuthFailure.*": _SET_UP,
    "FailedOperation.InsufficientBalanceInSmsPackage": Fault(Retry.CONFIGURATION, "no_balance"),
    "FailedOperation.SignatureIncorrectOrUnapproved": _SET_UP,
    "FailedOperation.TemplateIncorrectOrUnapproved": _SET_UP,
    "InvalidParameterValue.SignatureIncorrectOrUnapproved": _SET_UP,
    "InvalidParameterValue.TemplateIncorrectOrUnapproved": _SET_UP,
}  # fmt: skip


class TencentSms:
    """One Tencent Cloud account."""

    channels = (Channel.SMS,)
    repeat_safe_s = 0.0

    def __init__(self, account: Account, secrets: Secrets, clock: Clock, wire: Wire | None = None) -> None:
        self.account, self.quota = account.id, account.quota
        self._account, self._secrets, self._clock = account, secrets, clock
        self._wire = wire or Wire(account.url)

    def send(self, parcel: Parcel) -> Outcome:
        """Send one SMS; `SessionContext` is our id. The answer has a status for every number."""
        template = self._account.templates.get(parcel.template)
        if template is None:
            return Outcome("failed", reason="not_registered", detail=parcel.template)
        body = {
            "PhoneNumberSet": [_international(parcel.address)], "SmsSdkAppId": self._account.sdk_app_id,
            "SignName": self._account.sign_name, "TemplateId": template.code,
            "TemplateParamSet": [str(parcel.params.get(n, "")) for n in template.params],
            "SessionContext": parcel.message_id.hex,
        }  # fmt: skip
        try:
            response = self.call("SendSms", body)
        except Unanswered as error:
            return error.outcome
        if "Error" in response:
            return judged(FAULTS, response["Error"].get("Code"), response["Error"].get("Message"))
        statuses = response.get("SendStatusSet") or []
        if not statuses:
            return Outcome("unknown", reason="odd_answer", detail="no SendStatusSet")
        one = statuses[0]
        if one.get("Code") == "Ok":
            return Outcome("accepted", vendor_id=str(one.get("SerialNo", ""))[:120])
        return judged(FAULTS, one.get("Code"), one.get("Message"))

    def ask(self, parcel: Parcel) -> Outcome | None:
        """Look the message up by its number; one that is not listed may still come, so nothing is said."""
        now = self._clock()
        body = {
            "BeginTime": int((now - timedelta(hours=1)).timestamp()), "EndTime": int(now.timestamp()), "Offset": 0,
            "Limit": 50, "PhoneNumber": _international(parcel.address), "SmsSdkAppId": self._account.sdk_app_id,
        }  # fmt: skip
        try:
            response = self.call("PullSmsSendStatusByPhoneNumber", body)
        except Unanswered:
            return None
        for one in response.get("PullSmsSendStatusSet") or []:
            if one.get("SessionContext") == parcel.message_id.hex:
                good = one.get("ReportStatus") == "SUCCESS"
                kind = "delivered" if good else "failed"
                return Outcome(kind, vendor_id=one.get("SerialNo"), reason=None if good else "receipt_failed",
                               detail=one.get("Description"))  # fmt: skip
        return None

    def call(self, action: str, body: dict[str, Any]) -> dict[str, Any]:
        """Sign and call; returns what stands under ``Response``; raises `Unanswered`."""
        data = json.dumps(body, ensure_ascii=False).encode()
        signed = {
            "content-type": "application/json; charset=utf-8",
            "host": urlsplit(self._wire.base_url).netloc,
        }
        timestamp = int(self._clock().timestamp())
        secret = self._secrets.get(self._account.secret)
        signature, scope, _ = tencent_tc3(secret, SERVICE, timestamp, signed, data)
        headers = {
            **signed, "X-TC-Action": action, "X-TC-Version": VERSION, "X-TC-Timestamp": str(timestamp),
            "X-TC-Region": self._account.region or "ap-guangzhou",
            "Authorization": f"TC3-HMAC-SHA256 Credential={self._account.app_id}/{scope}, "
            f"SignedHeaders=content-type;host, Signature={signature}",
        }  # fmt: skip
        response = self._wire.call("POST", "/", data=data, headers=headers).get("Response")
        if not isinstance(response, dict):
            raise Unanswered(Outcome("unknown", reason="odd_answer", detail="no Response"))
        return response


def _international(number: str) -> str:
    return number if number.startswith("+") else f"+86{number}"
