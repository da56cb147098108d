"""The facts grouping looks at, read for one client by index: what a client has, whatever the store holds."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select

from domain.checkup.records import Finding, Observation
from domain.followup.definitions import SegmentRules
from domain.followup.grouping import Abnormal, ClientFacts
from domain.interop.one_person import person_rows, records_of
from domain.kernel.clock import clinic
from domain.kernel.columns import from_microseconds, to_microseconds
from domain.kernel.ids import Id
from domain.kernel.prepared import Prepared
from domain.risk.records import RiskAssessment, RiskLevel
from domain.scales.facts import COUNTING

MONTH = timedelta(days=30.44)
DIAGNOSED = "already_diagnosed"

_L, _A, _F, _O = (kind.__table__.c for kind in (RiskLevel, RiskAssessment, Finding, Observation))
_WHOSE: dict[str, Any] = {"patient": bindparam("patient"), "since": bindparam("since")}
_LEVEL = Prepared(
    select(_L.colour, _L.levels, _L.assessment_id, _L.why).where(_L.patient_id == _WHOSE["patient"]).limit(1)
)
_OUTCOME = Prepared(select(_A.outcome).where(_A.id == bindparam("own")))
_FINDINGS = Prepared(
    select(_F.important_class, _F.found_at).where(
        _F.patient_id == _WHOSE["patient"], _F.found_at >= _WHOSE["since"]
    )
)
_RESULTS = Prepared(
    select(_O.item, _O.label, _O.flag, _O.effective_at, _O.status)
    .where(_O.patient_id == _WHOSE["patient"], _O.effective_at >= _WHOSE["since"])
    .order_by(_O.effective_at, _O.id)
)


def facts_of_client(
    connection: Connection, patient_id: Id, rules: SegmentRules, now: datetime
) -> ClientFacts:
    """Return what is stored of a client that decides about groups, as it stands at `now`."""
    own, records = patient_id.bytes, records_of(connection, patient_id)
    since = to_microseconds(now - rules.months * MONTH)
    level = _LEVEL.first(connection, patient=own)
    findings: dict[str, list[date]] = defaultdict(list)
    for important_class, found_at in person_rows(_FINDINGS, connection, records, 1, since=since):
        findings[important_class].append(_day(found_at))
    results = _latest(connection, records, since)
    abnormal = [
        Abnormal(label, flag, _day(at)) for label, flag, at in results.values() if flag in rules.flags
    ]
    why = msgspec.json.decode(level[3]) if level else {}
    return ClientFacts(
        colour=level[0] if level else None,
        levels=msgspec.json.decode(level[1]) if level else {},
        diagnosed=_diagnosed(connection, level[2]) if level else frozenset(),
        findings=findings, abnormal=abnormal, seen=bool(results or (level and level[0])),
        unverified=bool(why.get("unverified")),
    )  # fmt: skip


def _latest(
    connection: Connection, records: Sequence[Id], since: int
) -> dict[str, tuple[str, str | None, int]]:
    """Return the latest result of each item that counts: one that was put right gives way to its correction."""
    rows = person_rows(_RESULTS, connection, records, 3, since=since)
    return {item: (label, flag, at) for item, label, flag, at, status in rows if status in COUNTING}


def _diagnosed(connection: Connection, assessment_id: bytes | None) -> frozenset[str]:
    found = _OUTCOME.first(connection, own=assessment_id) if assessment_id else None
    if found is None:
        return frozenset()
    diseases = msgspec.json.decode(found[0]).get("diseases", {})
    return frozenset(name for name, one in diseases.items() if one.get("status") == DIAGNOSED)


def _day(at: int) -> date:
    return clinic(from_microseconds(at)).date()
