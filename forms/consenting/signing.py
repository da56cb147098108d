"""Signing: what was shown is sealed with the handwriting behind it, and one command keeps all of it."""

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from domain.consent.attest_records import AttestKind, ConsentAttestation
from domain.consent.commands import KeepAuthority, KeepConsent
from domain.consent.records import Consent, ConsentFile, ConsentWay, SealAuthority, SealKey
from domain.kernel.authority import Actor
from domain.kernel.canonical import canonical, content_digest
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.rows import records
from forms.consenting.attesting import Attested, check_token
from forms.consenting.sealing import SealingKey, make_key, seal
from forms.consenting.showing import Asked, Choice, uses_of
from forms.consenting.vault import locked, opened
from forms.consenting.verifying import Verified, verify
from forms.signing import handwritten

AUTHORITY_NAME = "检后通"


def sign_consent(
    dispatcher: Dispatcher, actor: Actor, asked: Asked, choice: Choice, shown: bytes, *,
    png: bytes, strokes: Sequence[Sequence[float]], witness_png: bytes = b"", way: ConsentWay = ConsentWay.DESK,
) -> Id:  # fmt: skip
    """Seal and keep a consent; `shown` are the bytes of `consent_pdf` that were on the screen.

    Returns:
        The consent's id.

    Raises:
        DomainError: ``form.signature_refused`` for what is no signature; as `seal` and `KeepConsent`.
    """
    now = dispatcher.clock()
    hand = handwritten(png, strokes, now, choice.signer_name)
    return _keep(dispatcher, actor, asked, choice, shown, way, hand["extension"], png, witness_png)


def keep_paper_consent(
    dispatcher: Dispatcher, actor: Actor, asked: Asked, choice: Choice, shown: bytes, scan: bytes
) -> Id:
    """Seal and keep a consent that was signed on paper: `scan` (PNG or JPEG) is put where the hand would be.

    Raises:
        DomainError: ``consent.no_picture`` for what is no picture; as `sign_consent`.
    """
    if not scan.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
        raise DomainError("consent.no_picture", field="scan")
    extra = [{"scan_sha256": hashlib.sha256(scan).hexdigest()}]
    return _keep(dispatcher, actor, asked, choice, shown, ConsentWay.PAPER, extra, scan, b"")


def _keep(
    dispatcher: Dispatcher, actor: Actor, asked: Asked, choice: Choice, shown: bytes, way: ConsentWay,
    extra: list[Any], png: bytes, witness_png: bytes,
) -> Id:  # fmt: skip
    facts = {"witness": actor.name, "hand": extra, "hand_sha256": hashlib.sha256(png).hexdigest()}
    evidence = evidence_of(dispatcher, actor, asked, choice, shown, way, facts)
    sealed = sealed_file(dispatcher, actor, choice.signer_name, shown, evidence, png, witness_png)
    return keep_sealed(
        dispatcher, actor, asked, choice, way=way, shown_sha256=evidence["shown_sha256"], shown_bytes=len(shown),
        sealed=sealed, evidence=evidence,
    )  # fmt: skip


def evidence_of(
    dispatcher: Dispatcher, actor: Actor, asked: Asked, choice: Choice, shown: bytes, way: ConsentWay,
    facts: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """Return what is kept of how it was signed, to lie in the file under its seal; `facts` are of the way."""
    return {
        "subject": asked.number, "version": asked.version, "shown_sha256": hashlib.sha256(shown).hexdigest(),
        "shown_bytes": len(shown), "signer": choice.signer_name, "relation": choice.relation.value,
        "proof": choice.proof.value, "device": str(actor.device_id),
        "signed_at": dispatcher.clock().isoformat(timespec="seconds"), "uses": uses_of(tuple(choice.uses)),
        "way": way.value, **facts,
    }  # fmt: skip


def sealed_file(
    dispatcher: Dispatcher, actor: Actor, who: str, shown: bytes, evidence: Mapping[str, Any], png: bytes,
    witness_png: bytes = b"",
) -> bytes:  # fmt: skip
    """Return what was shown, sealed by this installation with the hand and the evidence in it."""
    return seal(
        shown, sealing_key(dispatcher, actor), signed=png, witnessed=witness_png, who=who,
        reason=f"evidence sha256 {content_digest(evidence)}", now=dispatcher.clock(), evidence=canonical(evidence),
    )  # fmt: skip


def keep_sealed(
    dispatcher: Dispatcher, actor: Actor, asked: Asked, choice: Choice, *, way: ConsentWay, shown_sha256: str,
    shown_bytes: int, sealed: bytes, evidence: Mapping[str, Any], remote_id: Id | None = None,
) -> Id:  # fmt: skip
    """Keep a sealed file, locked; the row says of the evidence only what names nobody, the rest is in the file."""
    row = {name: evidence[name] for name in _IN_THE_ROW if name in evidence}
    order = KeepConsent(
        subject_id=asked.subject_id, document_id=asked.document_id, uses=uses_of(tuple(choice.uses)), way=way,
        signer_name=choice.signer_name, relation=choice.relation, proof=choice.proof, witness_name=actor.name,
        shown_sha256=shown_sha256, shown_bytes=shown_bytes, sha256=hashlib.sha256(sealed).hexdigest(),
        content=locked(dispatcher, actor, sealed), evidence=row, evidence_sha256=content_digest(evidence),
        remote_id=remote_id,
    )  # fmt: skip
    kept: Id = dispatcher.run(order, actor).receipt
    return kept


_IN_THE_ROW = ("subject", "version", "shown_sha256", "shown_bytes", "device", "signed_at", "uses", "way")


def sealing_key(dispatcher: Dispatcher, actor: Actor) -> SealingKey:
    """Return what this installation seals with, made at the first use; its private half is kept locked."""
    own, issuer = SealKey.__table__.c, SealAuthority.__table__.c
    query = select(issuer.certificate, own.certificate, own.private_key, own.fingerprint).where(
        issuer.fingerprint == own.fingerprint
    )
    with dispatcher.store.read() as connection:
        kept = connection.execute(query.limit(1)).first()
    if kept is not None:
        return SealingKey(kept[0], kept[1], opened(dispatcher, actor, kept[2]), kept[3])
    name = (
        f"{AUTHORITY_NAME} {actor.device_id.hex[-8:]}"  # ids begin with the time: alike where made together
    )
    made = make_key(name, dispatcher.clock())
    dispatcher.run(
        KeepAuthority(
            name=name, fingerprint=made.fingerprint, authority=made.authority, certificate=made.certificate,
            private_key=locked(dispatcher, actor, made.private_key),
        ),
        actor,
    )  # fmt: skip
    return made


def trusted_roots(dispatcher: Dispatcher) -> list[str]:
    """Return the certificates (PEM) whose seals count here."""
    with dispatcher.store.read() as connection:
        return list(connection.execute(select(SealAuthority.__table__.c.certificate)).scalars())


def attestations_of(dispatcher: Dispatcher, consent_id: Id, sha256: str) -> list[tuple[AttestKind, Attested]]:
    """Return what others attest of a file with this digest, each checked."""
    table = ConsentAttestation.__table__.c
    query = select(table.kind, table.token).where(table.consent_id == consent_id).order_by(table.attested_at)
    roots = trusted_roots(dispatcher)
    with dispatcher.store.read() as connection:
        kept = connection.execute(query).all()
    kinds = [(AttestKind(kind), token) for kind, token in kept]
    return [(kind, check_token(kind, token, sha256, roots)) for kind, token in kinds]


def verify_consent(dispatcher: Dispatcher, actor: Actor, consent_id: Id) -> tuple[Verified, bytes]:
    """Return what a check of a kept consent finds, and its file, opened.

    Raises:
        DomainError: ``consent.unknown`` for one that is not of one's own study; ``consent.file_missing``;
            ``consent.no_key``, ``consent.lock_broken``.
    """
    with dispatcher.store.read() as connection:
        found = records(connection, actor, Consent, Consent.__table__.c.id == consent_id, limit=1)
        if not found:
            raise DomainError("consent.unknown", field="consent_id", value=str(consent_id))
        file = ConsentFile.__table__.c
        kept = connection.execute(select(file.content).where(file.consent_id == consent_id)).scalar()
        whole = connection.execute(
            select(Consent.__table__).where(Consent.__table__.c.id == consent_id)
        ).one()
    if kept is None:
        raise DomainError("consent.file_missing", field="consent_id")
    content = opened(dispatcher, actor, kept)
    checked = verify(
        content,
        trusted_roots(dispatcher),
        shown_sha256=whole.shown_sha256,
        shown_bytes=whole.shown_bytes,
        evidence=whole.evidence_sha256,
    )
    faults = list(checked.faults)
    if checked.evidence is None and content_digest(whole.evidence) != whole.evidence_sha256:
        faults.append("consent.evidence_differs")
    if checked.sha256 != whole.sha256:
        faults.append("consent.file_differs")
    return dataclasses.replace(checked, faults=tuple(dict.fromkeys(faults))), content
