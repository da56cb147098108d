"""Values a client measures at home, typed in at the desk or on the phone page; limits of the client's own."""

from datetime import datetime, timedelta
from typing import Any

from domain.care.monitored_records import MonitoredValue
from domain.care.records import CareItem, CareKind
from domain.checkup.intake import Person, line_for, take_in
from domain.checkup.limits import catalog_for
from domain.checkup.records import Observation, ResultSource
from domain.checkup.result_keeping import keep
from domain.interop.one_person import require_theirs
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient

HOME = "居家监测"
OLDEST = timedelta(days=30)
LOW, HIGH = "limit_low", "limit_high"


@command("care.note_value", "录入居家监测值", permission="care.note")
class NoteHomeValue:
    """A value the client measured; it counts as a result, and as carrying out what is to be measured."""

    care_item_id: Id = ask("监测项目", kind=Kind.HIDDEN)
    value: float = ask("数值（按项目单位）", kind=Kind.NUMBER, low=0, high=100000)
    measured_at: datetime | None = ask("测量时间（不填为现在）", default=None)


@handles(NoteHomeValue)
def note_home_value(order: NoteHomeValue, work: UnitOfWork) -> Id:
    """Return the id of the observation.

    Raises:
        DomainError: ``care.not_monitoring`` (``care_item_id``); ``checkup.value_implausible`` (``value``);
            ``checkup.measured_in_future`` or ``care.too_late`` (``measured_at``).
    """
    item = work.require(CareItem, order.care_item_id, "care_item_id")
    return _keep(work, item, order.value, order.measured_at)


@command("care.client_value", "客户录入监测值", permission="client_page.write", place="internal")
class ClientNotesValue:
    """The client types a value on the phone page; of the server's page alone."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    care_item_id: Id = ask("监测项目", kind=Kind.HIDDEN)
    value: float = ask("数值", kind=Kind.HIDDEN, low=0, high=100000)


@handles(ClientNotesValue)
def client_notes_value(order: ClientNotesValue, work: UnitOfWork) -> Id:
    """Return the id of the observation. Raises as `note_home_value`; an item of somebody else is unknown."""
    item = require_theirs(work, CareItem, order.care_item_id, "care_item_id", order.patient_id)
    return _keep(work, item, order.value, None)


def _keep(work: UnitOfWork, item: CareItem, value: float, measured_at: datetime | None) -> Id:
    if item.kind != CareKind.MONITORING or not item.watched:
        raise DomainError("care.not_monitoring", field="care_item_id", label=item.label)
    at = measured_at or work.now
    if at > work.now:
        raise DomainError("checkup.measured_in_future", field="measured_at")
    if at < work.now - OLDEST:
        raise DomainError("care.too_late", field="measured_at", days=OLDEST.days)
    patient = work.require(Patient, item.patient_id)
    catalog = catalog_for(work, patient.org_id)
    unit = catalog.observation(item.watched).ucum or ""
    line = line_for(catalog, item.watched, value, unit, device=None, at=at)
    person = Person(patient.id, patient.sex, patient.birth_date)
    judged = take_in(line, person, catalog, visit_id=None, source=ResultSource.MANUAL, now=work.now)
    judged.observation.system = HOME
    return keep(work, judged, patient.org_id).id


@command("care.set_limits", "设定个体监测界值", permission="care.sign")
class SetWatchLimits:
    """From and up to where this client's values are well; without both the reference interval holds."""

    care_item_id: Id = ask("监测项目", kind=Kind.HIDDEN)
    low: float | None = ask("下限（不填为无）", kind=Kind.NUMBER, default=None, low=0, high=100000)
    high: float | None = ask("上限（不填为无）", kind=Kind.NUMBER, default=None, low=0, high=100000)
    reason: str = ask("依据", kind=Kind.NOTE)


@handles(SetWatchLimits)
def set_watch_limits(order: SetWatchLimits, work: UnitOfWork) -> Id:
    """Return the id of the item; values from now on are judged by them.

    Raises:
        DomainError: ``care.not_monitoring``; ``care.item_over``; ``care.bad_limits`` (``high``).
    """
    item = work.require(CareItem, order.care_item_id, "care_item_id")
    if item.kind != CareKind.MONITORING:
        raise DomainError("care.not_monitoring", field="care_item_id", label=item.label)
    if item.state == "ended":
        raise DomainError("care.item_over", field="care_item_id", label=item.label)
    if order.low is not None and order.high is not None and order.low >= order.high:
        raise DomainError("care.bad_limits", field="high", low=f"{order.low:g}", high=f"{order.high:g}")
    item.detail = {**(item.detail or {}), LOW: order.low, HIGH: order.high}
    item.reason = order.reason
    return item.id


def watch_value(work: UnitOfWork, item: CareItem, observation: Observation) -> None:
    """Keep the newest value of what a client measures by plan, judged by their own limits, else by the reference."""
    value, own = observation.value_number, stable_id("monitored_value", item.patient_id, item.watched)
    kept = work.get(MonitoredValue, own)
    if value is None or (kept is not None and kept.at > observation.effective_at):
        return
    detail = item.detail or {}
    low, high = detail.get(LOW), detail.get(HIGH)
    personal = low is not None or high is not None
    if personal:
        outside = (low is not None and value < low) or (high is not None and value > high)
        limits = f"{'' if low is None else f'{low:g}'}–{'' if high is None else f'{high:g}'}"
    else:
        outside, limits = observation.flag not in (None, "", "N"), observation.range_text or "—"
    since = (
        None
        if not outside
        else (kept.outside_since if kept is not None else None) or observation.effective_at
    )
    values: dict[str, Any] = {
        "label": observation.label, "value": value, "ucum": observation.ucum, "limits": limits, "personal": personal,
        "outside": outside, "outside_since": since, "observation_id": observation.id, "at": observation.effective_at,
    }  # fmt: skip
    if kept is None:
        work.add(
            MonitoredValue(
                id=own, org_id=item.org_id, patient_id=item.patient_id, item=item.watched, **values
            )
        )
        return
    for name, one in values.items():
        if getattr(kept, name) != one:
            setattr(kept, name, one)
