"""Signing: what was shown is sealed with the handwriting behind it, and one command keeps all of it."""

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from domain.consent.commands import KeepAuthority, KeepConsent
from domain.consent.records import Consent, ConsentFile, ConsentWay, SealAuthority, SealKey
from domain.kernel.authority import Actor
from domain.kernel.canonical import content_digest
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.rows import records
from forms.consenting.sealing import SealingKey, Verified, make_key, seal, verify
from forms.consenting.showing import Asked, Choice, uses_of
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
    now = dispatcher.clock()
    evidence: dict[str, Any] = {
        "subject": asked.number, "version": asked.version, "shown_sha256": hashlib.sha256(shown).hexdigest(),
        "signer": choice.signer_name, "relation": choice.relation.value, "proof": choice.proof.value,
        "witness": actor.name, "device": str(actor.device_id), "signed_at": now.isoformat(timespec="seconds"),
        "uses": uses_of(tuple(choice.uses)), "way": way.value, "hand": extra,
        "hand_sha256": hashlib.sha256(png).hexdigest(),
    }  # fmt: skip
    key = sealing_key(dispatcher, actor)
    reason = f"evidence sha256 {content_digest(evidence)}"
    sealed = seal(
        shown, key, signed=png, witnessed=witness_png, who=choice.signer_name, reason=reason, now=now
    )
    order = KeepConsent(
        subject_id=asked.subject_id, document_id=asked.document_id, uses=uses_of(tuple(choice.uses)), way=way,
        signer_name=choice.signer_name, relation=choice.relation, proof=choice.proof, witness_name=actor.name,
        shown_sha256=evidence["shown_sha256"], shown_bytes=len(shown), sha256=hashlib.sha256(sealed).hexdigest(),
        content=sealed, evidence=evidence,
    )  # fmt: skip
    kept: Id = dispatcher.run(order, actor).receipt
    return kept


def sealing_key(dispatcher: Dispatcher, actor: Actor) -> SealingKey:
    """Return what this installation seals with, made at the first use."""
    own, issuer = SealKey.__table__.c, SealAuthority.__table__.c
    query = select(issuer.certificate, own.certificate, own.private_key, own.fingerprint).where(
        issuer.fingerprint == own.fingerprint
    )
    with dispatcher.store.read() as connection:
        kept = connection.execute(query.limit(1)).first()
    if kept is not None:
        return SealingKey(kept[0], kept[1], kept[2], kept[3])
    name = f"{AUTHORITY_NAME} {str(actor.device_id)[:8]}"
    made = make_key(name, dispatcher.clock())
    dispatcher.run(
        KeepAuthority(
            name=name, fingerprint=made.fingerprint, authority=made.authority, certificate=made.certificate,
            private_key=made.private_key,
        ),
        actor,
    )  # fmt: skip
    return made


def verify_consent(dispatcher: Dispatcher, actor: Actor, consent_id: Id) -> tuple[Verified, bytes]:
    """Return what a check of a kept consent finds, and its file.

    Raises:
        DomainError: ``consent.unknown`` for one that is not of one's own study; ``consent.file_missing``.
    """
    with dispatcher.store.read() as connection:
        found = records(connection, actor, Consent, Consent.__table__.c.id == consent_id, limit=1)
        if not found:
            raise DomainError("consent.unknown", field="consent_id", value=str(consent_id))
        file = ConsentFile.__table__.c
        content = connection.execute(select(file.content).where(file.consent_id == consent_id)).scalar()
        roots = list(connection.execute(select(SealAuthority.__table__.c.certificate)).scalars())
        whole = connection.execute(
            select(Consent.__table__).where(Consent.__table__.c.id == consent_id)
        ).one()
    if content is None:
        raise DomainError("consent.file_missing", field="consent_id")
    faults = [] if content_digest(whole.evidence) == whole.evidence_sha256 else ["consent.evidence_differs"]
    if hashlib.sha256(content).hexdigest() != whole.sha256:
        faults.append("consent.file_differs")
    checked = verify(
        content,
        roots,
        shown_sha256=whole.shown_sha256,
        shown_bytes=whole.shown_bytes,
        evidence=whole.evidence_sha256,
    )
    return Verified((*checked.faults, *faults), checked.sealed_by, checked.sealed_at, checked.reason), content
