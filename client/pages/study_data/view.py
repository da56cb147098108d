"""The page's widgets: what leaves at the left, what that is at the right, statistics as the pages of their paper."""

from typing import Any

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QPixmap, QResizeEvent
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
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from client.command_dialog.view import CommandDialog
from client.pages.study_data.reading import Options, Report, StudyRow
from client.pages.study_data.viewmodel import USES, ViewModel
from client.stations.front_desk.widgets import set_tone, text
from client.views.page import PageView
from domain.consent.records import ConsentUse
from domain.kernel.commands import Command
from domain.kernel.ids import Id
from domain.research.export_commands import ExportPreview
from domain.research.records import DataKind, DateRule, ExportFormat
from forms.research.survival import OPERATORS

SIDE_PX = 452
PAGE_MARGIN, LEAST_PAGE = 36, 320
ROW_PX = 32
SEXES = (("1", "study_data.male"), ("2", "study_data.female"))


class View(PageView):
    """Tab walks from the study down; space ticks; F9 exports, F8 makes the statistics."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        self._shown: Report | None = None
        row = QHBoxLayout()
        row.setSpacing(12)
        area = QScrollArea(self)
        area.setObjectName("study_data_side")
        area.setWidgetResizable(True)
        area.setFixedWidth(SIDE_PX)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        side = QFrame(area.viewport())
        side.setProperty("part", "card")
        self._form = QFormLayout(side)
        self._form.setContentsMargins(14, 10, 14, 10)
        self._form.setVerticalSpacing(6)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._build_choice(side)
        self._build_terms(side)
        self._build_statistics(side)
        area.setWidget(side)
        row.addWidget(area)
        row.addLayout(self._build_right(), 1)
        self.body.addLayout(row, 1)
        self._bind_model()

    def _build_choice(self, side: QWidget) -> None:
        self._study = self._combo("study", side)
        self._purpose = self._line("purpose", side)
        self._row("purpose", self._purpose)
        self._kinds = self._checks(
            "kinds", side, [(k.value, f"choice.data_kind.{k.value}") for k in DataKind], on=True
        )
        self._visits, self._arms, self._sites = (
            self._list(name, side) for name in ("visits", "arms", "sites")
        )
        self._sexes = self._checks("sexes", side, SEXES)
        days = QHBoxLayout()
        self._since, self._until = self._line("since", side), self._line("until", side)
        days.addWidget(self._since)
        days.addWidget(self._until)
        self._row("days", days)
        for line in (self._since, self._until):
            line.editingFinished.connect(self._days)

    def _build_terms(self, side: QWidget) -> None:
        self._dates = self._combo("dates", side)
        for rule in DateRule:
            self._dates.addItem(self.say(f"choice.date_rule.{rule.value}"), rule.value)
        self._use = self._combo("use", side)
        for use in USES:
            self._use.addItem(self.say(f"choice.consent_use.{use.value}"), use.value)
        self._formats = self._checks(
            "formats", side, [(f.value, f"choice.export_format.{f.value}") for f in ExportFormat]
        )
        for name in self.model.formats:
            self._formats[name].setChecked(True)
        self._identified = QCheckBox(self.say("study_data.identified"), side)
        self._identified.setObjectName("study_data_identified")
        self._form.addRow("", self._identified)
        self._purpose.textChanged.connect(self._terms)
        self._identified.toggled.connect(self._terms)
        self._use.activated.connect(self._terms)
        self._dates.activated.connect(lambda _at: self.model.choose(dates=self._dates.currentData()))
        for box in self._formats.values():
            box.toggled.connect(self._terms)

    def _build_statistics(self, side: QWidget) -> None:
        self._by = self._combo("by", side)
        for by in ("arm", "sex"):
            self._by.addItem(self.say(f"study_data.by.{by}"), by)
        event = QHBoxLayout()
        self._variable, self._value = self._line("variable", side), self._line("value", side)
        self._op = QComboBox(side)
        self._op.setObjectName("study_data_op")
        self._op.setAccessibleName(self.say("study_data.op"))
        for op, sign in OPERATORS.items():
            self._op.addItem(sign, op)
        event.addWidget(self._variable, 3)
        event.addWidget(self._op)
        event.addWidget(self._value, 1)
        self._row("event", event)
        self._by.activated.connect(self._statistics)
        self._op.activated.connect(self._statistics)
        self._variable.textChanged.connect(self._statistics)
        self._value.textChanged.connect(self._statistics)

    def _build_right(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(8)
        card = QFrame(self)
        card.setProperty("part", "card")
        self._told = QVBoxLayout(card)
        self._told.setContentsMargins(16, 10, 16, 10)
        self._told.setSpacing(4)
        column.addWidget(card)
        self._problem = text("study_data_problem", self, wrap=True)
        self._problem.hide()
        column.addWidget(self._problem)
        self._working = text("study_data_working", self, "muted", wrap=True)
        self._bar = QProgressBar(self)
        self._bar.setObjectName("study_data_bar")
        self._bar.setAccessibleName(self.say("study_data.progress"))
        self._working.hide()
        self._bar.hide()
        column.addWidget(self._working)
        column.addWidget(self._bar)
        self._area = QScrollArea(self)
        self._area.setObjectName("study_data_pages")
        self._area.setAccessibleName(self.say("study_data.report"))
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        column.addWidget(self._area, 1)
        self._show_report(None)
        return column

    def _bind_model(self) -> None:
        model = self.model
        model.studies_read.connect(self._show_studies)
        model.options_read.connect(self._show_options)
        model.preview_changed.connect(self._show_preview)
        model.report_changed.connect(self._show_report)
        model.working_changed.connect(self._show_working)
        model.progressed.connect(self._progress)
        model.field_error.connect(self._tell)
        model.folder_asked.connect(self._ask_folder)
        model.file_asked.connect(self._ask_file)
        model.command_asked.connect(self._ask)
        self._study.activated.connect(lambda _at: model.choose_study(self._chosen_study()))
        for name, boxes in (("kinds", self._kinds), ("sexes", self._sexes)):
            for box in boxes.values():
                box.toggled.connect(
                    lambda _on, name=name, boxes=boxes: model.choose(**{name: _ticked(boxes)})
                )
        for name, listed in (("visits", self._visits), ("arms", self._arms), ("sites", self._sites)):
            listed.itemChanged.connect(
                lambda _item, name=name, listed=listed: model.choose(**{name: _checked(listed)})
            )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the pages of the report to the new width."""
        super().resizeEvent(event)
        if self._shown is not None:
            QTimer.singleShot(0, self._fit)

    @Slot()
    def _fit(self) -> None:
        self._show_report(self._shown)

    def focus_first(self) -> None:
        """Begin with the study."""
        self._study.setFocus()

    def _row(self, name: str, field: Any) -> None:
        self._form.addRow(self.say(f"study_data.{name}"), field)

    def _combo(self, name: str, side: QWidget) -> QComboBox:
        box = QComboBox(side)
        box.setObjectName(f"study_data_{name}")
        box.setAccessibleName(self.say(f"study_data.{name}"))
        self._row(name, box)
        return box

    def _line(self, name: str, side: QWidget) -> QLineEdit:
        line = QLineEdit(side)
        line.setObjectName(f"study_data_{name}")
        line.setAccessibleName(self.say(f"study_data.{name}"))
        line.setPlaceholderText(self.say(f"study_data.{name}.hint"))
        return line

    def _checks(self, name: str, side: QWidget, entries: Any, *, on: bool = False) -> dict[str, QCheckBox]:
        grid = QGridLayout()
        grid.setVerticalSpacing(0)
        made = {}
        for at, (value, code) in enumerate(entries):
            box = QCheckBox(self.say(code), side)
            box.setObjectName(f"study_data_{name}_{value}")
            box.setChecked(on)
            grid.addWidget(box, at // 2, at % 2)
            made[value] = box
        self._row(name, grid)
        return made

    def _list(self, name: str, side: QWidget) -> QListWidget:
        listed = QListWidget(side)
        listed.setObjectName(f"study_data_{name}")
        listed.setAccessibleName(self.say(f"study_data.{name}"))
        listed.setTabKeyNavigation(False)
        self._row(name, listed)
        return listed

    def _chosen_study(self) -> Id | None:
        value = self._study.currentData()
        return None if value is None else Id(value)

    @Slot(object)
    def _show_studies(self, studies: list[StudyRow]) -> None:
        self._study.clear()
        for one in studies:
            self._study.addItem(f"{one.code}　{one.name}", str(one.id))
        if self.model.study is not None:
            self._study.setCurrentIndex(self._study.findData(str(self.model.study.id)))

    @Slot(object)
    def _show_options(self, options: Options) -> None:
        for listed, entries in (
            (self._visits, options.visits), (self._arms, options.arms), (self._sites, options.sites)
        ):  # fmt: skip
            listed.blockSignals(True)
            listed.clear()
            for code, name in entries:
                item = QListWidgetItem(f"{code}　{name}", listed)
                item.setData(Qt.ItemDataRole.UserRole, code)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Unchecked)
            listed.setFixedHeight(ROW_PX * min(max(len(entries), 1), 3) + 4)
            self._form.setRowVisible(listed, bool(entries))
            listed.blockSignals(False)

    @Slot(object, str)
    def _show_preview(self, preview: ExportPreview | None, why: str) -> None:
        while self._told.count():
            self._told.takeAt(0).widget().deleteLater()
        lines = [(why, "warning")] if preview is None else self.model.preview_lines(preview)
        for at, (sentence, tone) in enumerate(lines):
            label = text(f"study_data_told_{at}", self, "subtitle" if not at and preview else "", wrap=True)
            label.setText(sentence)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            if tone:
                set_tone(label, tone)
            self._told.addWidget(label)
        self._tell("", "")

    @Slot(object)
    def _show_report(self, report: Report | None) -> None:
        self._shown = report
        room = max(self._area.viewport().width() - PAGE_MARGIN, LEAST_PAGE)
        sheet = QWidget(self._area)
        column = QVBoxLayout(sheet)
        column.setContentsMargins(8, 8, 8, 8)
        pages = () if report is None else report.pages
        for number, page in enumerate(pages, 1):
            label = QLabel(sheet)
            picture = QPixmap.fromImage(page)
            if picture.width() > room:  # a page is read from top to bottom, never from side to side
                picture = picture.scaledToWidth(room, Qt.TransformationMode.SmoothTransformation)
            label.setPixmap(picture)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            label.setAccessibleName(self.say("study_data.page", number=number, count=len(pages)))
            column.addWidget(label)
        if report is None:
            hint = text("study_data_hint", sheet, "muted", wrap=True)
            hint.setText(self.say("study_data.hint"))
            column.addWidget(hint)
        column.addStretch(1)
        self._area.setWidget(sheet)

    @Slot(str)
    def _show_working(self, sentence: str) -> None:
        self._working.setText(sentence)
        self._working.setVisible(bool(sentence))
        self._bar.setVisible(bool(sentence))
        self._bar.setRange(0, 0)

    @Slot(int, int)
    def _progress(self, done: int, of: int) -> None:
        self._bar.setRange(0, of)
        self._bar.setValue(done)

    @Slot()
    def _days(self) -> None:
        self.model.set_days(self._since.text(), self._until.text())

    @Slot()
    def _terms(self) -> None:
        self._tell("", "")
        self.model.choose_terms(
            formats=_ticked(self._formats), use=ConsentUse(self._use.currentData()),
            identified=self._identified.isChecked(), purpose=self._purpose.text(),
        )  # fmt: skip

    @Slot()
    def _statistics(self) -> None:
        self.model.choose_statistics(
            self._by.currentData(), self._variable.text(), self._op.currentData(), self._value.text()
        )

    @Slot(str, str)
    def _tell(self, field: str, sentence: str) -> None:
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))
        set_tone(self._problem, "danger" if sentence else "")
        at_fault = {
            "purpose": self._purpose, "since": self._since, "until": self._until, "event": self._variable,
            "identified": self._identified,
        }.get(field)  # fmt: skip
        if at_fault is not None and sentence:
            at_fault.setFocus()

    @Slot()
    def _ask_folder(self) -> None:
        self.model.export(
            QFileDialog.getExistingDirectory(self, self.say("study_data.where"), self.model.folder)
        )

    @Slot(str)
    def _ask_file(self, name: str) -> None:
        path, _ = QFileDialog.getSaveFileName(self, self.say("study_data.save"), name, "*.pdf")
        self.model.save(path)

    @Slot(object, dict)
    def _ask(self, command: Command, given: dict[str, Any]) -> None:
        dialog = CommandDialog(self.context, command, given, self)
        dialog.completed.connect(lambda _done: self.model.toast("study_data.requested", "success"))
        dialog.open()


def _ticked(boxes: dict[str, QCheckBox]) -> list[str]:
    return [value for value, box in boxes.items() if box.isChecked()]


def _checked(listed: QListWidget) -> list[str]:
    items = [listed.item(at) for at in range(listed.count())]
    return [i.data(Qt.ItemDataRole.UserRole) for i in items if i.checkState() is Qt.CheckState.Checked]
