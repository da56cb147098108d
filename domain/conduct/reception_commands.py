"""What was done about a reception that went wrong. Never registered by whoever received the client."""

from domain.conduct.commands import CONCLUDE
from domain.conduct.reception_records import ReceptionCheck
from domain.conduct.workflow import reception_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork


@command("conduct.rectify", "登记整改", permission=CONCLUDE)
class RectifyReception:
    """Why a reception went wrong, and what is done about it."""

    reception_check_id: Id = ask("接待合规检查", kind=Kind.HIDDEN)
    note: str = ask("原因与整改措施", max_length=400)


@handles(RectifyReception)
def rectify_reception(order: RectifyReception, work: UnitOfWork) -> None:
    """Close it (A-100).

    Raises:
        DomainError: ``input.missing`` (``note``); ``conduct.own_reception``; ``reception_check.wrong_state``.
    """
    check = work.require(ReceptionCheck, order.reception_check_id, "reception_check_id")
    if not order.note.strip():
        raise DomainError("input.missing", field="note", label="原因与整改措施")
    if check.staff_id is not None and check.staff_id == work.actor.staff_id:
        raise DomainError("conduct.own_reception", field="reception_check_id")
    work.move(reception_life, check, "rectify")
    check.note, check.concluded_name = order.note.strip(), work.actor.name
