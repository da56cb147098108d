"""The mass sending page's widgets: what is chosen at the left, what it would be at the right, earlier ones below."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from client.command_dialog.view import CommandDialog
from client.pages.mass.reading import Progress
from client.pages.mass.viewmodel import ViewModel
from client.stations.front_desk.widgets import set_tone, text
from client.views.page import PageView
from domain.kernel.commands import Command

CHOICE_PX = 400
SENDINGS_PX = 170


class View(PageView):
    """Tab goes from template to channel, tags and time; the space bar chooses a tag; F9 sends."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        self.set_title(self.say("nav.mass"))
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self._choosing())
        row.addWidget(self._previewing(), 1)
        self.body.addLayout(row, 1)
        self.body.addWidget(text("mass_before", self, "subtitle"))
        self.findChild(QLabel, "mass_before").setText(self.say("mass.before"))
        self._sendings = QListWidget(self)
        self._sendings.setObjectName("mass_sendings")
        self._sendings.setAccessibleName(self.say("mass.before"))
        self._sendings.setFixedHeight(SENDINGS_PX)
        self.body.addWidget(self._sendings)
        self._bind_model()
        self._show_preview()

    def _choosing(self) -> QWidget:
        side = QWidget(self)
        side.setFixedWidth(CHOICE_PX)
        fields = QFormLayout(side)
        fields.setContentsMargins(0, 0, 0, 0)
        fields.setSpacing(8)
        self._template, self._channel = QComboBox(side), QComboBox(side)
        self._label, self._when = QLineEdit(side), QLineEdit(side)
        self._label.setMaxLength(100)
        self._when.setPlaceholderText(self.say("mass.when_hint"))
        self._over = QCheckBox(self.say("mass.over_days"), side)
        self._tags = QListWidget(side)
        self._tags.setFixedWidth(CHOICE_PX - 90)
        named = (
            (self._template, "mass_template", "mass.choose_template"),
            (self._channel, "mass_channel", "mass.channel"),
            (self._tags, "mass_tags", "mass.tags"), (self._label, "mass_label", "mass.label"),
            (self._when, "mass_when", "mass.when"),
        )  # fmt: skip
        for widget, name, code in named:
            widget.setObjectName(name)
            widget.setAccessibleName(self.say(code))
            fields.addRow(self.say(code), widget)
        self._over.setObjectName("mass_over")
        fields.addRow("", self._over)
        return side

    def _previewing(self) -> QWidget:
        card = QFrame(self)
        card.setProperty("part", "card")
        column = QVBoxLayout(card)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(8)
        self._people = text("mass_people", card, "title", wrap=True)
        self._why = text("mass_left_out", card, wrap=True)
        self._quota = text("mass_quota", card, wrap=True)
        self._words = text("mass_words", card, wrap=True)
        self._sources = text("mass_sources", card, "muted", wrap=True)
        self._problem = text("mass_problem", card, wrap=True)
        set_tone(self._problem, "danger")
        for widget in (self._people, self._why, self._quota, self._words, self._sources, self._problem):
            column.addWidget(widget)
        column.addStretch(1)
        return card

    def _bind_model(self) -> None:
        self._refused = ""
        model = self.model
        model.desk_changed.connect(self._show_desk)
        model.preview_changed.connect(self._show_anew)
        model.field_error.connect(lambda _field, sentence: self._tell(sentence))
        model.command_asked.connect(self._ask)
        model.sent.connect(self._cleared)
        model.action_set.on("send", self._send)
        model.action_set.on("media", self._pick_media)
        self._template.activated.connect(lambda _at: model.choose_template(self._template.currentData()))
        self._channel.activated.connect(lambda _at: model.choose_channel(self._channel.currentData()))
        self._tags.itemChanged.connect(lambda _item: model.choose_tags(self._chosen()))
        self._sendings.currentItemChanged.connect(self._stand_on)

    def focus_first(self) -> None:
        """Begin with the template."""
        self._template.setFocus()

    @Slot()
    def _show_desk(self) -> None:
        model, name = self.model, self.context.formatter.name
        _refill(self._template, [(one.label, one.code) for one in model.desk.templates], model.template)
        self._fill_channels()
        place = self._tags.verticalScrollBar().value()
        row = self._tags.currentRow()
        self._tags.blockSignals(True)
        self._tags.clear()
        for kind, tag, count in model.desk.tags:
            words = self.say("mass.tag", kind=name(kind, "words:tag_kind"), tag=tag, count=count)
            item = QListWidgetItem(words, self._tags)
            item.setData(Qt.ItemDataRole.UserRole, f"{kind}/{tag}")
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            on = f"{kind}/{tag}" in model.tags
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
        self._tags.setCurrentRow(max(row, 0))
        self._tags.verticalScrollBar().setValue(place)
        self._tags.blockSignals(False)
        self._show_sendings()
        self._show_preview()

    def _fill_channels(self) -> None:
        choice, name = self.model.choice, self.context.formatter.name
        channels = choice.channels if choice is not None else ()
        _refill(self._channel, [(name(one, "words:channel"), one) for one in channels], self.model.channel)

    def _show_sendings(self) -> None:
        self._sendings.blockSignals(True)
        self._sendings.clear()
        for one in self.model.desk.sendings:
            item = QListWidgetItem(self._progress(one), self._sendings)
            item.setData(Qt.ItemDataRole.UserRole, one.id)
            if one.id == self.model.current:
                self._sendings.setCurrentItem(item)
        if not self.model.desk.sendings:
            item = QListWidgetItem(self.say("mass.none_before"), self._sendings)
            item.setFlags(Qt.ItemFlag.NoItemFlags)
        self._sendings.blockSignals(False)

    def _progress(self, one: Progress) -> str:
        state = "stopped" if one.stopped else "paused" if one.paused else "going" if one.waiting else "over"
        return self.say(
            "mass.progress", label=one.label, at=self.context.formatter.moment(one.at),
            channel=self.context.formatter.name(one.channel, "words:channel"), state=self.say(f"mass.{state}"),
            gone=one.gone, queued=one.queued, arrived=one.arrived, read=one.read, failed=one.failed,
        )  # fmt: skip

    @Slot()
    def _show_anew(self) -> None:
        """Something else was chosen: what kept the sending before is over."""
        self._refused = ""
        self._show_preview()

    @Slot()
    def _show_preview(self) -> None:
        model = self.model
        self._fill_channels()
        found = model.preview
        self._show_problem()
        for widget in (self._why, self._quota, self._words, self._sources):
            widget.setVisible(found is not None)
        if found is None:
            self._people.setText(
                "" if model.problem else self.say("mass.choose" if model.desk.tags else "mass.no_tags")
            )
            return
        self._people.setText(self.say("mass.people", wanted=found.wanted, queued=found.queued))
        why = [
            self.say("mass.why", reason=self.context.formatter.name(code, "words:outbox_reason"), count=count)
            for code, count in sorted(found.left_out.items())
        ]
        why += [
            self.say("mass.variant", template=code, count=count)
            for code, count in sorted(found.variants.items())
        ]
        self._why.setText("\n".join(why) or self.say("mass.nobody_left_out"))
        self._quota.setText(self._budget(found))
        set_tone(self._quota, "warning" if found.problem or found.budget.paused else "")
        self._words.setText(found.text)
        lines = [self.say("mass.source", **{"address": "", "year": "", **one}) for one in found.sources]
        self._sources.setText("\n".join(lines))

    def _budget(self, found: Any) -> str:
        budget = found.budget
        if budget.left is None:
            said = self.say("mass.no_quota", waiting=budget.waiting)
        else:
            said = self.say(
                "mass.quota", quota=budget.quota, used=budget.used, waiting=budget.waiting, left=budget.left
            )
        if budget.paused:
            said += self.say("mass.channel_paused")
        if found.problem == "message.over_budget":
            said += self.say("mass.over_quota")
        return said

    def _chosen(self) -> list[str]:
        items = [self._tags.item(at) for at in range(self._tags.count())]
        return [i.data(Qt.ItemDataRole.UserRole) for i in items if i.checkState() is Qt.CheckState.Checked]

    @Slot(QListWidgetItem, QListWidgetItem)
    def _stand_on(self, item: QListWidgetItem | None, _before: QListWidgetItem | None) -> None:
        if item is not None:
            self.model.look_at(item.data(Qt.ItemDataRole.UserRole))

    def _pick_media(self) -> None:
        """Ctrl+I: a picture or video for the template that is chosen."""
        found, _ = QFileDialog.getOpenFileName(
            self, self.say("mass.media"), "", "JPEG, PNG, MP4 (*.jpg *.jpeg *.png *.mp4)"
        )
        if found:
            self.model.add_media(Path(found))

    @Slot()
    def _send(self) -> None:
        self._tell("")
        self.model.send(self._label.text(), self._when.text(), over_days=self._over.isChecked())

    @Slot()
    def _cleared(self) -> None:
        self._label.clear()
        self._when.clear()

    def _tell(self, sentence: str) -> None:
        """Say why it is not sent; it stays when the page is drawn anew because something happened elsewhere."""
        self._refused = sentence
        self._show_problem()

    def _show_problem(self) -> None:
        sentence = self._refused or self.model.problem
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))

    @Slot(object, dict)
    def _ask(self, command: Command, given: dict[str, Any]) -> None:
        dialog = CommandDialog(self.context, command, given, self)
        dialog.completed.connect(lambda _done: self.model.load())
        dialog.open()


def _refill(box: QComboBox, entries: list[tuple[str, str]], current: str) -> None:
    """Put entries into a box unless they are there, and stand on the current one; nobody is told."""
    if [(box.itemText(i), box.itemData(i)) for i in range(box.count())] != entries:
        box.clear()
        for label, value in entries:
            box.addItem(label, value)
    box.setCurrentIndex(box.findData(current))
