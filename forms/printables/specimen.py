"""Documents about a tube."""

from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id
from forms.printables import Printable, documents
from forms.tracing import trace_pdf


def _trace(dispatcher: Dispatcher, actor: Actor, specimen_id: Id) -> bytes:
    return trace_pdf(dispatcher, actor, documents()["specimen_trace"], specimen_id)


PRINTABLES = (Printable("specimen_trace", "标本溯源报告", "specimen", "biobank.view", _trace),)
