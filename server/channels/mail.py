"""E-mail: submission over TLS, and what comes back as a delivery status notification.

Source: RFC 6409 (submission), RFC 3464 (DSN), ``interfaces/channels.md`` section 5.
"""

import email
import email.policy
import email.utils
import re
import smtplib
import ssl
import uuid
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from domain.kernel.clock import Clock
from domain.kernel.ids import Id
from domain.messaging.commands import check_address
from domain.messaging.records import Channel
from domain.messaging.sending_commands import Parcel
from server.channels.accounts import Account, Secrets
from server.channels.outcome import Outcome

TIMEOUT_S = 20.0
FULL_S = 86_400.0
_OURS = re.compile(r"<?([0-9a-f]{32})@[^>\s]+>?")


class Mail:
    """One mail account."""

    channels = (Channel.EMAIL,)
    repeat_safe_s = 0.0

    def __init__(
        self, account: Account, secrets: Secrets, clock: Clock, context: ssl.SSLContext | None = None
    ) -> None:
        self.account, self.quota = account.id, account.quota
        self._account, self._secrets, self._clock = account, secrets, clock
        self._context = context

    def send(self, parcel: Parcel) -> Outcome:
        """Send one mail; `Message-ID` is our id."""
        sent = False
        try:
            check_address(Channel.EMAIL, parcel.address)
            message = written(parcel, self._account.sender)
            with self._line() as line:
                if self._account.app_id:
                    line.login(self._account.app_id, self._secrets.get(self._account.secret))
                _accepted(line.mail(self._account.sender))
                _accepted(line.rcpt(parcel.address))
                sent = True  # from here on a broken line leaves it open whether it went
                code, words = line.data(message.as_bytes(policy=email.policy.SMTP))
                return answered(code, words)
        except smtplib.SMTPAuthenticationError as error:
            return answered(error.smtp_code, error.smtp_error)
        except smtplib.SMTPResponseException as error:
            return answered(error.smtp_code, error.smtp_error)
        except ssl.SSLCertVerificationError as error:
            return Outcome("configuration", reason="configuration", detail=str(error)[:200])
        except (smtplib.SMTPException, OSError) as error:
            if sent:
                return Outcome("unknown", reason="lost", detail=type(error).__name__)
            return Outcome("retry", reason="unreachable", detail=type(error).__name__)

    def ask(self, parcel: Parcel) -> Outcome | None:
        """Nobody can be asked what became of a mail."""
        return None

    def _line(self) -> smtplib.SMTP:
        context = self._context or ssl.create_default_context()
        if self._account.security == "tls":
            return smtplib.SMTP_SSL(
                self._account.host, self._account.port, timeout=TIMEOUT_S, context=context
            )
        line = smtplib.SMTP(self._account.host, self._account.port, timeout=TIMEOUT_S)
        try:
            if self._account.security == "starttls":
                line.starttls(context=context)
            line.ehlo()
        except BaseException:
            line.close()
            raise
        return line


def written(parcel: Parcel, sender: str) -> EmailMessage:
    """Return the mail; what would begin a new header line cannot get into one."""
    message = EmailMessage(policy=email.policy.SMTP)
    domain = sender.rpartition("@")[2] or "aftercheck.invalid"
    message["Message-ID"] = f"<{parcel.message_id.hex}@{domain}>"
    message["From"], message["To"] = sender, parcel.address
    message["Subject"] = " ".join(parcel.title.split())
    message["Auto-Submitted"] = "auto-generated"
    text = parcel.text + (
        "\n\n如已处理请忽略。" if parcel.again and "如已处理请忽略" not in parcel.text else ""
    )
    message.set_content(text, charset="utf-8", cte="base64")
    return message


def answered(code: int, words: bytes | str) -> Outcome:
    """Return what a reply of SMTP means: 4xx later, 5xx never; 535 is our set-up, 552 a full mailbox."""
    detail = f"{code} {words.decode('utf-8', 'replace') if isinstance(words, bytes) else words}"[:255]
    if code == 552:
        return Outcome("retry", reason="busy", detail=detail, wait_s=FULL_S)
    if code == 535:
        return Outcome("configuration", reason="configuration", detail=detail)
    if 200 <= code < 300:
        return Outcome("accepted", detail=detail)
    if 400 <= code < 500:
        return Outcome("retry", reason="busy", detail=detail)
    return Outcome("failed", reason="bad_address", detail=detail, falls_back=True)


def _accepted(reply: tuple[int, bytes]) -> None:
    if not 200 <= reply[0] < 300:
        raise smtplib.SMTPResponseException(*reply)


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a notification says of one of our mails; `result` as `NoteReceipt` takes it."""

    message_id: Id
    result: str
    detail: str


def read_dsn(raw: bytes) -> Bounce | None:
    """Return what a delivery status notification says, None if it is none or about no mail of ours."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    status = next((p for p in message.walk() if p.get_content_type() == "message/delivery-status"), None)
    ours = _original(message)
    if status is None or ours is None:
        return None
    blocks: Any = status.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        action = str(block.get("Action", "")).strip().lower()
        if action in ("delivered", "relayed", "failed"):
            result = "failed" if action == "failed" else "delivered"
            return Bounce(
                ours, result, f"{block.get('Status', '')} {block.get('Diagnostic-Code', '')}".strip()[:255]
            )
    return None


def _original(message: email.message.Message) -> Id | None:
    for part in message.walk():
        if part.get_content_type() in ("message/rfc822", "text/rfc822-headers"):
            payload: Any = part.get_payload()
            text = payload[0].as_string() if isinstance(payload, list) and payload else str(payload)
            found = re.search(r"^Message-ID:\s*(\S+)", text, re.IGNORECASE | re.MULTILINE)
            if found and (ours := _OURS.fullmatch(found[1])):
                return uuid.UUID(hex=ours[1])
    return None
