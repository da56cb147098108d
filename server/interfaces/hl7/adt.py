"""ADT: who a partner has registered, changed or made one of two; and the visit to the hospital it tells of."""

from datetime import datetime, tzinfo

import msgspec

from domain.kernel.errors import DomainError
from server.interfaces.hl7.header import Header
from server.interfaces.hl7.message import Message
from server.interfaces.hl7.patient import read_patient
from server.interfaces.hl7.results import PatientIdentity
from server.interfaces.hl7.times import read_time

PERSON_EVENTS = frozenset({"A01", "A03", "A04", "A05", "A08", "A28", "A31"})
MERGE_EVENTS = frozenset({"A34", "A40"})
_CARDS = frozenset({"NI", "NNCHN"})


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    """PV1 and DG1: a visit to the hospital."""

    number: str
    kind: str
    department: str
    started_at: datetime | None
    ended_at: datetime | None
    diagnoses: tuple[str, ...]


class PersonMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Who a message is about; `number` is the sender's own of the person, `prior_number` that of one given up."""

    header: Header
    patient: PatientIdentity
    number: str
    address: str
    prior_number: str
    merge: bool
    stay: Stay | None


def read_person(message: Message, header: Header, *, zone: tzinfo, now: datetime) -> PersonMessage:
    """Return what an ADT says.

    Raises:
        DomainError: ``hl7.event_unsupported``, ``hl7.segment_missing``, ``hl7.several_patients``,
            ``hl7.field_missing`` (the numbers of a merge), ``hl7.bad_time``, ``hl7.birth_in_future``.
    """
    event = header.trigger_event
    if event not in PERSON_EVENTS | MERGE_EVENTS:
        raise DomainError("hl7.event_unsupported", "MSH-9", location="MSH^1^9^2", event=event)
    pids = list(message.all("PID"))
    if not pids:
        raise DomainError("hl7.segment_missing", "PID", location="PID", name="PID")
    if len(pids) > 1:
        raise DomainError("hl7.several_patients", "PID", location="PID^2", count=len(pids))
    pid, merge = pids[0], event in MERGE_EVENTS
    patient = read_patient(pid, now.astimezone(zone).date())
    own = number_of(patient)
    prior = ""
    if merge:
        mrg = message.first("MRG")
        if mrg is None:
            raise DomainError("hl7.segment_missing", "MRG", location="MRG", name="MRG")
        prior = mrg.text(1)
        for value, name in ((own, "PID-3"), (prior, "MRG-1")):
            if not value:
                segment, _, place = name.partition("-")
                raise DomainError("hl7.field_missing", name, location=f"{segment}^1^{place}", name=name)
    parts = [pid.text(11, at) for at in (4, 3, 1, 2)]  # province, city, street, other
    return PersonMessage(
        header=header, patient=patient, number=own, address="".join(part for part in parts if part)[:255],
        prior_number=prior, merge=merge, stay=_stay(message, zone),
    )  # fmt: skip


def number_of(patient: PatientIdentity) -> str:
    """Return the sender's own number of a person: a record number first, never an identity card's; empty for none."""
    numbers = [one for one in patient.identifiers if one.kind not in _CARDS]
    marked = (one.value for one in numbers if one.kind in ("MR", "PI"))
    return next(marked, numbers[0].value if numbers else "")


def _stay(message: Message, zone: tzinfo) -> Stay | None:
    pv1 = message.first("PV1")
    if pv1 is None or not pv1.text(19):
        return None
    diagnoses = []
    for dg1 in message.all("DG1"):
        code, name = dg1.text(3), dg1.text(3, 2) or dg1.text(4)
        if code or name:
            diagnoses.append(f"{name}（{code}）" if name and code and name != code else name or code)
    return Stay(
        number=pv1.text(19), kind=pv1.text(2), department=pv1.text(3, 4) or pv1.text(3),
        started_at=read_time(pv1.text(44), zone, "PV1^1^44"), ended_at=read_time(pv1.text(45), zone, "PV1^1^45"),
        diagnoses=tuple(diagnoses),
    )  # fmt: skip
