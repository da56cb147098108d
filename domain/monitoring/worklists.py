"""Devices of clients, for the people who look after them."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.monitoring.commands import UnpairMonitor
from domain.monitoring.records import MonitorDevice
from domain.people.records import Patient


@worklist("monitor.devices", "监测设备", permission="care.view", record=MonitorDevice, order="-paired_at")
def devices() -> Query:
    """Every device that may send values, the latest paired first."""
    d = MonitorDevice
    return (
        select(
            Patient.name, Patient.number.label("patient_number"), d.kind, d.name.label("model"),
            d.paired_at, d.last_at,
        )
        .join(Patient, Patient.id == d.patient_id)
        .where(d.unpaired_at.is_(None))
    )  # fmt: skip


devices.offers(UnpairMonitor)
