"""Keeping what a time stamp authority or a provider of electronic seals attested, and whose word counts."""

from datetime import datetime

from domain.consent.attest_records import AttestKind, ConsentAttestation
from domain.consent.records import Consent, SealAuthority
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork

ATTEST = "consent.attest"


@command("consent.keep_attestation", "登记知情同意佐证", permission=ATTEST, place="internal")
class KeepAttestation:
    """A token that was checked; of the centre's housekeeping alone."""

    consent_id: Id = ask("知情同意", kind=Kind.HIDDEN)
    kind: AttestKind = ask("佐证类别", kind=Kind.HIDDEN)
    sha256: str = ask("签署文件摘要", kind=Kind.HIDDEN, max_length=64)
    token: bytes = ask("佐证", kind=Kind.HIDDEN)
    attested_by: str = ask("出具者", kind=Kind.HIDDEN, max_length=255)
    attested_at: datetime = ask("出具时间", kind=Kind.HIDDEN)


@handles(KeepAttestation)
def keep_attestation(order: KeepAttestation, work: UnitOfWork) -> None:
    """Keep one of a kind for a consent.

    Raises:
        DomainError: ``consent.file_differs``: the token is about another file.
    """
    consent = work.require(Consent, order.consent_id, "consent_id")
    if consent.sha256 != order.sha256:
        raise DomainError("consent.file_differs", field="sha256")
    own = stable_id("consent_attestation", str(consent.id), order.kind.value)
    if work.get(ConsentAttestation, own) is None:
        work.add(
            ConsentAttestation(
                id=own, org_id=consent.org_id, consent_id=consent.id, study_id=consent.study_id, kind=order.kind,
                sha256=order.sha256, token=order.token, attested_by=order.attested_by, attested_at=order.attested_at,
            )
        )  # fmt: skip


@command("consent.trust_authority", "登记外部证书颁发者", permission=ATTEST, place="internal")
class TrustAuthority:
    """The root certificate of an outside service, from the centre's settings; it travels to who checks."""

    name: str = ask("名称", kind=Kind.HIDDEN)
    fingerprint: str = ask("证书指纹", kind=Kind.HIDDEN, max_length=64)
    certificate: str = ask("证书", kind=Kind.HIDDEN, max_length=8000)


@handles(TrustAuthority)
def trust_authority(order: TrustAuthority, work: UnitOfWork) -> None:
    """Keep it once."""
    if work.find(SealAuthority, fingerprint=order.fingerprint) is None:
        work.add(
            SealAuthority(
                id=stable_id("seal_authority", order.fingerprint), name=order.name, fingerprint=order.fingerprint,
                certificate=order.certificate, made_at=work.now,
            )
        )  # fmt: skip
