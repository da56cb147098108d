"""What is proposed for factors at high risk: advice with its source, to the client and to who follows up.

Nothing is said without a source. Only advice that was read and checked, or signed here, goes to a client by itself;
the rest stands in the task with its mark. Where an answer is about safety nothing else is said.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from domain.followup.content import FOLLOWUP
from domain.followup.plan_records import Way
from domain.followup.regrouping import profile_of
from domain.followup.task_making import assign_best, start_task
from domain.followup.task_records import Audience, FollowTask
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.queueing import queue_message
from domain.messaging.records import Category, Channel, OutboxMessage
from domain.messaging.templates import Source, Template
from domain.people.records import Patient
from domain.risk.advice_records import FactorAdvice
from domain.risk.content import RISK, RiskModels
from domain.risk.keeping import level_of_patient
from domain.risk.records import RiskLevel
from domain.scales.advice import Advice, Entry
from domain.scales.profile import latest_results

ADVICE = "advice"
"""Name of the advice in the content."""
AGAIN_AFTER = timedelta(days=90)
"""A factor that stays at high risk is advised on again after this, not with each new result."""
SEE_TO_IT = timedelta(days=3)
"""When the health manager is to have seen to it: alert A-003 goes to the physician after as long."""
OWNER = "health_manager"
CHANNELS = (Channel.WECOM_CLIENT, Channel.OFFICIAL_ACCOUNT, Channel.MINI_PROGRAM, Channel.SMS)


def propose(work: UnitOfWork, patient: Patient, *, by: Id | None = None) -> FactorAdvice | None:
    """Keep what is proposed for the factors nobody has dealt with, or None where there is nothing new.

    The client gets a message of health advice, the health manager a task, both in the transaction of `work`. `by` is
    who asked for it: then factors are advised on again that were lately.
    """
    level = level_of_patient(work, patient.id)
    open_ = _open(work, level, again=by is not None)
    if level is None or not open_:
        return None
    models: RiskModels = work.content[RISK]
    advice: Advice = work.content[ADVICE]
    names = dict.fromkeys(name for code in open_ for name in models.factor_advice.factors.get(code, ()))
    entries = [advice.entries[name] for name in names if name in advice.entries]
    safety = any(one.result.safety for one in latest_results(work.connection, patient.id).values())
    told = [] if safety else entries
    checked = [one for one in told if one.status == "V"]
    message, why = _message(work, patient, checked)
    why = "safety" if safety else why
    texts = {code: str(one["text"]) for code, one in open_.items()}
    task = _task(work, patient, list(texts.values()), told, why)
    return work.add(
        FactorAdvice(
            org_id=patient.org_id, patient_id=patient.id, factors=texts, summary="；".join(texts.values())[:1000],
            advice=[_kept(one) for one in told], message_id=message.id if message else None, not_sent=why or None,
            unverified=models.factor_advice.status != "V" or any(one.status != "V" for one in told),
            task_id=task.id, by_staff=by, at=work.now,
        )
    )  # fmt: skip


def _open(work: UnitOfWork, level: RiskLevel | None, *, again: bool) -> dict[str, Mapping[str, Any]]:
    """Return the factors that nobody has dealt with, by code; those advised on lately only where somebody asks."""
    if level is None:
        return {}
    found = {code: one for code, one in level.high_factors.items() if code not in level.noted_factors}
    if not found or again:
        return found
    lately = select(FactorAdvice).where(
        FactorAdvice.patient_id == level.patient_id, FactorAdvice.at > work.now - AGAIN_AFTER
    )
    done = {code for row in work.list(lately) for code in row.factors}
    return {code: one for code, one in found.items() if code not in done}


def words_of(entry: Entry) -> str:
    """Return an entry as one sentence without its full stop: what to do, what to leave, when to see somebody."""
    said = [*entry.do, *(f"避免{one}" for one in entry.avoid), *([entry.see] if entry.see else [])]
    return "；".join(one.strip("。！？ ").replace("。", "，") for one in said)


def _kept(entry: Entry) -> dict[str, Any]:
    return {
        "entry": entry.id, "title": entry.title, "text": words_of(entry), "source": entry.source,
        "grade": entry.grade, "unverified": entry.status != "V",
    }  # fmt: skip


def _message(
    work: UnitOfWork, patient: Patient, entries: Sequence[Entry]
) -> tuple[OutboxMessage | None, str]:
    """Queue the message to the client, each sentence with the number of its source; returns it, or why none."""
    if not entries:
        return None, "no_checked_source"
    say = work.content["texts"].say
    sources = dict.fromkeys((one.source, one.grade) for one in entries)
    numbers = {one: at for at, one in enumerate(sources, start=1)}
    lines = [f"{one.title}：{words_of(one)}[{numbers[one.source, one.grade]}]。" for one in entries]
    template = Template(
        code="factor_advice", label=say("factor_advice.message.label"), category=Category.HEALTH_ADVICE,
        channels=CHANNELS, title=say("factor_advice.message.title"),
        short=say("factor_advice.message.short", client="{client}", org="{org}", link="{link}"),
        text="\n".join(lines), sources=tuple(Source(title, grade) for title, grade in sources),
    )  # fmt: skip
    try:
        return queue_message(work, template, patient_id=patient.id, about=("patient", patient.id)), ""
    except DomainError as error:
        if error.code != "message.unreachable":
            raise
        return None, "unreachable"


def _task(
    work: UnitOfWork, patient: Patient, factors: Sequence[str], entries: Sequence[Entry], why: str
) -> FollowTask:
    say = work.content["texts"].say
    lines = [say("factor_advice.factor", text=one) for one in factors]
    for one in entries:
        code = "factor_advice.entry" if one.status == "V" else "factor_advice.entry.unverified"
        lines.append(say(code, title=one.title, text=words_of(one), source=one.source, grade=one.grade))
    if why == "safety":
        lines.append(say("factor_advice.safety"))
    elif why:
        lines.append(say("factor_advice.not_sent", why=say(f"word.advice_not_sent.{why}")))
    else:
        lines.append(say("factor_advice.sent"))
    task = FollowTask(
        org_id=patient.org_id, patient_id=patient.id, number=1, way=Way.PHONE, audience=Audience.PERSON, topics=[],
        title=say("factor_advice.task", factors="、".join(factors))[:255], content=lines, urgent=True,
        owner_role=OWNER, planned_at=work.now + SEE_TO_IT,
    )  # fmt: skip
    start_task(work, task)
    profile = profile_of(work, patient.id)
    if work.content.get(FOLLOWUP) is not None:
        assign_best(work, task, profile.manager_id if profile else None)
    return task
