"""Where vendors push to: messages and events of the WeChat family, receipts of SMS, notifications about mail.

What has no signature of its own (SMS, mail) has a secret in its address. Everything is checked, kept and
answered; nothing is done here.
"""

import hmac
import json
import logging
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from domain.kernel.errors import DomainError, KnownError
from server.api.dependencies import CentreDep
from server.centre import Centre
from server.channels.accounts import Account
from server.channels.callback_crypto import check_signature, decrypt, read_xml
from server.channels.mail import read_dsn

log = logging.getLogger(__name__)

router = APIRouter(prefix="/callbacks", include_in_schema=False)
CLOCKS_DIFFER = timedelta(minutes=5)
_WECHAT = ("wecom", "official_account", "mini_program")


def _account(centre: CentreDep, account: str) -> Account:
    found = centre.sender.book.accounts.get(account)
    if found is None:
        raise DomainError("http.not_found")
    return found


AccountDep = Annotated[Account, Depends(_account)]


@router.get("/wechat/{account}")
def confirm(request: Request, centre: CentreDep, account: AccountDep) -> Response:
    """Confirm the address: the text inside, and nothing else."""
    asked = request.query_params
    try:
        encrypted = asked.get("echostr", "")
        _signed(centre, account, asked, encrypted)
        return PlainTextResponse(decrypt(encrypted, _aes_key(centre, account), account.app_id))
    except KnownError as error:
        return _refused(account, error)


@router.post("/wechat/{account}")
async def pushed(request: Request, centre: CentreDep, account: AccountDep) -> Response:
    """Keep a message or an event."""
    body = await request.body()
    return await run_in_threadpool(_kept, request, centre, account, body)


def _kept(request: Request, centre: Centre, account: Account, body: bytes) -> Response:
    asked = request.query_params
    try:
        encrypted = read_xml(body).get("Encrypt", "")
        _signed(centre, account, asked, encrypted)
        fields = read_xml(decrypt(encrypted, _aes_key(centre, account), account.app_id))
        shown = "|".join(asked.get(name, "") for name in ("timestamp", "nonce", "msg_signature"))
        centre.receiver.pushed.keep(_key(fields), account.id, "wechat", fields, shown)
    except KnownError as error:
        return _refused(account, error)
    centre.receiver.ring()
    return PlainTextResponse("success")


@router.post("/sms/{account}/{secret}")
async def sms(request: Request, centre: CentreDep, account: AccountDep, secret: str) -> Response:
    """Keep the receipts of a push; answered as the vendor wants it."""
    body = await request.body()
    return await run_in_threadpool(_sms, centre, account, secret, body)


def _sms(centre: Centre, account: Account, secret: str, body: bytes) -> Response:
    _check_secret(centre, account, secret)
    try:
        found: Any = json.loads(body)
    except ValueError as error:
        raise DomainError("input.not_json") from error
    for one in found if isinstance(found, list) else []:
        receipt = _aliyun_receipt(one) if account.kind == "sms_aliyun" else _tencent_receipt(one)
        if receipt is not None:
            key = f"{receipt['vendor_id']}:{receipt['message_id']}:{receipt['result']}"
            centre.receiver.pushed.keep(key, account.id, "receipt", receipt)
    centre.receiver.ring()
    good = {"code": 0, "msg": "成功"} if account.kind == "sms_aliyun" else {"result": 0, "errmsg": "OK"}
    return Response(json.dumps(good, ensure_ascii=False), media_type="application/json")


@router.post("/mail/{account}/{secret}")
async def mail(request: Request, centre: CentreDep, account: AccountDep, secret: str) -> Response:
    """Keep what a delivery status notification says (``message/rfc822``, as a mail server pipes it)."""
    body = await request.body()
    _check_secret(centre, account, secret)
    bounce = read_dsn(body)
    if bounce is not None:
        receipt = {"message_id": bounce.message_id.hex, "result": bounce.result, "detail": bounce.detail}
        centre.receiver.pushed.keep(
            f"{bounce.message_id.hex}:{bounce.result}", account.id, "receipt", receipt
        )
        centre.receiver.ring()
    return Response(status_code=204)


def _aliyun_receipt(one: Any) -> dict[str, Any] | None:
    if not isinstance(one, dict) or "success" not in one:
        return None
    return {
        "vendor_id": str(one.get("biz_id", "")), "message_id": str(one.get("out_id", "")),
        "result": "delivered" if one["success"] is True else "failed", "detail": str(one.get("err_code", ""))[:255],
    }  # fmt: skip


def _tencent_receipt(one: Any) -> dict[str, Any] | None:
    if not isinstance(one, dict) or "report_status" not in one:
        return None
    return {
        "vendor_id": str(one.get("sid", "")), "message_id": "",
        "result": "delivered" if one["report_status"] == "SUCCESS" else "failed",
        "detail": str(one.get("errmsg", ""))[:255],
    }  # fmt: skip


def _key(fields: dict[str, str]) -> str:
    """Return what makes a push one: the message's number, else who and when and what."""
    if fields.get("MsgId"):
        return f"m{fields['MsgId']}"
    names = (
        "FromUserName",
        "CreateTime",
        "Event",
        "ChangeType",
        "ExternalUserID",
        "MsgID",
        "Token",
        "OpenKfId",
    )
    return "e" + "|".join(fields.get(name, "") for name in names)


def _signed(centre: Centre, account: Account, asked: Any, encrypted: str) -> None:
    if account.kind not in _WECHAT:
        raise DomainError("http.not_found")
    stamp = asked.get("timestamp", "")
    token = centre.sender.book.secrets.get(account.callback_token)
    check_signature(asked.get("msg_signature", ""), token, stamp, asked.get("nonce", ""), encrypted)
    near = stamp.isascii() and stamp.isdigit() and len(stamp) < 12
    if not near or abs(centre.clock().timestamp() - int(stamp)) > CLOCKS_DIFFER.total_seconds():
        raise DomainError("callback.old")


def _aes_key(centre: Centre, account: Account) -> str:
    return centre.sender.book.secrets.get(account.callback_aes_key)


def _check_secret(centre: Centre, account: Account, secret: str) -> None:
    if account.kind in _WECHAT or not hmac.compare_digest(
        secret.encode(), centre.sender.book.secrets.get(account.callback_token).encode()
    ):
        raise DomainError("http.not_found")


def _refused(account: Account, error: KnownError) -> Response:
    """Say no more than that it is refused; the log knows why."""
    log.warning("callback refused", extra={"account": account.id, "code": error.code})
    return PlainTextResponse("refused", 403)
