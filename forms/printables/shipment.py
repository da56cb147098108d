"""Documents about a shipment."""

from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id
from forms.printables import Printable, documents
from forms.shipping import manifest_pdf


def _manifest(dispatcher: Dispatcher, actor: Actor, shipment_id: Id) -> bytes:
    return manifest_pdf(dispatcher, actor, documents()["shipment_manifest"], shipment_id)


PRINTABLES = (Printable("shipment_manifest", "标本运输清单", "shipment", "biobank.view", _manifest),)
