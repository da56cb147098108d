"""Keeping one judged result with what it brings: its finding and, where it is critical, the critical value."""

from domain.catalog.units import shown_unit
from domain.checkup.intake import Judged, finding_sentence
from domain.checkup.records import CriticalValue, Finding, Observation, ResultStatus
from domain.checkup.responsible import responsible_physician
from domain.checkup.workflow import critical_handling
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork


def keep(
    work: UnitOfWork,
    judged: Judged,
    org_id: Id,
    *,
    amends: Observation | None = None,
    raise_critical: bool = True,
) -> Observation:
    """Keep an observation with its finding and critical value, in this unit of work.

    Args:
        work: The unit of work.
        judged: The observation and what was found in it.
        org_id: Whose it is.
        amends: The result it takes the place of.
        raise_critical: False where the critical value was raised with an earlier form of the same result.
    """
    observation = judged.observation
    if observation.org_id != org_id:
        observation.org_id = org_id
    if amends is not None:
        observation.amends = amends.id
        if observation.status is ResultStatus.FINAL:
            observation.status = ResultStatus.CORRECTED
    work.add(observation)
    if observation.important_class and observation.patient_id and observation.visit_id:
        work.add(_finding(observation, judged, work))
    if raise_critical and observation.critical_level and observation.patient_id:
        critical = _critical(observation)
        found = responsible_physician(work, observation)
        if found is not None:
            critical.physician_id, critical.physician_name = found.staff_id, found.name
            critical.physician_why = found.why
        work.start(critical_handling, critical)
        work.add(critical)
    return observation


def _finding(observation: Observation, judged: Judged, work: UnitOfWork) -> Finding:
    rules = judged.judgement.rules if judged.judgement else ()
    return Finding(
        id=stable_id("finding", observation.id), org_id=observation.org_id, visit_id=observation.visit_id,
        patient_id=observation.patient_id, observation_id=observation.id,
        important_class=observation.important_class,
        sentence=finding_sentence(
            observation.label, observation.value_text, observation.ucum, observation.range_text
        ),
        rule="、".join(rules)[:120] or "report", unverified=observation.unverified, found_at=work.now,
    )  # fmt: skip


def _critical(observation: Observation) -> CriticalValue:
    return CriticalValue(
        id=stable_id("critical", observation.id), org_id=observation.org_id, patient_id=observation.patient_id,
        visit_id=observation.visit_id, observation_id=observation.id, label=observation.label,
        value_text=f"{observation.value_text} {shown_unit(observation.ucum)}".strip(),
        level=observation.critical_level, unverified=observation.unverified,
    )  # fmt: skip
