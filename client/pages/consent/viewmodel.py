"""A consent to be signed, or one that was signed and its check. What is shown is what is sealed."""

import dataclasses
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QImage

from client.actions import Action
from client.devices_hub import hub_of
from client.identity_words import light_sentence
from client.navigation import RECORD_PAGES
from client.phone_link import new_secret
from client.station import Context, PageModel
from client.stations.review.preview import pdf_pages
from devices.readings import CardRead
from domain.consent.attest_records import AttestKind
from domain.consent.records import ConsentUse, IdentityProof, SignerRelation
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id
from domain.people.comparing import Light
from domain.people.light_commands import CheckIdentity, Compared
from forms.consenting.attesting import Attested
from forms.consenting.remote import check_remote, witness_remote
from forms.consenting.showing import Asked, Choice, asked_of, consent_pdf
from forms.consenting.signing import attestations_of, keep_paper_consent, sign_consent, verify_consent
from forms.consenting.verifying import Verified

FOR = ("study_subject", "consent", "remote_consent")
HOME = "worklist:consent.waiting"
SETTLES_MS = 350
SCALE = 1.25


@dataclasses.dataclass(frozen=True)
class Shown:
    """The bytes on the screen and for which choice they were made."""

    choice: Choice
    pdf: bytes
    pages: tuple[QImage, ...]


Findings = tuple[Verified, list[tuple[AttestKind, Attested]], tuple[QImage, ...]]


class ViewModel(PageModel):
    """`asked_changed` carries `Asked`; `shown_changed` a `Shown`, None while another is made."""

    asked_changed = Signal(object)
    shown_changed = Signal(object)
    verdict_changed = Signal(str, str)
    """What the check of a sealed file found, and its tone."""
    phone_asked = Signal(object)
    """The `Secret` of a link by which the client is to sign on the phone."""
    findings_changed = Signal(str)
    """Each seal, the digest and what others attest, a line each."""
    refused = Signal(str)
    signed = Signal()
    light_changed = Signal(str, str)
    """What the comparison of the client's card with the record found, and its tone."""
    card_taken = Signal(object)
    """The name on a card that fits, or of whoever signs for the client; the proof is that card."""

    actions = (
        Action("sign", "consent_page.sign", "F9", command="consent.keep", primary=True),
        Action("clear", "consent_page.clear", "Ctrl+L", command="consent.keep"),
        Action("paper", "consent_page.paper", "F8", command="consent.keep"),
        Action("phone", "consent_page.phone", "Ctrl+M", command="consent.send_remote"),
        Action("countersign", "consent_page.countersign", "F6", command="consent.keep"),
        Action("back", "consent_page.back", "F7"),
    )

    def __init__(self, context: Context, entity: str, record_id: Id, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        context.actor.check(str(RECORD_PAGES["consent"]))
        if entity not in FOR:
            raise DomainError("page.unknown", page=f"consent:{entity}")
        self._entity, self._record_id = entity, record_id
        self.asked: Asked | None = None
        self.shown: Shown | None = None
        self.light: Light | None = None
        self._hub = hub_of(context.desk)
        self._wanted: Choice | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLES_MS)
        self._timer.timeout.connect(self._make)
        self.action_set.on("back", lambda: context.open_page(HOME))
        self.action_set.on("phone", self._phone)
        self.action_set.on("countersign", self.countersign)
        for action in ("sign", "clear", "paper", "phone"):
            self.action_set.enable(action, enabled=entity == "study_subject")
        self.action_set.enable("countersign", enabled=False)

    @property
    def record_id(self) -> Id:
        """Of the subject, the consent or the remote consent."""
        return self._record_id

    @property
    def signs(self) -> bool:
        """Whether this page is for signing, not for looking at what was signed."""
        return self._entity == "study_subject"

    def on_open(self, **arguments: Any) -> None:
        self.load()

    @Slot()
    def load(self) -> None:
        """Read what is to be signed, or check what was."""
        desk, actor, own = self.context.desk.dispatcher, self.context.actor, self._record_id
        if self.signs:
            job = self.context.jobs.read(lambda _job: asked_of(desk, actor, own), "consent")
            self._follow(job, self._take, self._nothing)
            return
        job = self.context.jobs.read(lambda _job: self._checked(), "consent_check")
        self._follow(job, self._tell, self._nothing)

    def choose(self, choice: Choice) -> None:
        """Show the document for a choice; until it is on the screen nothing can be signed."""
        self._wanted = choice
        if self.shown is not None:
            self.shown = None
            self.shown_changed.emit(None)
        self._timer.start()

    def wait_for_card(self, *, on: bool) -> None:
        """Take cards while the page is on the screen: whose hand it is, is seen before it is written."""
        if on and self.signs:
            self._hub.claim_cards(self.take_card)
        else:
            self._hub.release_cards(self.take_card)

    def take_card(self, card: CardRead) -> None:
        """Compare a card with the client's record, within the second and on record; red keeps from signing."""
        asked = self.asked
        if asked is None:
            return
        if self._wanted is not None and self._wanted.relation is not SignerRelation.SELF:
            self.light = None
            self.light_changed.emit(self.context.say("consent_page.card_other", name=card.name), "warning")
            self.card_taken.emit(card.name)
            return
        order = CheckIdentity(
            patient_id=asked.patient_id, name=card.name, id_number=card.number, birth_date=card.birth_date
        )
        old = card.expired(clinic(self.context.desk.clock()).date())
        self.run(order, lambda done: self._lit(done.receipt, card.name, expired=old), self._refuse)

    def _lit(self, found: Compared, name: str, *, expired: bool) -> None:
        self.light = found.light
        sentence, tone = light_sentence(self.context.say, found)
        if expired:
            sentence += self.context.say("consent_page.card_expired")
            tone = "warning" if tone == "success" else tone
        self.light_changed.emit(sentence, tone)
        if found.light is not Light.RED:
            self.card_taken.emit(name)

    def close(self) -> None:
        self._hub.release_cards(self.take_card)
        super().close()

    def _is_red(self) -> bool:
        """Tell, and say it, whether somebody else's card was shown."""
        if self.light is not Light.RED:
            return False
        self.refused.emit(self.context.say("consent_page.red"))
        return True

    def sign(self, png: bytes, strokes: list[list[float]], witness: bytes) -> None:
        """Seal what is shown with the hand that was written, and keep it."""
        desk, actor, asked, shown = self.context.desk.dispatcher, self.context.actor, self.asked, self.shown
        if asked is None or shown is None:
            self.toast("consent_page.wait", "warning")
            return
        if not png:
            self.toast("consent_page.sign_first", "warning")
            return
        if self._is_red():
            return
        job = self.context.jobs.write(
            lambda _job: sign_consent(
                desk, actor, asked, shown.choice, shown.pdf, png=png, strokes=strokes, witness_png=witness
            ),
            "sign_consent",
        )
        self._follow(job, self._done, self._refuse)

    def sign_paper(self, scan: bytes) -> None:
        """Seal what is shown with the picture of a paper that was signed."""
        desk, actor, asked, shown = self.context.desk.dispatcher, self.context.actor, self.asked, self.shown
        if asked is None or shown is None:
            self.toast("consent_page.wait", "warning")
            return
        if self._is_red():
            return
        job = self.context.jobs.write(
            lambda _job: keep_paper_consent(desk, actor, asked, shown.choice, shown.pdf, scan),
            "paper_consent",
        )
        self._follow(job, self._done, self._refuse)

    @Slot()
    def countersign(self) -> None:
        """Put this workstation's seal behind what was signed on a phone: the consent counts from then on."""
        desk, actor, own = self.context.desk.dispatcher, self.context.actor, self._record_id
        self.action_set.enable("countersign", enabled=False)
        job = self.context.jobs.write(lambda _job: witness_remote(desk, actor, own), "witness_consent")
        self._follow(job, self._done, self._refuse)

    def _phone(self) -> None:
        """Ctrl+M: the client is to read and sign on the phone."""
        server = self.context.desk.installation.server
        if server and self.asked is not None:
            self.phone_asked.emit(new_secret(server))
        else:
            self.toast("consent_page.no_centre", "warning")

    @Slot()
    def _make(self) -> None:
        wanted, asked = self._wanted, self.asked
        if wanted is None or asked is None:
            return
        desk, actor = self.context.desk.dispatcher, self.context.actor

        def made(_job: object) -> Shown:
            pdf = consent_pdf(desk, actor, asked, wanted)
            return Shown(wanted, pdf, tuple(pdf_pages(pdf, SCALE)))

        self._follow(self.context.jobs.read(made, "consent_pdf"), self._show, self._refuse)

    def _show(self, shown: Shown) -> None:
        if shown.choice != self._wanted:
            return  # somebody went on choosing; the newest is being made
        self.shown = shown
        self.refused.emit("")
        self.shown_changed.emit(shown)

    def _take(self, asked: Asked) -> None:
        self.asked = asked
        self.title_changed.emit(
            self.context.say(
                "consent_page.title", title=asked.title, version=asked.version, number=asked.number
            )
        )
        self.asked_changed.emit(asked)
        self.choose(
            Choice(asked.client, SignerRelation.SELF, IdentityProof.ID_CARD, frozenset(asked.uses) - OPTIONAL)
        )

    def _checked(self) -> Findings:
        desk, own = self.context.desk.dispatcher, self._record_id
        if self._entity == "remote_consent":
            _, found, content = check_remote(desk, self.context.actor, own)
            return found, [], tuple(pdf_pages(content, SCALE))
        found, content = verify_consent(desk, self.context.actor, own)
        return found, attestations_of(desk, own, found.sha256), tuple(pdf_pages(content, SCALE))

    def _tell(self, answer: Findings) -> None:
        found, attested, pages = answer
        waits = self._entity == "remote_consent"
        self.title_changed.emit(self.context.say("consent_page.remote" if waits else "consent_page.checked"))
        self.action_set.enable("countersign", enabled=waits and found.sound)
        self.shown_changed.emit(Shown(_NOBODY, b"", pages))
        if found.sound:
            when = self.context.formatter.moment(found.sealed_at)
            self.verdict_changed.emit(
                self.context.say("consent_page.sound", by=found.sealed_by, at=when), "success"
            )
        else:
            self.verdict_changed.emit("\n".join(self.context.say(code) for code in found.faults), "danger")
        self.findings_changed.emit("\n".join(self._lines(found, attested)))

    def _lines(self, found: Verified, attested: list[tuple[AttestKind, Attested]]) -> list[str]:
        """Return what was found in words: each seal, version and digest, each attestation."""
        say, moment = self.context.say, self.context.formatter.moment
        lines = [
            say(
                "consent_page.seal_line", field=say(f"consent_page.seal_field.{one.field}"), who=one.who, by=one.by,
                at=moment(one.at) if one.at else "—",
            )
            for one in found.seals
        ]  # fmt: skip
        version = (found.evidence or {}).get("version") or "—"
        digest = " ".join(found.sha256[at : at + 8] for at in range(0, len(found.sha256), 8))
        lines.append(say("consent_page.facts_line", version=version, sha256=digest))
        for kind, one in attested:
            named = say(f"choice.attest_kind.{kind.value}")
            if one.fault or one.at is None:
                lines.append(say("consent_page.attest_bad", kind=named, reason=say(one.fault)))
            else:
                lines.append(say("consent_page.attest_line", kind=named, by=one.by, at=moment(one.at)))
        return lines if attested else [*lines, say("consent_page.attest_none")]

    def _done(self, _consent_id: Id) -> None:
        self.toast("consent_page.kept", "success")
        self.signed.emit()
        self.context.open_page("worklist:consent.remote" if self._entity == "remote_consent" else HOME)

    def _refuse(self, error: KnownError) -> None:
        self.refused.emit(self.explain(error))

    def _nothing(self, error: KnownError) -> None:
        self.title_changed.emit(self.context.say("consent_page.nothing"))
        self.refused.emit(self.explain(error))


OPTIONAL = frozenset({ConsentUse.GENETIC, ConsentUse.SHARE})
"""Uses that are never chosen beforehand."""
_NOBODY = Choice("", SignerRelation.SELF, IdentityProof.KNOWN, frozenset())
