"""Giving the open form to the client's phone: a secret that only the code on the screen holds."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from domain.kernel.ids import Id
from domain.links.commands import HandOverForm
from forms.response import to_json
from forms.session import FormSession

SECRET_BYTES = 16
VALID = timedelta(days=1)


@dataclass(frozen=True)
class HandedOver:
    """The address for the phone, and how long it holds."""

    address: str
    expires_at: datetime


def hand_over(
    session: FormSession, form: str, *, patient_id: Id, visit_id: Id | None, server: str, now: datetime
) -> tuple[HandOverForm, HandedOver]:
    """Return the command that hands a form over as it is, and what to show once it is on disk."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    draft: dict[str, Any] = msgspec.json.decode(to_json(session.draft(now)))
    order = HandOverForm(
        patient_id=patient_id, visit_id=visit_id, form=form, form_version=session.form.version, draft=draft,
        token_sha256=hashlib.sha256(secret.encode()).hexdigest(), valid_minutes=int(VALID.total_seconds()) // 60,
    )  # fmt: skip
    return order, HandedOver(f"{server.rstrip('/')}/p/{secret}", now + VALID)
