"""From the id of a page to its widget; views are imported when they are first opened."""

import importlib
import uuid
from typing import Any

from PySide6.QtWidgets import QWidget

from client.navigation import BUILT_IN, RECORD_PAGES
from client.station import Context
from client.stations import model_class, stations, view_class
from client.views.page import PageView
from domain.kernel.errors import DomainError


def build_page(page: str, context: Context, parent: QWidget | None = None) -> PageView:
    """Return the widget of a page.

    Args:
        page: A station's id, ``worklist:<name>``, ``record:<entity>:<id>``, ``form:<entity>:<id>`` or a built-in
            page (``sync``).
        context: For whom.
        parent: Where it will be shown; a later change of parent works out all styles anew.

    Raises:
        DomainError: ``page.unknown``, or ``permission.denied`` for a page the person may not see.
    """
    from domain.kernel.worklists import worklists

    kind, _, rest = page.partition(":")
    if page in stations():
        context.actor.check(stations()[page].permission)
        view: PageView = view_class(page)(model_class(page)(context), parent)
        return view
    if kind == "worklist" and rest in worklists():
        context.actor.check(worklists()[rest].permission)
        return _built("worklist", context, parent, rest)
    if kind in RECORD_PAGES:
        return _of_record(kind, rest, context, parent)
    needed = {name: permission for name, _, _, permission in BUILT_IN}.get(page)
    if needed is not None:
        context.actor.check(needed)
        return _built(page, context, parent)
    raise DomainError("page.unknown", page=page)


def first_page(page: str, context: Context, parent: QWidget | None = None) -> Any:
    """Return what a station shows until the store is joined (``first/view.py`` of its folder), None without one."""
    if page not in stations() or not stations()[page].first:
        return None
    context.actor.check(stations()[page].permission)
    return importlib.import_module(f"client.stations.{page}.first.view").FirstView(context, parent)


def _of_record(page: str, rest: str, context: Context, parent: QWidget | None) -> PageView:
    from domain.kernel.record import record_classes

    entity, _, record_id = rest.partition(":")
    if entity not in record_classes():
        raise DomainError("page.unknown", page=f"{page}:{rest}")
    return _built(page, context, parent, entity, uuid.UUID(record_id))


def _built(name: str, context: Context, parent: QWidget | None, *arguments: object) -> PageView:
    model = importlib.import_module(f"client.pages.{name}.viewmodel").ViewModel(context, *arguments)
    built: PageView = importlib.import_module(f"client.pages.{name}.view").View(model, parent)
    return built
