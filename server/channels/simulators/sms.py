"""Simulated SMS services: Aliyun (V1 and V3 signatures) and Tencent Cloud (TC3). Signatures are verified."""

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from server.channels.signing import aliyun_v1, aliyun_v3, tencent_tc3
from server.channels.simulators.base import Call, Simulator


@dataclass(slots=True)
class AliyunSimulator(Simulator):
    """dysmsapi. `secret` is what it knows of the access key; `nonces` are those it has seen."""

    name: str = "aliyun"
    secret: str = "aliyun-secret-of-the-simulator"  # noqa: S105  (of a simulator)
    nonces: set[str] = field(default_factory=set)

    def answer(self, call: Call) -> tuple[int, Any]:
        """Check the signature, then do what the action says."""
        refused = self._refused(call)
        if refused:
            return 400, {"Code": refused, "Message": "simulated", "RequestId": secrets.token_hex(8)}
        params = call.query
        action = call.headers.get("x-acs-action") or params.get("Action", "")
        if action == "QuerySendDetails":
            found = [
                {"OutId": one["OutId"], "SendStatus": one.get("status", 3), "ErrCode": "DELIVERED"}
                for one in self.inbox
                if one["PhoneNumbers"] == params.get("PhoneNumber")
            ]
            return 200, {
                "Code": "OK",
                "SmsSendDetailDTOs": {"SmsSendDetailDTO": found},
                "TotalCount": len(found),
            }
        number = params.get("PhoneNumbers", "")
        if not (number.isdigit() and len(number) == 11):
            return 200, {"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": number}
        message = {
            name: params.get(name, "") for name in ("PhoneNumbers", "SignName", "TemplateCode", "OutId")
        }
        message["params"] = json.loads(params.get("TemplateParam") or "{}")
        message["BizId"] = f"{len(self.inbox) + 1}^{secrets.token_hex(4)}"
        self.inbox.append(message)
        return 200, {
            "Code": "OK",
            "Message": "OK",
            "BizId": message["BizId"],
            "RequestId": secrets.token_hex(8),
        }

    def _refused(self, call: Call) -> str:
        if "Signature" in call.query:
            nonce = call.query.get("SignatureNonce", "")
            unsigned = {name: value for name, value in call.query.items() if name != "Signature"}
            good = aliyun_v1(unsigned, self.secret, call.method) == call.query["Signature"]
        else:
            said = call.headers.get("authorization", "").rpartition("Signature=")[2]
            names = (
                call.headers.get("authorization", "")
                .partition("SignedHeaders=")[2]
                .partition(",")[0]
                .split(";")
            )
            nonce = call.headers.get("x-acs-signature-nonce", "")
            signed = {name: call.headers.get(name, "") for name in names}
            good = aliyun_v3(call.method, call.path, call.query, signed, call.body, self.secret)[0] == said
        if not good:
            return "SignatureDoesNotMatch"
        if nonce in self.nonces:
            return "SignatureNonceUsed"
        self.nonces.add(nonce)
        return ""


@dataclass(slots=True)
class TencentSimulator(Simulator):
    """sms.tencentcloudapi.com."""

    name: str = "tencent"
    secret: str = "tencent-secret-of-the-simulator"  # noqa: S105  (of a simulator)

    def answer(self, call: Call) -> tuple[int, Any]:
        """Check the signature, then do what the action says."""
        said = call.headers.get("authorization", "").rpartition("Signature=")[2]
        signed = {name: call.headers.get(name, "") for name in ("content-type", "host")}
        stamp = int(call.headers.get("x-tc-timestamp", "0"))
        if tencent_tc3(self.secret, "sms", stamp, signed, call.body)[0] != said:
            return 200, {
                "Response": {"Error": {"Code": "AuthFailure.SignatureFailure", "Message": "simulated"}}
            }
        told = call.json()
        if call.headers.get("x-tc-action") == "PullSmsSendStatusByPhoneNumber":
            found = [
                {"SerialNo": one["SerialNo"], "SessionContext": one["SessionContext"],
                 "ReportStatus": one.get("status", "SUCCESS"), "Description": "DELIVRD"}
                for one in self.inbox if one["number"] == told.get("PhoneNumber")
            ]  # fmt: skip
            return 200, {"Response": {"PullSmsSendStatusSet": found}}
        statuses = [self._sent(number, told) for number in told.get("PhoneNumberSet", [])]
        return 200, {"Response": {"SendStatusSet": statuses, "RequestId": secrets.token_hex(8)}}

    def _sent(self, number: str, told: dict[str, Any]) -> dict[str, Any]:
        if not (number.startswith("+86") and len(number) == 14):
            code = "InvalidParameterValue.IncorrectPhoneNumber"
            return {"SerialNo": "", "PhoneNumber": number, "Code": code, "Message": "simulated"}
        serial = f"2022:{secrets.token_hex(6)}"
        self.inbox.append({
            "number": number, "SerialNo": serial, "SessionContext": told.get("SessionContext"),
            "TemplateId": told.get("TemplateId"), "params": told.get("TemplateParamSet"),
        })  # fmt: skip
        return {"SerialNo": serial, "PhoneNumber": number, "Code": "Ok", "Message": "send success", "Fee": 1}
