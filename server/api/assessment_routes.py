"""Documents about a record as files; that one goes out is on record before it does."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from domain.kernel.errors import DomainError
from domain.outgoing.commands import EndOutgoing, HandOutDocument
from domain.outgoing.records import Destination, OutgoingResult
from forms.printables import Printable, printables
from server.api.dependencies import ActorDep, CentreDep

router = APIRouter(prefix="/api/patients", tags=["documents"])


@router.get("/{patient_id}/assessment", summary="专项健康评估报告")
def read_assessment(centre: CentreDep, actor: ActorDep, patient_id: UUID) -> Response:
    """Return the PDF of the latest result of each scale."""
    return _handed_out(centre, actor, printables()["assessment"], patient_id)


@router.get("/{patient_id}/documents/{document}", summary="客户的报告")
def read_document(centre: CentreDep, actor: ActorDep, patient_id: UUID, document: str) -> Response:
    """Return one of the documents about a person as PDF."""
    found = printables().get(document)
    if found is None or found.entity != "patient":
        raise DomainError("http.not_found")
    return _handed_out(centre, actor, found, patient_id)


def _handed_out(centre: CentreDep, actor: ActorDep, one: Printable, patient_id: UUID) -> Response:
    actor.check(one.permission)
    pdf = one.make(centre.dispatcher, actor, patient_id)
    order = HandOutDocument(what=one.label, destination=Destination.FILE, patient_id=patient_id)
    out = centre.dispatcher.run(order, actor).receipt
    centre.dispatcher.run(EndOutgoing(outgoing_id=out, result=OutgoingResult.DONE), actor)
    return Response(pdf, media_type="application/pdf")
