"""Bringing the clocks of visits up to what is on record; run by the study's reader for what was done here."""

from datetime import timedelta

from sqlalchemy import select

from domain.biobank.records import Specimen
from domain.checkup.records import Visit
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.scales.records import FormTask
from domain.studies.nodes import Node, Tube, VisitFacts, bar_of, is_over, nodes_of
from domain.studies.progress_records import NodeKind, ResearchTask
from domain.studies.progress_workflow import research_task_life
from domain.studies.records import ProtocolVisit
from domain.studies.subject_records import ExpectedSpecimen, StudySubject, SubjectVisit
from domain.studies.workflow import subject_visit_life


@command("study.advance", "更新科研任务进度", permission=None, place="internal")
class AdvanceVisits:
    """Begin and end the nodes of some visits."""

    subject_visit_ids: list[Id] = ask("研究访视", kind=Kind.HIDDEN)


@handles(AdvanceVisits)
def advance(order: AdvanceVisits, work: UnitOfWork) -> int:
    """Return how many visits changed; done again nothing changes."""
    wanted = select(SubjectVisit).where(SubjectVisit.id.in_(order.subject_visit_ids))
    return sum(_advance(work, visit) for visit in work.list(wanted))


def _advance(work: UnitOfWork, visit: SubjectVisit) -> bool:
    if visit.begun_at is None:
        return False
    tasks = {
        task.kind: task
        for task in work.list(select(ResearchTask).where(ResearchTask.subject_visit_id == visit.id))
    }
    if visit.state == "cancelled":
        left = [task for task in tasks.values() if task.state == "open"]
        for task in left:
            work.move(research_task_life, task, "void_node")
        return bool(left)
    plan, subject = work.get(ProtocolVisit, visit.plan_id), work.get(StudySubject, visit.subject_id)
    if plan is None or subject is None:
        return False
    changed = [_look_in(work, visit)]
    facts = _facts(work, visit, subject, plan)
    nodes = nodes_of(facts)
    changed += [_step(work, visit, subject, plan, node, tasks) for node in nodes]
    still = [task.due_at for task in tasks.values() if task.state == "open" and task.due_at is not None]
    bar, due = bar_of(nodes, facts), min(still, default=None)
    if (visit.bar, visit.due_at) != (bar, due):
        visit.bar, visit.due_at = bar, due
        changed.append(True)
    if visit.state == "going_on" and is_over(nodes, facts):
        work.move(subject_visit_life, visit, "finish")
        changed.append(True)
    return any(changed)


def _look_in(work: UnitOfWork, visit: SubjectVisit) -> bool:
    """Note whether the subject's checkup is going on; returns whether that changed."""
    checkup = work.get(Visit, visit.visit_id)
    here = checkup is not None and checkup.state == "arrived"
    changed = visit.in_building is not here
    visit.in_building = here
    return changed


def _step(
    work: UnitOfWork, visit: SubjectVisit, subject: StudySubject, plan: ProtocolVisit, node: Node,
    tasks: dict[NodeKind, ResearchTask],
) -> bool:  # fmt: skip
    task = tasks.get(node.kind)
    if task is None:
        task = ResearchTask(
            id=stable_id("research_task", visit.id, node.kind), org_id=visit.org_id, study_id=visit.study_id,
            subject_id=visit.subject_id, subject_visit_id=visit.id, patient_id=visit.patient_id, kind=node.kind,
            number=subject.number, began_at=node.began_at, late=False,
        )  # fmt: skip
        research_task_life.start(task, node.began_at)
        task.due_at = node.began_at + timedelta(hours=getattr(plan, f"{node.kind.value}_hours"))
        tasks[node.kind] = work.add(task)
    elif not node.over or task.state != "open":
        return False
    if node.over:
        task.late = task.due_at is not None and work.now > task.due_at
        work.move(research_task_life, task, "finish_node")
        task.done_at, task.owner_name = work.now, work.actor.name
    return True


def _facts(work: UnitOfWork, visit: SubjectVisit, subject: StudySubject, plan: ProtocolVisit) -> VisitFacts:
    purpose = f"{subject.number} {visit.name}"
    forms = work.list(
        select(FormTask).where(FormTask.patient_id == visit.patient_id, FormTask.purpose == purpose)
    )
    expected = work.list(select(ExpectedSpecimen).where(ExpectedSpecimen.subject_visit_id == visit.id))
    tubes = work.list(select(Specimen).where(Specimen.expected_id.in_([one.id for one in expected])))
    return VisitFacts(
        visit.begun_at or work.now, len(forms), sum(form.state == "issued" for form in forms),
        sum(one.expected for one in expected), visit.open_tubes,
        [Tube(tube.state, tube.state_since) for tube in tubes],
    )  # fmt: skip
