"""Menus made from a list; each entry carries its name as data."""

from collections.abc import Iterable

from PySide6.QtWidgets import QMenu, QWidget


def numbered_menu(name: str, entries: Iterable[tuple[str, str, bool]], parent: QWidget) -> QMenu:
    """Return a menu of (label, name, enabled), each chosen by its digit."""
    menu = QMenu(parent)
    menu.setObjectName(name)
    for number, (label, data, enabled) in enumerate(entries, start=1):
        entry = menu.addAction(f"&{number}  {label}")
        entry.setEnabled(enabled)
        entry.setData(data)
    return menu


def checked_menu(name: str, entries: Iterable[tuple[str, str, bool]], parent: QWidget) -> QMenu:
    """Return a menu of (label, name, checked)."""
    menu = QMenu(parent)
    menu.setObjectName(name)
    for label, data, checked in entries:
        entry = menu.addAction(label)
        entry.setCheckable(True)
        entry.setChecked(checked)
        entry.setData(data)
    return menu
