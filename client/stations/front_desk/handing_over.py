"""Giving the open form to the client's phone as it is."""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from client.phone_link import HandedOver, new_secret
from domain.kernel.ids import Id
from domain.links.commands import HandOverForm
from forms.response import to_json
from forms.session import FormSession

VALID = timedelta(days=1)


def hand_over(
    session: FormSession, form: str, *, patient_id: Id, visit_id: Id | None, server: str, now: datetime
) -> tuple[HandOverForm, HandedOver]:
    """Return the command that hands a form over as it is, and what to show once it is on disk."""
    secret = new_secret(server)
    draft: dict[str, Any] = msgspec.json.decode(to_json(session.draft(now)))
    order = HandOverForm(
        patient_id=patient_id, visit_id=visit_id, form=form, form_version=session.form.version, draft=draft,
        token_sha256=secret.sha256, valid_minutes=int(VALID.total_seconds()) // 60,
    )  # fmt: skip
    return order, HandedOver(secret.address, now + VALID)
