"""The report of a list whose identities were checked."""

from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id
from forms.printables import Printable, documents
from forms.roster_report import roster_pdf


def _report(dispatcher: Dispatcher, actor: Actor, batch_id: Id) -> bytes:
    return roster_pdf(dispatcher, actor, documents()["identity_batch"], batch_id)


PRINTABLES = (Printable("identity_batch", "名单身份核查报告", "identity_batch", "people.view", _report),)
