"""ORU^R01: results of a visit, mapped to plain values.

A message that breaks the standard is refused as a whole; a result whose code, unit or word we do not know is kept and
marked (`ResultObservation.unmatched`), so that nothing a laboratory sent is lost.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo
from itertools import count

from domain.catalog.content import Catalog
from domain.kernel.errors import DomainError
from server.interfaces.hl7.header import Header, read_header
from server.interfaces.hl7.message import Message, Segment
from server.interfaces.hl7.observation import read_attachment, read_observation
from server.interfaces.hl7.patient import read_patient
from server.interfaces.hl7.results import Attachment, Report, ResultMessage, ResultObservation
from server.interfaces.hl7.times import read_time

_NO_CODES: Mapping[str, str] = {}


def read_results(
    message: Message,
    catalog: Catalog,
    *,
    zone: tzinfo,
    now: datetime,
    codes: Mapping[str, str] = _NO_CODES,
    units: Mapping[str, str] = _NO_CODES,
    production: bool = True,
) -> ResultMessage:
    """Return what an ORU^R01 says.

    Args:
        message: The parsed message.
        catalog: What codes, units and words mean.
        zone: The clinic's time zone, for times without an offset.
        now: To refuse birth dates in the future.
        codes: The endpoint's own codes and the catalogue keys they mean.
        units: The units of its codes, where it says none or one nobody knows.
        production: Refuse test messages (MSH-11).

    Raises:
        DomainError: Those of `read_header`; ``hl7.type_unsupported``, ``hl7.event_unsupported``,
            ``hl7.segment_missing``, ``hl7.several_patients``, ``hl7.status_missing``, ``hl7.status_unknown``,
            ``hl7.bad_time``, ``hl7.birth_in_future``, ``hl7.attachment_damaged``, ``hl7.bad_escape``.
    """
    header = read_header(message, zone=zone, production=production)
    _refuse_other_types(header)
    pid, pv1 = _patient_segments(message)
    groups = list(_groups(message.segments))
    if not any(segment.name == "OBX" for group in groups for segment in group):
        raise DomainError("hl7.segment_missing", "OBX", location="OBX", name="OBX")
    counter = count(1)
    reports = tuple(_report(group, counter, catalog, (codes, units), zone) for group in groups)
    specimens = tuple(dict.fromkeys(one for report in reports for one in report.specimens))
    placers = (report.placer_number for report in reports if report.placer_number)
    return ResultMessage(
        header=header,
        patient=read_patient(pid, _day(now, zone)),
        visit_number=pv1.text(19) if pv1 is not None else "",
        barcodes=tuple(dict.fromkeys((*placers, *specimens))),
        specimens=specimens,
        reports=reports,
        notes=_notes_before_orders(message.segments),
    )


def _refuse_other_types(header: Header) -> None:
    if header.message_code != "ORU":
        raise DomainError("hl7.type_unsupported", "MSH-9", location="MSH^1^9", type=header.message_code)
    if header.trigger_event != "R01":
        raise DomainError("hl7.event_unsupported", "MSH-9", location="MSH^1^9^2", event=header.trigger_event)


def _patient_segments(message: Message) -> tuple[Segment, Segment | None]:
    found = list(message.all("PID"))
    if not found:
        raise DomainError("hl7.segment_missing", "PID", location="PID", name="PID")
    if len(found) > 1:
        raise DomainError("hl7.several_patients", "PID", location="PID^2", count=len(found))
    return found[0], message.first("PV1")


def _groups(segments: Sequence[Segment]) -> Iterator[list[Segment]]:
    """Yield for each OBR its group: the OBR, the ORC (and its notes) before it, and what follows."""
    group: list[Segment] = []
    before: list[Segment] = []
    for segment in segments:
        if segment.name in ("ORC", "OBR") and group:
            yield group
            group = []
        if segment.name == "OBR":
            group = [segment, *before]
            before = []
        elif segment.name == "ORC":
            before = [segment]
        elif group:
            group.append(segment)
        elif segment.name == "OBX":
            raise DomainError("hl7.segment_missing", "OBR", location="OBR", name="OBR")
        elif before:
            before.append(segment)
    if not group:
        raise DomainError("hl7.segment_missing", "OBR", location="OBR", name="OBR")
    yield group


def _report(
    group: list[Segment],
    counter: Iterator[int],
    catalog: Catalog,
    own: tuple[Mapping[str, str], Mapping[str, str]],
    zone: tzinfo,
) -> Report:
    obr = group[0]
    observations: list[ResultObservation] = []
    attachments: list[Attachment] = []
    for position, segment in enumerate(group):
        if segment.name != "OBX":
            continue
        number = next(counter)
        if segment.text(2) == "ED":
            attachments.append(read_attachment(segment, number))
        else:
            notes = _notes_after(group, position)
            observations.append(read_observation(segment, number, catalog, *own, zone, notes))
    orders = [segment.text(2) for segment in group if segment.name == "ORC"]
    specimens = [segment.text(2) for segment in group if segment.name == "SPM"]
    return Report(
        placer_number=obr.text(2) or (orders[0] if orders else ""),
        filler_number=obr.text(3),
        service_code=obr.text(4),
        service_name=obr.text(4, 2),
        status=obr.text(25),
        section=obr.text(24),
        collected_at=read_time(obr.text(7), zone, "OBR^1^7"),
        reported_at=read_time(obr.text(22), zone, "OBR^1^22"),
        specimens=tuple(one for one in specimens if one),
        observations=tuple(observations),
        attachments=tuple(attachments),
        notes=_notes_after(group, 1 if orders else 0),
    )


def _notes_after(group: Sequence[Segment], position: int) -> tuple[str, ...]:
    """Return the texts of the NTE that directly follow a segment."""
    if position + 1 >= len(group) or group[position + 1].name != "NTE":
        return ()
    texts = []
    for segment in group[position + 1 :]:
        if segment.name != "NTE":
            break
        texts.append(segment.whole(3))
    return tuple(texts)


def _notes_before_orders(segments: Sequence[Segment]) -> tuple[str, ...]:
    texts = []
    for segment in segments:
        if segment.name in ("ORC", "OBR"):
            break
        if segment.name == "NTE":
            texts.append(segment.whole(3))
    return tuple(texts)


def _day(now: datetime, zone: tzinfo) -> date:
    return now.astimezone(zone).date()
