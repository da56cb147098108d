"""Images a PACS says are ready: attached to the visit they belong to, by numbers and never by name alone."""

from datetime import date, datetime

from domain.checkup.arrivals import visit_by
from domain.checkup.identity_holding import doubt_about
from domain.interop.order_records import ImagingStudy
from domain.interop.person_commands import known_as
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.identity import Identity
from domain.people.records import Patient


@command("interface.receive_study", "接收影像就绪通知", permission="interface.receive", place="internal")
class ReceiveStudy:
    """A study of images that can be looked at: its DICOM UID, and the numbers by which its visit is found."""

    message_id: str = ask("消息号", max_length=200)
    org_id: Id = ask("机构", kind=Kind.HIDDEN)
    system: str = ask("来源系统", max_length=200)
    patient: Identity = ask("客户", kind=Kind.HIDDEN)
    number: str | None = ask("对方编号", kind=Kind.HIDDEN, default=None, max_length=80)
    visit_numbers: list[str] = ask("体检号或申请号", kind=Kind.HIDDEN)
    study_uid: str = ask("检查实例号", max_length=64)
    accession: str | None = ask("检查号", kind=Kind.HIDDEN, default=None, max_length=60)
    modality: str | None = ask("设备类型", kind=Kind.HIDDEN, default=None, max_length=16)
    description: str | None = ask("检查部位", kind=Kind.HIDDEN, default=None, max_length=255)
    performed_at: datetime | None = ask("检查时间", kind=Kind.HIDDEN, default=None)
    visit_date: date | None = ask("体检日期", kind=Kind.HIDDEN, default=None)


@handles(ReceiveStudy)
def receive_study(order: ReceiveStudy, work: UnitOfWork) -> Id:
    """Return the study; told again, it is one, with what is newly known.

    Raises:
        DomainError: ``interface.study_unplaced`` where no number leads to a visit; ``interface.study_of_another``
            where the visit's client is another than the message's. A person looks at both.
    """
    found = (visit_by(work, number) for number in order.visit_numbers if number)
    visit = next((one for one in found if one is not None), None)
    if visit is None:
        raise DomainError("interface.study_unplaced", numbers="、".join(order.visit_numbers) or "无")
    patient = work.require(Patient, visit.patient_id)
    doubt = doubt_about(order.patient, patient, work, "体检号")
    known = known_as(work, order.system, order.number, order.org_id)
    if (doubt is not None and doubt.other_person) or (known is not None and known.id != patient.id):
        raise DomainError("interface.study_of_another", number=visit.number)
    one = stable_id("imaging_study", visit.org_id, order.study_uid)
    study = work.get(ImagingStudy, one)
    if study is None:
        study = work.add(
            ImagingStudy(
                id=one, org_id=visit.org_id, visit_id=visit.id, patient_id=patient.id, visit_number=visit.number,
                study_uid=order.study_uid, system=order.system, available_at=work.now,
            )
        )  # fmt: skip
    for name in ("accession", "modality", "description", "performed_at"):
        value = getattr(order, name)
        if value:
            setattr(study, name, value)
    return study.id
