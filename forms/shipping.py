"""The list of a shipment on paper, with the digest and signature of its file."""

from typing import Any

from sqlalchemy import select

from domain.biobank.numbers import grouped
from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.storage.manifests import parts_of
from domain.storage.pick_records import Shipment
from domain.version import VERSION
from forms.assessing import organisation_names
from forms.documents import Document, render_pdf


def manifest_pdf(dispatcher: Dispatcher, actor: Actor, document: Document, shipment_id: Id) -> bytes:
    """Return the list of a shipment that was sent, as PDF.

    Args:
        dispatcher: Its store and texts.
        actor: Needs ``biobank.view`` and the scope of the shipment.
        document: ``shipment_manifest``.
        shipment_id: The shipment.

    Raises:
        DomainError: ``permission.denied``, ``shipment.unknown``, ``shipment.not_sent``.
    """
    actor.check("biobank.view")
    with dispatcher.store.read() as connection:
        row = connection.execute(select(Shipment.__table__).where(Shipment.id == shipment_id)).one_or_none()
        if row is None or not actor.sees(row.org_id):
            raise DomainError("shipment.unknown", field="shipment_id", value=str(shipment_id))
        names = organisation_names(connection, row.org_id)
    if row.manifest is None:
        raise DomainError("shipment.not_sent", field="shipment_id", number=row.number)
    texts = dispatcher.content["texts"]
    manifest, key, signature = parts_of(row.manifest)
    told: dict[str, Any] = {
        "organisation": {"name": names[-1], "branch": names[0]},
        "report": {"made_at": dispatcher.clock().isoformat()},
        "shipment": {
            "number": row.number, "receiver": row.receiver, "courier": row.courier or "", "logger": row.logger or "",
            "condition": texts.say(f"choice.shipment_condition.{row.condition}"), "packed_by": row.packed_by,
            "sent_at": row.sent_at.isoformat(), "total": row.total, "sha256": row.manifest_sha256, "key": key,
            "signature": signature,
        },
        "tubes": [
            {
                "place": place, "number": grouped(tube["number"]),
                "type": texts.say(f"word.specimen_type.{tube['type']}"),
                "left": f"{tube['remaining_ul']} μL" if tube["remaining_ul"] else "",
                "out_minutes": -(-tube["out_of_cold_s"] // 60),
            }
            for place, tube in enumerate(manifest["tubes"], 1)
        ],
        "software": {"name": texts.say("assessment.software"), "version": VERSION},
    }  # fmt: skip
    return render_pdf(document, told)
