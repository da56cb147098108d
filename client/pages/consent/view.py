"""The consent page's widgets: the document at the left; who signs, the uses and the hand at the right."""

from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QHideEvent, QPixmap, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from client.command_dialog.view import CommandDialog
from client.pages.consent.viewmodel import OPTIONAL, Shown, ViewModel
from client.phone_dialog.view import CONSENT, PhoneDialog
from client.phone_link import HandedOver, Secret
from client.stations.front_desk.widgets import set_tone, text
from client.views.page import PageView
from client.views.signature import SignaturePad
from domain.consent.records import ConsentUse, IdentityProof, SignerRelation
from domain.consent.remote_commands import RemoteSent
from domain.kernel.commands import commands
from forms.consenting.showing import Asked, Choice

SIDE_PX = 496


class View(PageView):
    """Tab walks from the name to the uses; the hand is written with pen, finger or mouse; F9 signs."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        row = QHBoxLayout()
        row.setSpacing(12)
        self._area = QScrollArea(self)
        self._area.setObjectName("consent_document")
        self._area.setAccessibleName(self.say("consent_page.document"))
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        row.addWidget(self._area, 1)
        self._side = QFrame(self)
        self._side.setProperty("part", "card")
        self._side.setFixedWidth(SIDE_PX)
        self._column = QVBoxLayout(self._side)
        self._column.setContentsMargins(16, 12, 16, 12)
        self._column.setSpacing(6)
        self._verdict = text("consent_verdict", self._side, "subtitle", wrap=True)
        self._verdict.hide()
        self._column.addWidget(self._verdict)
        self._findings = text("consent_findings", self._side, "muted", wrap=True)
        self._findings.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._findings.hide()
        self._column.addWidget(self._findings)
        if self.model.signs:
            self._build_form()
        self._problem = text("consent_problem", self._side, "error", wrap=True)
        self._column.addWidget(self._problem)
        self._column.addStretch(1)
        row.addWidget(self._side)
        self.body.addLayout(row, 1)
        self.model.asked_changed.connect(self._ask)
        self.model.shown_changed.connect(self._show)
        self.model.verdict_changed.connect(self._tell)
        self.model.findings_changed.connect(self._list_findings)
        self.model.phone_asked.connect(self._ask_for_phone)
        self.model.refused.connect(self._problem.setText)

    @Slot(object)
    def _ask_for_phone(self, secret: Secret) -> None:
        """Ask who signs and how long the link holds; the code is shown once the link is on disk."""
        given = {
            "subject_id": self.model.record_id,
            "token_sha256": secret.sha256,
            "signer_name": self._name.text(),
        }
        dialog = CommandDialog(self.model.context, commands()["consent.send_remote"], given, self)
        dialog.completed.connect(lambda done: self._show_code(secret, done.receipt))
        dialog.open()

    def _show_code(self, secret: Secret, sent: RemoteSent) -> None:
        PhoneDialog(HandedOver(secret.address, sent.expires_at), self.model.context, self, CONSENT).open()

    def _build_form(self) -> None:
        form = QFormLayout()
        self._name = QLineEdit(self._side)
        self._name.setObjectName("consent_signer")
        self._relation = self._combo("consent_relation", SignerRelation, "choice.signer_relation")
        self._proof = self._combo("consent_proof", IdentityProof, "choice.identity_proof")
        self._light = text("consent_light", self._side, "muted", wrap=True)
        self._light.setText(self.say("consent_page.card_hint"))
        self._column.addWidget(self._light)
        self.model.light_changed.connect(self._show_light)
        self.model.card_taken.connect(self._take_card)
        for label, widget in (("signer", self._name), ("relation", self._relation), ("proof", self._proof)):
            widget.setAccessibleName(self.say(f"consent_page.{label}"))
            form.addRow(self.say(f"consent_page.{label}"), widget)
        self._column.addLayout(form)
        self._uses_box = QGridLayout()
        self._uses_box.setVerticalSpacing(0)
        self._column.addLayout(self._uses_box)
        self._uses: dict[ConsentUse, QCheckBox] = {}
        hint = self.say("consent_page.hint")
        self._hand = SignaturePad("consent_hand", self.say("consent_page.hand"), hint, self._side)
        self._witness = SignaturePad(
            "consent_witness",
            self.say("consent_page.witness"),
            self.say("consent_page.witness_hint"),
            self._side,
        )
        for label, pad in (("hand", self._hand), ("witness", self._witness)):
            self._column.addWidget(text(f"consent_{label}_label", self._side, "muted"))
            self._side.findChild(QLabel, f"consent_{label}_label").setText(self.say(f"consent_page.{label}"))
            self._column.addWidget(pad)
            pad.setEnabled(False)
        self._name.textChanged.connect(self._choose)
        self._relation.currentIndexChanged.connect(self._choose)
        self._proof.currentIndexChanged.connect(self._choose)
        self.model.action_set.on("sign", self._sign)
        self.model.action_set.on("clear", self._clear)
        self.model.action_set.on("paper", self._paper)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.model.wait_for_card(on=True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.model.wait_for_card(on=False)

    @Slot(str, str)
    def _show_light(self, sentence: str, tone: str) -> None:
        """Show the light with its mark and words: colour alone tells nothing."""
        marks = {"success": "●", "warning": "■", "danger": "▲"}
        self._light.setText(f"{marks[tone]} {sentence}")
        set_tone(self._light, tone)

    @Slot(object)
    def _take_card(self, name: str) -> None:
        """Fill in what the card says: the name, and that it was the card."""
        self._name.setText(name)
        self._proof.setCurrentIndex(self._proof.findData(IdentityProof.ID_CARD))

    def focus_first(self) -> None:
        """Begin with who signs; a signed one with the document."""
        (self._name if self.model.signs else self._area).setFocus()

    def _combo(self, name: str, kind: type[SignerRelation] | type[IdentityProof], family: str) -> QComboBox:
        box = QComboBox(self._side)
        box.setObjectName(name)
        for one in kind:
            box.addItem(self.say(f"{family}.{one.value}"), one)
        return box

    @Slot(object)
    def _ask(self, asked: Asked) -> None:
        for widget in (self._name, self._relation, self._proof):
            widget.blockSignals(True)
        self._name.setText(asked.client)
        for widget in (self._name, self._relation, self._proof):
            widget.blockSignals(False)
        for use in asked.uses:
            box = QCheckBox(self.say(f"choice.consent_use.{use.value}"), self._side)
            box.setObjectName(f"consent_use_{use.value}")
            box.setChecked(use not in OPTIONAL)
            box.toggled.connect(self._choose)
            self._uses_box.addWidget(box, len(self._uses) // 2, len(self._uses) % 2)
            self._uses[use] = box

    @Slot()
    def _choose(self) -> None:
        self._clear()
        chosen = frozenset(use for use, box in self._uses.items() if box.isChecked())
        relation, proof = self._relation.currentData(), self._proof.currentData()
        self.model.choose(Choice(self._name.text(), SignerRelation(relation), IdentityProof(proof), chosen))

    @Slot(object)
    def _show(self, shown: Shown | None) -> None:
        if self.model.signs:
            for pad in (self._hand, self._witness):
                pad.setEnabled(shown is not None)
        if shown is None:
            return
        sheet = QWidget(self._area)
        column = QVBoxLayout(sheet)
        column.setContentsMargins(8, 8, 8, 8)
        for number, page in enumerate(shown.pages, 1):
            label = QLabel(sheet)
            label.setPixmap(QPixmap.fromImage(page))
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            label.setAccessibleName(self.say("consent_page.page", number=number, count=len(shown.pages)))
            column.addWidget(label)
        column.addStretch(1)
        at = self._area.verticalScrollBar().value()
        self._area.setWidget(sheet)
        self._area.verticalScrollBar().setValue(at)

    @Slot(str, str)
    def _tell(self, sentence: str, tone: str) -> None:
        marks = {"success": "●", "danger": "▲"}
        self._verdict.show()
        self._verdict.setText(f"{marks[tone]} {sentence}")

    @Slot(str)
    def _list_findings(self, lines: str) -> None:
        self._findings.setText(lines)
        self._findings.show()

    @Slot()
    def _sign(self) -> None:
        self.model.sign(self._hand.png(), self._hand.strokes(), self._witness.png())

    @Slot()
    def _clear(self) -> None:
        self._hand.clear()
        self._witness.clear()

    @Slot()
    def _paper(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, self.say("consent_page.paper"), "", self.say("consent_page.pictures")
        )
        if name:
            self.model.sign_paper(Path(name).read_bytes())
