"""What was done about an abnormal result is told to whoever writes with the client, as a note in the conversation.

The note names grade, way and days, never the result: who writes messages need not have the clearance for it.
"""

from sqlalchemy import select

from domain.conversations.records import Conversation, ConversationMessage, Direction
from domain.interop.one_person import of_person
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.tracking.records import AbnormalTracking, TellingWay, TrackingGrade

GRADES = {TrackingGrade.HIGH: "高危", TrackingGrade.IMPORTANT: "重要", TrackingGrade.GENERAL: "一般"}
WAYS = {
    TellingWay.IN_PERSON: "当面", TellingWay.PHONE: "电话", TellingWay.MESSAGE: "消息", TellingWay.LETTER: "信函",
}  # fmt: skip


def note_for_conversations(
    work: UnitOfWork, tracking: AbnormalTracking, kind: str, way: TellingWay | None
) -> int:
    """Add a note to each conversation of the client, whoever owns it; returns how many there are."""
    said = _sentence(tracking, kind, way)
    return 0 if said is None else add_note(work, tracking.patient_id, tracking.org_id, said)


def add_note(work: UnitOfWork, patient_id: Id, org_id: Id, said: str) -> int:
    """Add a note to each conversation an organisation has with a client; returns how many there are."""
    row = Conversation.__table__.c
    theirs = of_person(work.connection, row.patient_id, patient_id)
    query = select(row.id, row.org_id, row.patient_id).where(theirs, row.org_id == org_id)
    found = work.connection.execute(query).all()
    for own, place, of_record in found:
        work.add(
            ConversationMessage(
                org_id=place, conversation_id=own, patient_id=of_record, direction=Direction.NOTE,
                text=said, staff_id=work.actor.staff_id, staff_name=work.actor.name, at=work.now,
            )
        )  # fmt: skip
    return len(found)


def _sentence(tracking: AbnormalTracking, kind: str, way: TellingWay | None) -> str | None:
    what = f"{GRADES[TrackingGrade(tracking.grade)]}异常结果"
    by = WAYS[way] if way is not None else ""
    if kind == "told":
        return f"{what}：已{by}通知，客户已知晓，应随访日期 {tracking.follow_on}"
    if kind == "not_reached":
        return f"{what}：{by}未联系上客户，已试 {tracking.tries} 次"
    if kind == "followed":
        again = tracking.follow_on if tracking.due_at is not None else None
        return f"{what}：已随访" + (f"，下次随访日期 {again}" if again else "，已有结局")
    return {"refused": f"{what}：客户拒绝继续追踪", "referred": f"{what}：客户已转诊"}.get(kind)
