"""The comparison of a client's checkups."""

from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id
from forms.checkup_history import checkup_history_pdf
from forms.printables import Printable, documents


def _history(dispatcher: Dispatcher, actor: Actor, patient_id: Id) -> bytes:
    return checkup_history_pdf(dispatcher, actor, documents()["checkup_history"], patient_id)


PRINTABLES = (
    Printable("checkup_history", "历次体检对比（1、3、5 年）", "patient", "checkup.view", _history),
)
