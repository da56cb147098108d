"""The texts on the desk: conclusion and advice being written, a remark being made, and their drafts. QtCore only."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from client.station import Context
from client.stations.review.anchors import FIELDS, Anchor, moved, parse_anchor
from client.stations.review.case import Case
from client.stations.review.drafts import Draft, Drafts, draft_key
from domain.kernel.errors import KnownError
from domain.kernel.ids import Id

KEEP_AFTER_MS = 250


class Writing(QObject):
    """The texts of the open case. What is typed is in `Drafts` a quarter of a second later."""

    text_set = Signal(str, str)
    """A field has a new text that did not come from its editor."""
    changed = Signal()
    restored = Signal(object)
    """Time of the draft that was taken up again."""
    disputed_changed = Signal(bool)
    """Whether somebody else changed the stored text below a draft."""
    not_kept = Signal(object)

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._drafts: Drafts | None = None
        self._unusable = False
        self._known: dict[Id, Draft | None] = {}
        self.case: Case | None = None
        self.texts = dict.fromkeys(FIELDS, "")
        self.remark = ""
        self.anchor: Anchor | None = None
        self.disputed = False
        self._base = ("", "")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(KEEP_AFTER_MS)
        self._timer.timeout.connect(self.keep)

    # Called by the view-model

    def read_draft(self, visit_id: Id) -> Draft | None:
        """Return the draft of a case from the disk; off the UI thread, together with the case."""
        drafts = self._open()
        return None if drafts is None else drafts.read(visit_id)

    def show(self, case: Case, draft: Draft | None) -> None:
        """Begin with a case: its stored texts, or the draft that was left of it."""
        self.keep()
        draft = self._known.get(case.visit_id, draft)
        self.case = case
        self._base = (case.conclusion, case.advice)
        self.remark, self.anchor = "", None
        texts = self._base
        if draft is not None:
            self.remark, self.anchor = draft.remark, parse_anchor(draft.anchor)
            if (draft.conclusion, draft.advice) not in {
                (draft.base_conclusion, draft.base_advice),
                self._base,
            }:
                self._base = (draft.base_conclusion, draft.base_advice)
                texts = (draft.conclusion, draft.advice)
        self._put(*texts)
        self._settle_dispute()
        if self.edited or self.remark.strip():
            self.restored.emit(draft.at if draft else None)

    def follow(self, case: Case) -> None:
        """Take over a newer state of the same case; what was typed stays."""
        typed = self.edited
        self.case = case
        if typed:
            self._settle_dispute()
        elif (case.conclusion, case.advice) != self._base:
            self._base = (case.conclusion, case.advice)
            self._put(*self._base)

    def leave(self) -> None:
        """Keep what was typed and show nothing."""
        self.keep()
        self.case = None
        self.remark, self.anchor = "", None
        self._base = ("", "")
        self._put("", "")

    # Called by the view

    def set_text(self, name: str, text: str) -> None:
        """Take what was typed into a field."""
        if self.case is not None and self.texts[name] != text:
            self.texts[name] = text
            self._touch()

    def put_text(self, name: str, text: str) -> None:
        """Set a field's text from elsewhere (a proposal) and show it."""
        self.set_text(name, text)
        self.text_set.emit(name, text)

    def set_remark(self, remark: str, anchor: Anchor | None) -> None:
        """Take the remark being typed."""
        if (remark, anchor) != (self.remark, self.anchor):
            self.remark, self.anchor = remark, anchor
            self._touch()

    @property
    def conclusion(self) -> str:
        return self.texts["conclusion"]

    @property
    def advice(self) -> str:
        return self.texts["advice"]

    @property
    def edited(self) -> bool:
        """Whether the texts differ from what they were begun with."""
        return (self.conclusion, self.advice) != self._base

    def use_mine(self) -> None:
        """Settle a dispute: what was typed here shall replace what is stored now."""
        if self.case is not None:
            self._base = (self.case.conclusion, self.case.advice)
            self._settle_dispute()
            self._touch()

    def use_stored(self) -> None:
        """Settle a dispute: forget what was typed here."""
        if self.case is not None:
            self._base = (self.case.conclusion, self.case.advice)
            self._put(*self._base)
            self._settle_dispute()
            self._touch()

    def mark_for(self, anchor: Anchor) -> Anchor | None:
        """Return where a place of the stored text lies in what has been typed since."""
        if self.case is None:
            return None
        return moved(anchor, self.case.text(anchor.field), self.texts[anchor.field])

    @Slot()
    def keep(self) -> None:
        """Write the draft now, if anything is waiting to be written."""
        if self._timer.isActive():
            self._timer.stop()
            self._write()

    def forget(self, visit_id: Id) -> None:
        """Drop the draft of a case whose text is in the store now."""
        self._timer.stop()
        self._known[visit_id] = None
        job = self._context.jobs.write(lambda _job: self._drop(visit_id), "drop draft")
        job.refused.connect(self._refuse)

    def _touch(self) -> None:
        self._timer.start()
        self.changed.emit()

    def _put(self, conclusion: str, advice: str) -> None:
        for name, text in zip(FIELDS, (conclusion, advice), strict=True):
            self.texts[name] = text
            self.text_set.emit(name, text)
        self.changed.emit()

    def _settle_dispute(self) -> None:
        case = self.case
        disputed = case is not None and self.edited and (case.conclusion, case.advice) != self._base
        if disputed != self.disputed:
            self.disputed = disputed
            self.disputed_changed.emit(disputed)

    def _draft(self, at: datetime) -> Draft:
        return Draft(
            conclusion=self.conclusion, advice=self.advice, base_conclusion=self._base[0], base_advice=self._base[1],
            remark=self.remark, anchor=str(self.anchor or ""), at=at,
        )  # fmt: skip

    def _write(self) -> None:
        if self.case is None:
            return
        visit_id, draft = self.case.visit_id, self._draft(self._context.desk.clock())
        self._known[visit_id] = None if draft.says_nothing else draft
        job = self._context.jobs.write(lambda _job: self._keep(visit_id, draft), "draft")
        job.refused.connect(self._refuse)

    def _keep(self, visit_id: Id, draft: Draft) -> None:
        drafts = self._open()
        if drafts is not None:
            drafts.keep(visit_id, draft)

    def _drop(self, visit_id: Id) -> None:
        drafts = self._open()
        if drafts is not None:
            drafts.drop(visit_id)

    def _open(self) -> Drafts | None:
        """Return the drafts on the disk; None, said once, where the key of this installation cannot be had."""
        if self._drafts is None and not self._unusable:
            desk = self._context.desk
            try:
                key = draft_key(desk)
            except KnownError as error:
                self._unusable = True
                self.not_kept.emit(error)
                return None
            self._drafts = Drafts(desk.home.folder / "review_drafts", key, self._context.actor.staff_id)
        return self._drafts

    @Slot(object)
    def _refuse(self, error: KnownError) -> None:
        self.not_kept.emit(error)


def anchored(case: Case, writing: Writing) -> Any:
    """Return the standing remark with its place in what is shown now, None if the case was not returned."""
    if case.remark is None or case.remark.anchor is None:
        return case.remark
    return replace(case.remark, anchor=writing.mark_for(case.remark.anchor))
