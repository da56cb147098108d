"""Whether the second factor lets somebody in; asked inside the unit of work that notes the sign-in."""

import enum

from domain.factor.records import SecondFactor
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork

FACTOR_KEY = "factor_key"
"""Content of the centre: 32 bytes that seal the secrets. Where it is missing (a workstation) nobody is asked."""


class Verdict(enum.StrEnum):
    """What came of the question for a code."""

    NOT_ASKED = "not asked"
    MISSING = "missing"
    WRONG = "wrong"
    USED = "used"
    BY_APP = "app"
    BY_RECOVERY = "recovery"


GOOD = frozenset({Verdict.NOT_ASKED, Verdict.BY_APP, Verdict.BY_RECOVERY})


def check_factor(work: UnitOfWork, staff_id: Id, code: str | None) -> Verdict:
    """Judge a code for an account and spend it: neither an app's nor a recovery code is good twice."""
    key: bytes | None = work.content.get(FACTOR_KEY)
    held = None if key is None else work.find(SecondFactor, staff_id=staff_id)
    if key is None or held is None or not held.bound or held.sealed is None:
        return Verdict.NOT_ASKED
    from domain.factor.codes import (
        is_app_code,
        matching_step,
        plain,
        recovery_digest,
        unseal,
    )  # a workstation needs none

    given = plain(code or "")
    if not given:
        return Verdict.MISSING
    if is_app_code(given):
        secret = unseal(key, staff_id, held.sealed)
        step = None if secret is None else matching_step(secret, given, work.now)
        if step is None:
            return Verdict.WRONG
        if step <= held.last_step:
            return Verdict.USED
        held.last_step = step
        return Verdict.BY_APP
    digest = recovery_digest(key, staff_id, given)
    if digest not in (held.recovery or []):
        return Verdict.WRONG
    held.recovery = [kept for kept in held.recovery or [] if kept != digest]
    held.recovery_left = len(held.recovery)
    return Verdict.BY_RECOVERY
