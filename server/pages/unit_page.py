"""The figures of a unit for its contact: behind the last four digits of the number, nobody to be recognised."""

import hashlib
from typing import Any

from sqlalchemy import select
from starlette.responses import Response

from domain.followup.group_records import Segment
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from domain.reception.digest_commands import MOST_WRONG, OpenDigest
from domain.reception.digest_records import UnitDigest
from server.centre import Centre
from server.pages.answering import answer

_D = UnitDigest.__table__.c


def digest_page(centre: Centre, token: str, digits: str | None = None) -> Response | None:
    """Return the page of a token, None where it is no unit's: asked for the digits, or shown with the right ones.

    Args:
        centre: The centre.
        token: Secret of the link.
        digits: What was typed; None asks.

    Raises:
        DomainError: ``link.expired``, ``link.closed`` after the last wrong try.
    """
    query = select(
        _D.id, _D.org_id, _D.unit_name, _D.figures, _D.expires_at, _D.wrong, _D.sent_at
    ).where(_D.token_sha256 == hashlib.sha256(token.encode()).hexdigest())  # fmt: skip
    with centre.store.read() as connection:
        row = connection.execute(query).first()
    if row is None:
        return None
    if row.wrong >= MOST_WRONG:
        raise DomainError("link.closed")
    if row.expires_at is None or centre.clock() >= row.expires_at:
        raise DomainError("link.expired")
    if digits is None:
        return _ask(row, "")
    actor = system_actor(row.org_id, centre.identity.device_id, "单位联系人")
    left = centre.dispatcher.run(OpenDigest(digest_id=row.id, digits=digits[:10]), actor).receipt
    if left == 0:
        raise DomainError("link.closed")
    if left > 0:
        return _ask(row, centre.texts.say("unit.wrong_digits", left=left), 422)
    return _shown(centre, row)


def _ask(row: Any, problem: str, status: int = 200) -> Response:
    return answer("unit_verify.html", status, title="团体健康汇总", unit=row.unit_name, problem=problem)


def _shown(centre: Centre, row: Any) -> Response:
    say = centre.texts.say
    figures: dict[str, Any] = row.figures
    whole = figures["whole"]
    return answer(
        "unit_digest.html", title=f"{row.unit_name} 团体健康汇总", few=figures["few"], whole=whole,
        departments=figures["departments"],
        colours=[(colour, say(f"choice.colour.{colour}")) for colour in whole["colours"]],
        groups=[(str(one), say(f"choice.segment.{one}")) for one in Segment if str(one) in whole["groups"]],
    )  # fmt: skip
