"""Pages of a form, how far each is, and where the next missing answer stands."""

from dataclasses import dataclass

from forms.nodes import Place
from forms.questionnaire import Item, ItemType, Questionnaire
from forms.session import FormSession

_TABS = ("tab-container",)


@dataclass(frozen=True)
class Page:
    """One page as it is now.

    Attributes:
        link_id: The group that makes the page; ``""`` for questions that stand outside of any.
        places: What is asked on it now, in order, groups and displays included.
        answered: Answered of the questions that a person answers.
        missing: Where a required answer is missing.
        wrong: How many answers keep the form from being finished, missing ones not counted.
    """

    link_id: str
    title: str
    places: tuple[Place, ...]
    answered: int
    total: int
    missing: tuple[Place, ...]
    wrong: int


def page_groups(form: Questionnaire) -> list[tuple[str, str, tuple[Item, ...]]]:
    """Return link id, title and items of each page.

    Groups marked as page make the pages; else the tabs of a form that is one tab container; else the top-level
    groups. Questions between them are pages of their own; a form without groups is one page.
    """
    marked = [item for item in form.items if item.type is ItemType.GROUP and item.control == "page"]
    items = form.items
    if (
        len(items) == 1
        and items[0].type is ItemType.GROUP
        and (items[0].control in _TABS or _paged(items[0]))
    ):
        items = items[0].items
        marked = [item for item in items if item.control == "page"]
    pages: list[tuple[str, str, tuple[Item, ...]]] = []
    loose: list[Item] = []
    for item in items:
        alone = item.type is ItemType.GROUP and (item in marked or not marked)
        if not alone:
            loose.append(item)
            continue
        if loose:
            pages.append(("", form.title, tuple(loose)))
            loose = []
        pages.append((item.link_id, item.text or form.title, (item,)))
    if loose:
        pages.append(("", form.title, tuple(loose)))
    return pages


def _paged(item: Item) -> bool:
    return any(child.type is ItemType.GROUP and child.control == "page" for child in item.items)


def pages_of(session: FormSession) -> list[Page]:
    """Return the pages that have something to show now, each with its progress."""
    owner: dict[str, int] = {}
    groups = page_groups(session.form)
    for number, (_, _, items) in enumerate(groups):
        for item in items:
            owner |= dict.fromkeys((below.link_id for below in item.walk()), number)
    places: list[list[Place]] = [[] for _ in groups]
    for place in session.places():
        if place.link_id in owner:
            places[owner[place.link_id]].append(place)
    missing: list[list[Place]] = [[] for _ in groups]
    wrong = [0] * len(groups)
    for problem in session.problems():
        number = owner.get(problem.link_id, -1)
        if number >= 0 and problem.code == "form.required":
            missing[number].append(Place(problem.link_id, problem.at))
        elif number >= 0:
            wrong[number] += 1
    found = []
    for number, (link_id, title, _) in enumerate(groups):
        asked = [place for place in places[number] if session.is_to_answer(place)]
        answered = sum(bool(session.answers(*place)) for place in asked)
        if places[number]:
            found.append(
                Page(
                    link_id,
                    title,
                    tuple(places[number]),
                    answered,
                    len(asked),
                    tuple(missing[number]),
                    wrong[number],
                )
            )
    return found


def gaps_through(pages: list[Page], number: int) -> int:
    """Return how many answers are missing or wrong on the pages up to one, itself included."""
    return sum(len(page.missing) + page.wrong for page in pages[: number + 1])


def next_missing(session: FormSession, after: Place | None = None) -> Place | None:
    """Return where to go on: the next required answer behind a place, from the beginning again after the last.

    Where nothing is missing, it is the next answer that is wrong; None if the form can be finished.
    """
    problems = session.problems()
    required = [Place(p.link_id, p.at) for p in problems if p.code == "form.required"]
    waiting = required or [Place(p.link_id, p.at) for p in problems if p.link_id]
    if not waiting:
        return None
    order = {place: rank for rank, place in enumerate(session.places())}
    here = order.get(after, -1) if after is not None else -1
    behind = [place for place in waiting if order.get(place, -1) > here]
    return (behind or waiting)[0]


def page_of(session: FormSession, place: Place) -> int | None:
    """Return the number of the page (0-based, as `pages_of` lists them) on which a place stands."""
    for number, page in enumerate(pages_of(session)):
        if place in page.places:
            return number
    return None
