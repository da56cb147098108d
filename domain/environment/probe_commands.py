"""Setting up probes: what they measure, where, their limits, their calibration; tests of their alarm."""

from datetime import date, timedelta

from sqlalchemy import select

from domain.biobank.records import StorageContainer
from domain.environment.records import (
    AlarmTest,
    EnvironmentExcursion,
    EnvironmentProbe,
    Quantity,
)
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork

LONGEST_SNOOZE_MIN = 240
TEST_WINDOW = timedelta(minutes=60)


@command("environment.add_probe", "新增环境探头", permission="biobank.environment")
class AddProbe:
    """Put up a probe in a container of the store, or in a working area."""

    code: str = ask("探头编号", max_length=40)
    name: str = ask("名称")
    container: str | None = ask("所在容器条码", kind=Kind.SCAN, default=None, max_length=40)
    quantity: Quantity = ask("测量项", kind=Kind.CHOICE, default=Quantity.TEMPERATURE)
    low: float = ask("下限", kind=Kind.NUMBER, low=-273, high=200)
    high: float = ask("上限", kind=Kind.NUMBER, low=-273, high=200)
    delay_min: int = ask("去抖时间", kind=Kind.NUMBER, default=10, low=0, high=240, unit="min")
    rise: float | None = ask("升速限（观察时间内升高）", kind=Kind.NUMBER, default=None, low=0.1, high=100)
    rise_min: int = ask("升速观察时间", kind=Kind.NUMBER, default=10, low=1, high=240, unit="min")
    lost_min: int = ask("失联时间", kind=Kind.NUMBER, default=5, low=1, high=240, unit="min")
    calibrated_on: date | None = ask("校准日期", kind=Kind.DATE, default=None)
    calibration_due: date | None = ask("校准到期", kind=Kind.DATE, default=None)


@handles(AddProbe)
def add_probe(order: AddProbe, work: UnitOfWork) -> Id:
    """Return the probe's id.

    Raises:
        DomainError: ``environment.probe_exists``, ``environment.limits`` (low not under high),
            ``container.unknown``.
    """
    if work.find(EnvironmentProbe, code=order.code) is not None:
        raise DomainError("environment.probe_exists", field="code", value=order.code)
    _refuse_limits(order.low, order.high)
    box = _container(work, order.container)
    probe = EnvironmentProbe(
        code=order.code, name=order.name, container_id=box.id if box else None, quantity=order.quantity,
        low=order.low, high=order.high, delay_min=order.delay_min, rise=order.rise, rise_min=order.rise_min,
        lost_min=order.lost_min, added_at=work.now, calibrated_on=order.calibrated_on,
        calibration_due=order.calibration_due,
    )  # fmt: skip
    return work.add(probe).id


@command("environment.set_limits", "修改环境限值", permission="biobank.environment")
class SetProbeLimits:
    """Change what a probe may read; who changes them says that they were checked for this place."""

    environment_probe_id: Id = ask("探头", kind=Kind.HIDDEN)
    low: float = ask("下限", kind=Kind.NUMBER, low=-273, high=200)
    high: float = ask("上限", kind=Kind.NUMBER, low=-273, high=200)
    delay_min: int = ask("去抖时间", kind=Kind.NUMBER, default=10, low=0, high=240, unit="min")
    rise: float | None = ask("升速限（观察时间内升高）", kind=Kind.NUMBER, default=None, low=0.1, high=100)
    lost_min: int = ask("失联时间", kind=Kind.NUMBER, default=5, low=1, high=240, unit="min")
    verified: bool = ask("限值已由负责人核定", default=False)


@handles(SetProbeLimits)
def set_limits(order: SetProbeLimits, work: UnitOfWork) -> Id:
    """Keep the limits; DomainError ``environment.limits``."""
    probe = work.require(EnvironmentProbe, order.environment_probe_id, "environment_probe_id")
    _refuse_limits(order.low, order.high)
    probe.low, probe.high, probe.delay_min = order.low, order.high, order.delay_min
    probe.rise, probe.lost_min, probe.verified = order.rise, order.lost_min, order.verified
    return probe.id


@command("environment.calibrated", "登记探头校准", permission="biobank.environment")
class NoteCalibration:
    """A probe was compared with a reference; until when that holds."""

    environment_probe_id: Id = ask("探头", kind=Kind.HIDDEN)
    calibrated_on: date = ask("校准日期", kind=Kind.DATE)
    calibration_due: date = ask("校准到期", kind=Kind.DATE)


@handles(NoteCalibration)
def note_calibration(order: NoteCalibration, work: UnitOfWork) -> Id:
    """Keep the days; DomainError ``environment.calibration_days`` unless the end lies behind the day."""
    probe = work.require(EnvironmentProbe, order.environment_probe_id, "environment_probe_id")
    if order.calibration_due <= order.calibrated_on:
        raise DomainError("environment.calibration_days", field="calibration_due")
    probe.calibrated_on, probe.calibration_due = order.calibrated_on, order.calibration_due
    return probe.id


@command("environment.snooze", "暂停探头预警", permission="biobank.environment")
class SnoozeProbe:
    """Work is done at a freezer: open no new excursion of this probe for some minutes, with the reason."""

    environment_probe_id: Id = ask("探头", kind=Kind.HIDDEN)
    minutes: int = ask("暂停时间", kind=Kind.NUMBER, default=30, low=0, high=LONGEST_SNOOZE_MIN, unit="min")
    reason: str = ask("原因", max_length=1000)


@handles(SnoozeProbe)
def snooze(order: SnoozeProbe, work: UnitOfWork) -> Id:
    """Note until when; what was read meanwhile is kept, and judged when the time is over."""
    probe = work.require(EnvironmentProbe, order.environment_probe_id, "environment_probe_id")
    probe.snoozed_until = work.now + timedelta(minutes=order.minutes)
    probe.snooze_reason = order.reason
    return probe.id


@command("environment.retire", "停用环境探头", permission="biobank.environment")
class RetireProbe:
    """A probe was taken away; its readings and excursions stay."""

    environment_probe_id: Id = ask("探头", kind=Kind.HIDDEN)


@handles(RetireProbe)
def retire(order: RetireProbe, work: UnitOfWork) -> Id:
    """Note the time."""
    probe = work.require(EnvironmentProbe, order.environment_probe_id, "environment_probe_id")
    probe.retired_at = work.now
    return probe.id


@command("environment.alarm_test", "登记预警测试", permission="biobank.environment")
class NoteAlarmTest:
    """The probe was warmed on purpose: the excursion of the last hour is the proof that its alarm works."""

    environment_probe_id: Id = ask("探头", kind=Kind.HIDDEN)
    note: str | None = ask("说明", default=None, max_length=1000)


@handles(NoteAlarmTest)
def note_alarm_test(order: NoteAlarmTest, work: UnitOfWork) -> bool:
    """Return whether the alarm worked; the excursion is marked as one of a test."""
    probe = work.require(EnvironmentProbe, order.environment_probe_id, "environment_probe_id")
    recent = work.list(
        select(EnvironmentExcursion)
        .where(
            EnvironmentExcursion.probe_id == probe.id, EnvironmentExcursion.begun_at >= work.now - TEST_WINDOW
        )
        .order_by(EnvironmentExcursion.begun_at.desc())
        .limit(1)
    )
    proof = recent[0] if recent else None
    if proof is not None:
        proof.is_test = True
    work.add(
        AlarmTest(
            probe_id=probe.id, at=work.now, staff_name=work.actor.name,
            excursion_id=proof.id if proof else None, passed=proof is not None, note=order.note,
        )
    )  # fmt: skip
    return proof is not None


def _refuse_limits(low: float, high: float) -> None:
    if low >= high:
        raise DomainError("environment.limits", field="high", low=low, high=high)


def _container(work: UnitOfWork, code: str | None) -> StorageContainer | None:
    if code is None:
        return None
    found = work.find(StorageContainer, code=code)
    if found is None:
        raise DomainError("container.unknown", field="container", value=code)
    return found
