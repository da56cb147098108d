"""Which services are set, and getting from each what is missing: a token a kind for every sealed consent."""

import logging
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from sqlalchemy import select

from domain.consent.attest_commands import KeepAttestation, TrustAuthority
from domain.consent.attest_records import ConsentAttestation
from domain.consent.records import Consent, SealAuthority
from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import KnownError
from forms.consenting.attesting import check_token
from server.attesting.providers import Attestor, SealService, TimeStamps
from server.settings import Settings

log = logging.getLogger(__name__)
AT_ONCE = 50
"""Consents a run; the next run goes on."""
SECRET_FILE = "consent-seal"  # noqa: S105  (the name of a file)


def attestors_of(settings: Settings) -> tuple[Attestor, ...]:
    """Return the services that are set; their certificates are read now."""
    found: list[Attestor] = []
    if settings.tsa_url and settings.tsa_root is not None:
        found.append(TimeStamps(settings.tsa_url, settings.tsa_root.read_text("ascii")))
    if settings.seal_url and settings.seal_root is not None and settings.secrets_dir is not None:
        secret = (settings.secrets_dir / SECRET_FILE).read_bytes().strip()
        found.append(
            SealService(settings.seal_url, settings.seal_app, secret, settings.seal_root.read_text("ascii"))
        )
    return tuple(found)


def attest_all(dispatcher: Dispatcher, actor: Actor, attestors: Sequence[Attestor]) -> int:
    """Get what is missing; returns how many tokens came.

    A service that does not answer is left until the next run and the others are asked; a token that does not hold is
    told in the log and not kept.
    """
    return sum(_by(dispatcher, actor, attestor) for attestor in attestors)


def _by(dispatcher: Dispatcher, actor: Actor, attestor: Attestor) -> int:
    _trust(dispatcher, actor, attestor)
    known = (
        select(ConsentAttestation.id)
        .where(ConsentAttestation.consent_id == Consent.id, ConsentAttestation.kind == attestor.kind)
        .exists()
    )
    query = select(Consent.id, Consent.sha256).where(~known).order_by(Consent.signed_at).limit(AT_ONCE)
    with dispatcher.store.read() as connection:
        waiting = connection.execute(query).all()
    came = 0
    for consent_id, sha256 in waiting:
        try:
            token = attestor.attest(sha256)
        except KnownError as error:
            log.warning("attestation waits", extra={"kind": attestor.kind.value, "code": error.code})
            return came
        found = check_token(attestor.kind, token, sha256, [attestor.root])
        if found.fault or found.at is None:
            log.error("attestation refused", extra={"kind": attestor.kind.value, "code": found.fault})
            return came
        order = KeepAttestation(
            consent_id=consent_id, kind=attestor.kind, sha256=sha256, token=token, attested_by=found.by,
            attested_at=found.at,
        )  # fmt: skip
        dispatcher.run(order, actor)
        came += 1
    return came


def _trust(dispatcher: Dispatcher, actor: Actor, attestor: Attestor) -> None:
    certificate = x509.load_pem_x509_certificate(attestor.root.encode())
    fingerprint = certificate.fingerprint(hashes.SHA256()).hex()
    with dispatcher.store.read() as connection:
        known = select(SealAuthority.id).where(SealAuthority.fingerprint == fingerprint)
        if connection.execute(known).first() is not None:
            return
    name = certificate.subject.rfc4514_string()[:255]
    dispatcher.run(TrustAuthority(name=name, fingerprint=fingerprint, certificate=attestor.root), actor)
