"""Answers carried from one filled-in form into another: to a new version, or out of a composite into its parts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from domain.kernel.errors import DomainError
from forms.nodes import Place
from forms.questionnaire import Answer, Item
from forms.session import FormSession


@dataclass(frozen=True)
class Carried:
    """One answered question of the old form and what became of it.

    Attributes:
        place: Where it stood.
        item: Its item there.
        answers: What was answered.
        target: Where it stands now; None if it was not taken.
        reason: Code of why it was not taken: ``form.unknown_item`` if nothing asks for it any more.
    """

    place: Place
    item: Item
    answers: tuple[Answer, ...]
    target: Place | None
    reason: str = ""


def carry(old: FormSession, new: FormSession, target_of: Callable[[Item], str | None]) -> Iterator[Carried]:
    """Put every answer that a person or a record gave into another form; yields what became of each.

    Also answers below items that are not asked just now are carried.
    """
    for place, answers in old.given_answers():
        item = old.item(place.link_id)
        link_id = target_of(item)
        if link_id is None:
            yield Carried(place, item, answers, None, "form.unknown_item")
            continue
        target = Place(link_id, place.at)
        try:
            new.make_room(target)
            new.carry_in(target, answers, old.provenance(*place))
        except DomainError as error:
            yield Carried(place, item, answers, None, error.code)
        else:
            yield Carried(place, item, answers, target)
