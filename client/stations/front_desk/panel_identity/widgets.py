"""A list of people to pick from by number key, and the line that tells two of them apart."""

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem

from client.stations.front_desk.finding import Person


class PersonList(QListWidget):
    """People with a number key each; a digit or Enter takes one."""

    picked = Signal(int)

    def show_people(self, people: Any, describe: Any) -> None:
        """Show these people."""
        self.clear()
        for number, person in enumerate(people, 1):
            self.addItem(QListWidgetItem(f"{number}   {describe(person)}"))
        self.setVisible(bool(people))
        if people:
            self.setCurrentRow(0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take digits and Enter; the rest moves in the list."""
        if event.text().isdigit() and event.text() != "0":
            self.picked.emit(int(event.text()))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentRow() >= 0:
            self.picked.emit(self.currentRow() + 1)
        else:
            super().keyPressEvent(event)


def describe(person: Person, context: Any) -> str:
    """Return one line that tells two people of one name apart."""
    birth = person.birth_date.isoformat() if person.birth_date else ""
    tail = f"···{person.id_number[-4:]}" if person.id_number else ""
    parts = (
        person.name,
        context.say(f"front_desk.sex.{person.sex}"),
        birth,
        tail,
        person.phone,
        person.number,
    )
    return "    ".join(part for part in parts if part)
