"""The records of talks and receptions that were looked through."""

from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id
from forms.conduct_review import conduct_review_pdf
from forms.printables import Printable, documents


def _review(dispatcher: Dispatcher, actor: Actor, review_id: Id) -> bytes:
    return conduct_review_pdf(dispatcher, actor, documents()["conduct_review"], review_id)


PRINTABLES = (Printable("conduct_review", "沟通与接待记录审核", "conduct_review", "conduct.review", _review),)
