"""A workstation joins: a one-time code against an identity. The key it signs with never leaves it."""

import base64
import binascii
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from domain.people.enrolment_commands import Enrolled, EnrolWorkstation
from server.api.dependencies import CentreDep, address_of, json_answer, typed
from server.centre import Centre
from server.enrolments import answered_before

router = APIRouter(prefix="/api/enrol", tags=["enrolment"])
authority_router = APIRouter(prefix="/api/ca", tags=["enrolment"])

_WRONG = frozenset({"enrolment.unknown_code", "enrolment.used_code", "enrolment.expired_code"})


class EnrolRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The code as shown, a name for the workstation, and its public key (Ed25519, base64 of 32 bytes)."""

    code: Annotated[str, msgspec.Meta(max_length=60)]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    public_key: Annotated[str, msgspec.Meta(max_length=100)]


@router.post("", summary="登记工作站", status_code=201)
def enrol(
    request: Request, centre: CentreDep, asked: Annotated[Any, Depends(typed(EnrolRequest))]
) -> Response:
    """Return who the workstation is from now on, and the key (`server_key`) that signs what it will pull."""
    centre.wrong_codes.check(address_of(request))
    check_public_key(asked.public_key)
    try:
        enrolled = _enrolled(centre, asked)
    except DomainError as error:
        if error.code in _WRONG:
            centre.wrong_codes.note(address_of(request))
        raise
    facts = msgspec.to_builtins(enrolled)
    return json_answer({**facts, "server_key": centre.identity.public_key}, 201)


@authority_router.get("", summary="证书颁发者")
def authority(centre: CentreDep) -> Response:
    """Return the certificate of the centre's own authority (PEM), which is public.

    Whoever joins fetches it before anything is believed, and compares its fingerprint with what the administrator
    told; DomainError ``tls.no_authority`` where a public authority vouches for the centre.
    """
    path = centre.settings.tls_ca
    if path is None:
        raise DomainError("tls.no_authority")
    return Response(path.read_bytes(), media_type="application/x-pem-file")


def _enrolled(centre: Centre, asked: EnrolRequest) -> Enrolled:
    order = EnrolWorkstation(code=asked.code, name=asked.name, public_key=asked.public_key)
    actor = system_actor(centre.identity.org_id, centre.identity.device_id)
    try:
        made: Enrolled = centre.dispatcher.run(order, actor).receipt
    except DomainError as error:
        again = answered_before(centre.store, asked.code, asked.public_key)
        if error.code != "enrolment.used_code" or again is None:
            raise
        return again
    return made


def check_public_key(text: str) -> None:
    """Refuse what is not the base64 of 32 bytes: ``enrolment.bad_key``."""
    try:
        length = len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        length = 0
    if length != 32:
        raise DomainError("enrolment.bad_key", field="public_key")
