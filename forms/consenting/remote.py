"""Signing elsewhere: what the phone is shown, its seal, and the witness's behind it.

At the centre the exact bytes are made of the client's choices, shown, and sealed with the hand under them; at the
branch a member of staff checks the file and puts the branch's seal behind the centre's; only then the consent counts.
"""

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

import resources
from domain.consent.records import ConsentDocument, ConsentUse, ConsentWay, IdentityProof
from domain.consent.remote_commands import NoteRemoteProgress, SignRemoteConsent
from domain.consent.remote_records import RemoteConsent
from domain.kernel.authority import Actor
from domain.kernel.canonical import content_digest
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.rows import records
from domain.kernel.texts import Texts
from forms.consenting.sealing import countersign
from forms.consenting.showing import Asked, Choice, asked_of, consent_pdf, uses_of
from forms.consenting.signing import evidence_of, keep_sealed, sealed_file, sealing_key, trusted_roots
from forms.consenting.vault import locked, opened
from forms.consenting.verifying import Verified, verify
from forms.signing import handwritten

PART_MARKS = 900
"""Characters of a part that a phone shows at once; a part ends where a heading begins."""


@dataclasses.dataclass(frozen=True)
class Remote:
    """A remote consent with what it asks."""

    row: Any
    asked: Asked

    def choice(self, uses: frozenset[ConsentUse]) -> Choice:
        """Return who signs what; on a phone a person proves who they are by birth date and last digits."""
        return Choice(self.row.signer_name, self.row.relation, IdentityProof.BIRTH_DATE, uses)

    def parts(self) -> list[list[dict[str, str]]]:
        """Return the text in parts to be read one after the other."""
        parts: list[list[dict[str, str]]] = [[]]
        size = 0
        for block in self.asked.facts["blocks"]:
            begins = block["kind"] == "heading" and size > PART_MARKS // 3
            if parts[-1] and (begins or size + len(block["text"]) > PART_MARKS):
                parts.append([])
                size = 0
            parts[-1].append(block)
            size += len(block["text"])
        return parts


def remote_of(dispatcher: Dispatcher, actor: Actor, remote_id: Id) -> Remote:
    """Return a remote consent of one's own study, with the version it was sent with.

    Raises:
        DomainError: ``remote_consent.unknown``; ``consent.not_newest`` where a newer version was published since.
    """
    table = RemoteConsent.__table__
    with dispatcher.store.read() as connection:
        found = records(connection, actor, RemoteConsent, table.c.id == remote_id, limit=1)
        if not found:
            raise DomainError("remote_consent.unknown", field="remote_id", value=str(remote_id))
        whole = connection.execute(select(table).where(table.c.id == remote_id)).one()
        newest = select(ConsentDocument.id, ConsentDocument.version).where(
            ConsentDocument.study_id == whole.study_id
        )
        last = connection.execute(
            newest.order_by(ConsentDocument.published_at.desc(), ConsentDocument.id.desc()).limit(1)
        ).one()
    if last.id != whole.document_id:
        raise DomainError("consent.not_newest", field="remote_id", version=last.version)
    return Remote(whole, asked_of(dispatcher, actor, whole.subject_id))


def show_remote(
    dispatcher: Dispatcher, actor: Actor, link_id: Id, remote: Remote, uses: frozenset[ConsentUse],
    progress: Mapping[str, Any],
) -> bytes:  # fmt: skip
    """Make the bytes of the choices and note that these are what is shown; returns them."""
    texts = Texts.load(resources.folder("texts/zh"))
    shown = consent_pdf(
        dispatcher, actor, remote.asked, remote.choice(uses), witness=texts.say("consent.witness_phone")
    )
    dispatcher.run(
        NoteRemoteProgress(
            link_id=link_id, progress=dict(progress), uses=uses_of(tuple(uses)),
            shown=locked(dispatcher, actor, shown), shown_sha256=hashlib.sha256(shown).hexdigest(),
            shown_bytes=len(shown),
        ),
        actor,
    )  # fmt: skip
    return shown


def shown_of(dispatcher: Dispatcher, actor: Actor, remote: Remote) -> bytes:
    """Return the bytes that were noted as shown; empty before there are any."""
    return opened(dispatcher, actor, remote.row.shown) if remote.row.shown else b""


def sign_remote(
    dispatcher: Dispatcher, actor: Actor, link_id: Id, remote: Remote, shown_sha256: str, *, png: bytes,
    strokes: Sequence[Sequence[float]], facts: Mapping[str, Any],
) -> str:  # fmt: skip
    """Seal what is shown with the hand under it; returns the digest of the file.

    Args:
        dispatcher: The centre's.
        actor: The client, as the server's page.
        link_id: By which they came.
        remote: From `remote_of`.
        shown_sha256: Digest of what was on the screen, as the page sends it back.
        png: Picture of the hand.
        strokes: What it was drawn of.
        facts: How the person was known and what was read when; part of the evidence.

    Raises:
        DomainError: ``form.signature_refused``; ``consent.shown_differs``; as the command.
    """
    shown = shown_of(dispatcher, actor, remote)
    if not shown or shown_sha256 != remote.row.shown_sha256:
        raise DomainError("consent.shown_differs", field="shown_sha256")
    hand = handwritten(png, strokes, dispatcher.clock(), remote.row.signer_name)
    uses = frozenset(ConsentUse(use) for use in remote.row.uses or ())
    told = dict(facts) | {
        "hand": hand["extension"], "hand_sha256": hashlib.sha256(png).hexdigest(), "sent_by": remote.row.sent_name,
    }  # fmt: skip
    evidence = evidence_of(
        dispatcher, actor, remote.asked, remote.choice(uses), shown, ConsentWay.PHONE, told
    )
    sealed = sealed_file(dispatcher, actor, remote.row.signer_name, shown, evidence, png)
    digest = hashlib.sha256(sealed).hexdigest()
    order = SignRemoteConsent(
        link_id=link_id, shown_sha256=shown_sha256, content=locked(dispatcher, actor, sealed), sha256=digest
    )
    dispatcher.run(order, actor)
    return digest


def check_remote(dispatcher: Dispatcher, actor: Actor, remote_id: Id) -> tuple[Remote, Verified, bytes]:
    """Return a remote consent that was signed, what a check of its file finds, and the file.

    Raises:
        DomainError: As `remote_of`; ``consent.file_missing`` where nothing was signed yet.
    """
    remote = remote_of(dispatcher, actor, remote_id)
    if remote.row.content is None:
        raise DomainError("consent.file_missing", field="remote_id")
    content = opened(dispatcher, actor, remote.row.content)
    found = verify(
        content, trusted_roots(dispatcher), shown_sha256=remote.row.shown_sha256,
        shown_bytes=remote.row.shown_bytes,
    )  # fmt: skip
    faults = found.faults if found.sha256 == remote.row.sha256 else (*found.faults, "consent.file_differs")
    return remote, dataclasses.replace(found, faults=faults), content


def witness_remote(dispatcher: Dispatcher, actor: Actor, remote_id: Id) -> Id:
    """Put this installation's seal behind the centre's and keep the consent; returns its id.

    Raises:
        DomainError: ``consent.remote_unsound`` for a file that does not hold; as `check_remote` and ``consent.keep``.
    """
    remote, found, content = check_remote(dispatcher, actor, remote_id)
    if not found.sound or found.evidence is None:
        texts = Texts.load(resources.folder("texts/zh"))
        raise DomainError("consent.remote_unsound", faults="".join(texts.say(code) for code in found.faults))
    reason = f"witness of sha256 {found.sha256}, evidence sha256 {content_digest(found.evidence)}"
    both = countersign(
        content, sealing_key(dispatcher, actor), who=actor.name, reason=reason, now=dispatcher.clock()
    )
    uses = frozenset(ConsentUse(use) for use in remote.row.uses or ())
    return keep_sealed(
        dispatcher, actor, remote.asked, remote.choice(uses), way=ConsentWay.PHONE,
        shown_sha256=remote.row.shown_sha256, shown_bytes=remote.row.shown_bytes, sealed=both,
        evidence=found.evidence, remote_id=remote_id,
    )  # fmt: skip
