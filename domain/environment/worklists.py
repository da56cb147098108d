"""What goes out of its limits, what it did, how probes stand."""

from sqlalchemy import select

from domain.biobank.records import StorageContainer
from domain.environment.excursion_commands import AssessExcursion, DecideExposed, ListExposedTubes
from domain.environment.probe_commands import (
    NoteAlarmTest,
    NoteCalibration,
    RetireProbe,
    SetProbeLimits,
    SnoozeProbe,
)
from domain.environment.records import (
    AlarmTest,
    EnvironmentExcursion,
    EnvironmentHour,
    EnvironmentProbe,
    ExcursionDecision,
    ExposedTube,
)
from domain.kernel.worklists import Query, worklist

VIEW = "biobank.view"


@worklist("environment.probes", "环境探头", permission=VIEW, record=EnvironmentProbe, order="code")
def probes() -> Query:
    """Every probe with its limits."""
    p = EnvironmentProbe
    return (
        select(
            p.code, p.name, StorageContainer.name.label("container"), p.quantity, p.low, p.high, p.delay_min, p.rise,
            p.lost_min, p.verified, p.calibration_due, p.snoozed_until, p.snooze_reason,
        )
        .join(StorageContainer, StorageContainer.id == p.container_id, isouter=True)
        .where(p.retired_at.is_(None))
    )  # fmt: skip


probes.offers(SetProbeLimits, NoteCalibration, NoteAlarmTest, SnoozeProbe, RetireProbe)


@worklist("environment.open", "环境偏差", permission=VIEW, record=EnvironmentExcursion, order="-begun_at")
def waiting() -> Query:
    """Excursions that go on or wait for a decision, the latest first."""
    e = EnvironmentExcursion
    return select(
        e.probe_name, e.cause, e.cause_words, e.state, e.begun_at, e.ended_at, e.worst, e.degree_minutes, e.tubes,
        e.is_test,
    ).where(e.state != "assessed")  # fmt: skip


waiting.offers(ListExposedTubes, DecideExposed, AssessExcursion)


@worklist(
    "environment.assessed", "已评估偏差", permission=VIEW, record=EnvironmentExcursion, order="-begun_at"
)
def assessed() -> Query:
    """Excursions that were judged, the latest first."""
    e = EnvironmentExcursion
    return select(
        e.probe_name, e.cause, e.cause_words, e.begun_at, e.ended_at, e.worst, e.degree_minutes, e.tubes, e.is_test,
        e.assessed_by, e.assessment,
    ).where(e.state == "assessed")  # fmt: skip


@worklist("environment.tubes", "偏差受影响标本", permission=VIEW, record=ExposedTube, order="slot")
def tubes() -> Query:
    """Tubes that lay in a container during an excursion, with their exposure."""
    t, e = ExposedTube, EnvironmentExcursion
    return select(
        t.number, t.slot, t.minutes, t.degree_minutes, e.probe_name, e.cause, e.begun_at, e.ended_at
    ).join(e, e.id == t.excursion_id)  # fmt: skip


@worklist("environment.decisions", "偏差处置", permission=VIEW, record=ExcursionDecision, order="-decided_at")
def decisions() -> Query:
    """What was decided for the tubes of each study."""
    d, e = ExcursionDecision, EnvironmentExcursion
    return select(
        e.probe_name, e.cause, e.begun_at, d.disposition, d.tubes, d.note, d.decided_by, d.decided_at
    ).join(e, e.id == d.excursion_id)  # fmt: skip


@worklist("environment.tests", "预警测试记录", permission=VIEW, record=AlarmTest, order="-at")
def tests() -> Query:
    """Tests of alarms, the latest first."""
    t = AlarmTest
    return select(EnvironmentProbe.name, t.at, t.passed, t.staff_name, t.note).join(
        EnvironmentProbe, EnvironmentProbe.id == t.probe_id
    )


@worklist("environment.hours", "每小时环境", permission=VIEW, record=EnvironmentHour, order="-hour")
def hours() -> Query:
    """Lowest, mean and highest value by the hour."""
    h = EnvironmentHour
    return select(EnvironmentProbe.name, h.hour, h.lowest, h.mean, h.highest, h.readings).join(
        EnvironmentProbe, EnvironmentProbe.id == h.probe_id
    )
