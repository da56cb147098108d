"""The designer with its window, and what an administrator does with it."""

from PySide6.QtCore import QCoreApplication, QEvent, Qt

from client.pages.designer.view import View
from client.pages.designer.viewmodel import ViewModel
from domain.designs.commands import CreateDesign

PATIENCE_MS = 20_000


class Designing:
    """A page with its window."""

    def __init__(self, qtbot, context, pages, design_id=None, title="头晕随访", **more):
        self.qtbot, self.context, self.pages = qtbot, context, pages
        if design_id is None:
            order = CreateDesign(title=title, **more)
            design_id = context.desk.dispatcher.run(order, context.actor).receipt
        self.id = design_id
        self.said = []
        self.model = ViewModel(context, "form_design", design_id)
        self.model.message.connect(lambda sentence, tone: self.said.append(sentence))
        self.view = View(self.model)
        self.view.resize(1366, 700)
        self.view.show()
        qtbot.waitExposed(self.view)
        self.view.activateWindow()
        self.model.on_open()
        self.settle()

    def settle(self):
        """Wait until everything is kept and checked."""
        quiet = self.model._quiet
        for _ in range(3):
            self.qtbot.waitUntil(
                lambda: not self.context.jobs.busy and not quiet.isActive(), timeout=PATIENCE_MS
            )
            QCoreApplication.processEvents()

    def key(self, key, modifier=Qt.KeyboardModifier.NoModifier, widget=None):
        self.qtbot.keyClick(widget or self.view.focusWidget() or self.view, key, modifier)
        self.settle()

    def field(self, name):
        return self.view.findChild(object, name)

    def write(self, name, text):
        """Type into a field and leave it."""
        widget = self.field(name)
        widget.setFocus()
        if hasattr(widget, "selectAll"):
            widget.selectAll()
        self.qtbot.keyClicks(widget, text)
        self.view.outline.setFocus()
        self.settle()

    def links(self):
        from forms.designing.tree import walk

        return [item["linkId"] for _, item in walk(self.model.sketch.state.resource)]

    def close(self):
        self.settle()
        self.model.close()
        self.settle()
        self.view.close()
        self.view.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
