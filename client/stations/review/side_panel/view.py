"""Around a case: the history of its review, the questionnaire, earlier reports, attachments and how far they are."""

from html import escape
from typing import Any

from PySide6.QtCore import Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QTabWidget, QTextBrowser, QWidget

from client.appearance import COLOURS
from client.stations.review.anchors import FIELDS
from client.stations.review.case import AttachmentRow, Case, StepRow
from client.stations.review.text_panel.widgets import shortened
from client.stations.review.versions import Mark, Piece, compare
from domain.checkup.workflow import HEAD_OFFICE

TABS = ("history", "versions", "answers", "earlier", "files")


class SidePanel(QTabWidget):
    """Tabs with what is in them told by their numbers; only the one looked at is filled."""

    file_chosen = Signal(int)
    """The number of the file in the case that somebody wants to see."""

    def __init__(self, model: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self.model = model
        self._case: Case | None = None
        self._filled: set[int] = set()
        self.setObjectName("side_panel")
        self.setDocumentMode(True)
        say = model.context.say
        self._pages: list[QTextBrowser | QListWidget] = []
        for name in TABS:
            page = self._list() if name == "files" else self._text()
            page.setObjectName(f"side_{name}")
            page.setAccessibleName(say(f"review.tab.{name}", count="").strip())
            self._pages.append(page)
            self.addTab(page, say(f"review.tab.{name}", count=0))
        self.currentChanged.connect(self._fill)
        model.looking.file_ready.connect(self._open)

    def _text(self) -> QTextBrowser:
        browser = QTextBrowser(self)
        browser.setOpenLinks(False)
        return browser

    def _list(self) -> QListWidget:
        files = QListWidget(self)
        files.itemActivated.connect(self._activated)
        return files

    def show_case(self, case: Case) -> None:
        """Show what belongs to a case."""
        counts = (
            len(case.steps),
            len(case.versions),
            len(case.answers),
            len(case.earlier),
            len(case.attachments),
        )
        for number, (name, count) in enumerate(zip(TABS, counts, strict=True)):
            self.setTabText(number, self.model.context.say(f"review.tab.{name}", count=count))
        another = self._case is None or self._case.visit_id != case.visit_id
        self._case = case
        self._filled.clear()
        if another:  # who looks at a corrected text again looks at what changed
            again = case.revision > 1 and case.state in HEAD_OFFICE
            self.setCurrentIndex(TABS.index("versions" if again else "history"))
        self._fill(self.currentIndex())

    @Slot(int)
    def _fill(self, number: int) -> None:
        if self._case is None or number in self._filled:
            return
        self._filled.add(number)
        page, name = self._pages[number], TABS[number]
        if isinstance(page, QListWidget):
            self._show_files(page, self._case.attachments)
            return
        html = {
            "history": self._history,
            "versions": self._versions,
            "answers": self._answers,
            "earlier": self._earlier,
        }[name](self._case)
        page.setHtml(html or self._muted(self.model.context.say(f"review.{name}.none")))

    def _history(self, case: Case) -> str:
        return "".join(self._step(s) for s in reversed(case.steps))

    def _step(self, step: StepRow) -> str:
        say = self.model.context.say
        tone = {"return": "warning", "sign": "success", "pass": "success"}.get(step.action, "text")
        action = say(f"review.step.{step.action}")
        level = "" if step.action == "submit" else step.level
        head = say("review.step.head", level=level, action=action, name=step.name, title=step.title).strip()
        at = self.model.context.formatter.short_moment(step.at, self.model.context.desk.clock())
        when = say("review.step.when", at=at, revision=step.revision)
        lines = [f'<b style="color:{COLOURS[tone].name()}">{escape(head)}</b>　{self._small(when)}']
        if step.quoted:
            lines.append(self._small(say("review.returned_at", quoted=shortened(step.quoted))))
        if step.remark:
            lines.append(escape(step.remark).replace("\n", "<br>"))
        return f'<p style="margin:0 0 8px 0">{"<br>".join(lines)}</p>'

    def _versions(self, case: Case) -> str:
        """Return the last two texts side by side, changed lines alone; the newer one on the right."""
        if len(case.versions) < 2:
            return ""
        say, (old, new) = self.model.context.say, case.versions[-2:]
        moment, now = self.model.context.formatter.short_moment, self.model.context.desk.clock()
        heads = [
            escape(say("review.version.head", revision=v.revision, name=v.name, at=moment(v.at, now)))
            for v in (old, new)
        ]
        rows = [f"<tr>{''.join(f'<td width=50%><b>{head}</b></td>' for head in heads)}</tr>"]
        for field in FIELDS:
            title = escape(say(f"review.{field}"))
            lines = compare(getattr(old, field), getattr(new, field))
            same = sum(line.same for line in lines)
            told = self._small(f"{title}　{say('review.version.same', count=same)}")
            rows.append(f'<tr><td colspan="2">{told}</td></tr>')
            rows += [
                f"<tr><td>{self._pieces(line.before)}</td><td>{self._pieces(line.after)}</td></tr>"
                for line in lines
                if not line.same
            ]
        return f'<table width="100%" cellspacing="0" cellpadding="3">{"".join(rows)}</table>'

    def _pieces(self, pieces: tuple[Piece, ...] | None) -> str:
        """Return a line with what is gone struck out and what is new underlined: never by colour alone."""
        if pieces is None:
            return self._small("—")
        tags = {
            Mark.SAME: "{0}",
            Mark.GONE: f'<s style="color:{COLOURS["danger"].name()}">{{0}}</s>',
            Mark.NEW: f'<u style="color:{COLOURS["success"].name()}"><b>{{0}}</b></u>',
        }
        return "".join(tags[mark].format(escape(text)) for mark, text in pieces)

    def _answers(self, case: Case) -> str:
        rows = []
        for row in case.answers:
            if not row.answer:
                rows.append(f'<p style="margin:8px 0 2px 0"><b>{escape(row.question)}</b></p>')
            else:
                rows.append(
                    f'<p style="margin:0 0 3px 0">{self._small(row.question)}<br>{escape(row.answer)}</p>'
                )
        return "".join(rows)

    def _earlier(self, case: Case) -> str:
        say = self.model.context.say
        found = []
        for report in case.earlier:
            head = say(
                "review.earlier.head", day=report.visit_day, number=report.number, state=report.state_label
            )
            text = escape(report.conclusion).replace("\n", "<br>")
            advice = escape(report.advice).replace("\n", "<br>")
            found.append(
                f'<p style="margin:0 0 10px 0"><b>{escape(head)}</b><br>{text}<br>{self._muted(advice)}</p>'
            )
        return "".join(found)

    def _show_files(self, page: QListWidget, rows: tuple[AttachmentRow, ...]) -> None:
        say, size = self.model.context.say, self.model.wording.size
        page.clear()
        if not rows:
            item = QListWidgetItem(say("review.files.none"))
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            page.addItem(item)
        for row in rows:
            state = say("review.file.here", size=size(row.size))
            if not row.here:
                state = say(
                    "review.file.on_its_way", done=size(row.done), size=size(row.size),
                    reason=self.model.wording.explain_code(row.reason),
                )  # fmt: skip
            item = QListWidgetItem(f"{row.name}　{state}")
            item.setForeground(COLOURS["text" if row.here else "warning"])
            page.addItem(item)

    @Slot(QListWidgetItem)
    def _activated(self, item: QListWidgetItem) -> None:
        row = self._pages[TABS.index("files")].row(item)  # type: ignore[union-attr]
        if self._case is not None and self._case.clear and 0 <= row < len(self._case.attachments):
            self.file_chosen.emit(row)

    @Slot(object)
    def _open(self, path: Any) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))

    def _small(self, text: str) -> str:
        return f'<span style="color:{COLOURS["muted"].name()};font-size:12px">{escape(text)}</span>'

    def _muted(self, html: str) -> str:
        return f'<span style="color:{COLOURS["muted"].name()}">{html}</span>'
