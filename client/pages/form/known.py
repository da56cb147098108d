"""What is known of a client before the first question: results, earlier answers and scales, each with its day."""

from datetime import datetime
from typing import Any

import msgspec

from client.pages.form.subject import read_patient
from client.station import Context
from domain.kernel.columns import Sensitivity
from domain.kernel.ids import Id
from domain.risk.content import RISK
from domain.risk.factors import Given
from domain.risk.gathering import RESULT, gather


def known_factors(context: Context, patient_id: Id, at: datetime) -> dict[str, Given]:
    """Return the newest value of each factor with its source in words; nothing for who may not see such values."""
    if context.actor.clearance < Sensitivity.SENSITIVE:
        return {}
    dispatcher = context.desk.dispatcher
    with dispatcher.store.read() as connection:
        patient = read_patient(connection, context, patient_id)
        factors = gather(connection, patient, dispatcher.content[RISK], at)
    return {
        one.code: msgspec.structs.replace(
            one, value=_plain(one.value), source=source_text(context, one.source)
        )
        for one in factors.given
    }


def source_text(context: Context, source: str) -> str:
    """Return where a value is from as people call it."""
    kind, _, name = source.partition(":")
    if source == RESULT:
        return context.say("form_page.source.result")
    if kind in ("form", "scale"):
        return context.say("form_page.source.filled", title=context.formatter.name(name, f"words:{kind}"))
    return source


def _plain(value: Any) -> Any:
    """Return a whole number as people write it: 172, not 172.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
