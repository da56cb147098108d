"""The report of special assessments as a file; that it goes out is on record before it does."""

import functools
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

import resources
from domain.outgoing.commands import EndOutgoing, HandOutDocument
from domain.outgoing.records import Destination, OutgoingResult
from forms.assessing import assessment_pdf
from forms.documents import Document, load_documents
from server.api.dependencies import ActorDep, CentreDep

router = APIRouter(prefix="/api/patients", tags=["assessments"])


@functools.cache
def _document() -> Document:
    return load_documents(resources.folder("documents"))["assessment_report"]


@router.get("/{patient_id}/assessment", summary="专项健康评估报告")
def read_assessment(centre: CentreDep, actor: ActorDep, patient_id: UUID) -> Response:
    """Return the PDF of the latest result of each scale."""
    document = _document()
    pdf = assessment_pdf(centre.dispatcher, actor, document, patient_id)
    order = HandOutDocument(what=document.label, destination=Destination.FILE, patient_id=patient_id)
    out = centre.dispatcher.run(order, actor).receipt
    centre.dispatcher.run(EndOutgoing(outgoing_id=out, result=OutgoingResult.DONE), actor)
    return Response(pdf, media_type="application/pdf")
