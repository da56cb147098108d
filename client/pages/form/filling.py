"""One form being filled in, page by page, as lines a screen can show; no Qt."""

import re
from collections.abc import Callable
from typing import Any

from client.pages.form.extras import FilesAndSignatures
from client.pages.form.lines import SIGN, Line, Refused, in_a_line, in_words
from client.stations.front_desk.asking import Choice, options_of, toggled, with_text
from domain.kernel.errors import DomainError
from forms.attachments import limit_of, told_types
from forms.nodes import Place
from forms.pages import Page, gaps_through, next_missing, page_of, pages_of
from forms.prefill import unconfirmed
from forms.questionnaire import Item, ItemType
from forms.session import FormSession
from forms.values import Attachment, same, shown

_SEVERAL = re.compile("[;；]")


class Filling(FilesAndSignatures):
    """The open page of a form, what is said beside each question, and the way on.

    Args:
        session: The form with its answers so far.
        say: The catalogue.
        explain: Sentence of a refusal.
    """

    def __init__(
        self, session: FormSession, say: Callable[..., str], explain: Callable[[DomainError], str]
    ) -> None:
        super().__init__(session, say, explain)
        self._pages: list[Page] | None = None
        self._lines: list[Line] | None = None
        self._reminded: set[str] = set()
        place = next_missing(session)
        self._number = (page_of(session, place) or 0) if place is not None else 0

    def pages(self) -> list[Page]:
        """Return the pages that are asked now."""
        if self._pages is None:
            self._pages = pages_of(self.session)
        return self._pages

    def _changed(self) -> None:
        """Forget what was worked out for the screen: an answer may change any page."""
        self._pages = self._lines = None

    @property
    def number(self) -> int:
        """Which page is open, from 0; answers may take pages away."""
        return max(0, min(self._number, len(self.pages()) - 1))

    def lines(self) -> list[Line]:
        """Return the lines of the open page."""
        if self._lines is None:
            self._lines = self._work_out() if self.pages() else []
        return self._lines

    def _work_out(self) -> list[Line]:
        pages = self.pages()
        page = pages[self.number]
        problems, warnings = self._sentences(page), self._warnings()
        found: list[Line] = []
        for place in page.places:
            line = self._line(place, page, problems.get(place, ""), warnings.get(place, ""))
            found += [line] if line else []
            item = self.session.item(place.link_id)
            if item.signature_required:
                found.append(self.to_sign(place, item.text, problems.get(place, "")))
        return [*found, *self.at_the_end()] if self.is_last else found

    def general(self) -> list[str]:
        """Return what is wrong with the form as a whole."""
        return [self._say(p.code, **p.facts) for p in self.session.problems() if not p.link_id]

    def pick(self, place: Place, key: int) -> bool:
        """Choose or take back the option of a number key; returns whether the answer was taken."""
        item = self.session.item(place.link_id)
        options = self._options(item, place)
        if not 1 <= key <= len(options):
            return False
        value = options[key - 1][1]
        if self._kind(item, options) == "choice":
            return self._set(place, (value,))
        return self._set(place, toggled(item, self.session.answers(*place), value))

    def type(self, place: Place, text: str) -> bool:
        """Take typed text; False if the question does not take it, which is then said beside it."""
        item = self.session.item(place.link_id)
        if item.type is ItemType.OPEN_CHOICE:
            return self._set(place, with_text(item, self.session.answers(*place), text), text)
        if text.strip() == self._typed(item, place) and place not in self._refused:
            return True
        parts = _SEVERAL.split(text) if item.repeats and not item.is_container else [text]
        return self._set(place, tuple(part.strip() for part in parts), text)

    def clear(self, place: Place) -> bool:
        """Take an answer back."""
        return self._set(place, ())

    def confirm(self, place: Place) -> bool:
        """Let a prefilled answer stand because a person has left it so; tells whether that is new."""
        if place.link_id.startswith("~") or place.link_id.endswith(SIGN):
            return False
        provenance = self.session.provenance(*place)
        if provenance is None or provenance.confirmed:
            return False
        self.session.confirm(*place)
        self._changed()
        return True

    def add(self, place: Place) -> Place:
        """Add an instance behind one of a repeating group; returns its place."""
        self.session.add_instance(place.link_id, place.at[:-1])
        self._changed()
        return Place(
            place.link_id, (*place.at[:-1], self.session.instances(place.link_id, place.at[:-1]) - 1)
        )

    def remove(self, place: Place) -> None:
        """Take one instance of a repeating group away with its answers."""
        self.session.remove_instance(*place)
        self._refused.clear()
        self._changed()

    def forward(self) -> Place | None:
        """Go to the next page, or stay once where something is missing or wrong; returns that place."""
        page = self.pages()[self.number]
        waiting = self._waiting(page)
        if waiting is not None and page.link_id not in self._reminded:
            self._reminded.add(page.link_id)
            self._changed()
            return waiting
        self._pass(page)
        self._number = self.number + 1
        self._changed()
        return None

    def open_page(self, number: int) -> None:
        """Open a page by its number from 0; one that is not there is the nearest."""
        self._number = number
        self._changed()

    def back(self) -> bool:
        """Go to the page before; False on the first."""
        if self.number == 0:
            return False
        self._number = self.number - 1
        self._changed()
        return True

    @property
    def is_last(self) -> bool:
        """Whether the open page is the last one."""
        return self.number >= len(self.pages()) - 1

    def finish(self) -> Place | None:
        """Return None if the form can be handed in, else where it cannot: its page is then open and told."""
        pages = self.pages()
        if pages:
            self._pass(pages[self.number])
        refused = (place for place in self.blocking() if page_of(self.session, place) is not None)
        place = next(refused, None) or next_missing(self.session)
        if place is not None:
            self._reminded |= {page.link_id for page in pages}
            self._number = page_of(self.session, place) or 0
        self._changed()
        return place

    def gaps(self) -> int:
        """Return how many answers are missing or wrong on the pages gone through, the open one included."""
        return gaps_through(self.pages(), self.number) + len(self.blocking())

    def missing(self) -> int:
        """Return how many answers are missing in the whole form."""
        return len(self.session.missing_places())

    def _waiting(self, page: Page) -> Place | None:
        bad = [place for place in page.places if place in self.blocking()]
        wrong = {Place(p.link_id, p.at) for p in self.session.problems()}
        return next((place for place in page.places if place in bad or place in wrong), None)

    def _pass(self, page: Page) -> None:
        on_page = set(page.places)
        for place in unconfirmed(self.session):
            if place in on_page:
                self.session.confirm(*place)

    def _set(self, place: Place, values: tuple[Any, ...], typed: str = "") -> bool:
        try:
            self.session.set_answer(place.link_id, *values, at=place.at)
        except DomainError as error:
            self._refused[place] = Refused(typed, self._explain(error))
            return False
        else:
            self._refused.pop(place, None)
            return True
        finally:
            self._changed()

    def _sentences(self, page: Page) -> dict[Place, str]:
        found: dict[Place, str] = {}
        for problem in self.session.problems():
            if problem.code != "form.required" or page.link_id in self._reminded:
                found.setdefault(Place(problem.link_id, problem.at), self._say(problem.code, **problem.facts))
        return found | {place: refused.reason for place, refused in self._refused.items()}

    def _warnings(self) -> dict[Place, str]:
        found: dict[Place, str] = {}
        for one in self.session.warnings():
            found.setdefault(Place(one.link_id, one.at), self._say(one.code, **one.facts))
        return found

    def _line(self, place: Place, page: Page, problem: str, warning: str) -> Line | None:
        item = self.session.item(place.link_id)
        if item.type is ItemType.GROUP:
            if item.is_container:
                count = self.session.instances(place.link_id, place.at[:-1])
                return Line(
                    place, "group", item.text, problem=problem, instance=place.at[-1] + 1, instances=count
                )
            is_title = place.link_id == page.link_id
            return Line(place, "group", item.text, problem=problem) if item.text and not is_title else None
        if item.type is ItemType.DISPLAY:
            return Line(place, "note", item.text)
        return self._question(item, place, problem, warning)

    def _question(self, item: Item, place: Place, problem: str, warning: str) -> Line:
        text = f"{item.prefix} {item.text}".strip()
        unit = item.unit.display if item.unit else ""
        if not self.session.is_to_answer(place):
            told = self._typed(item, place)
            return Line(place, "told", text, answer=told, unit=unit, problem=problem, warning=warning)
        if item.type is ItemType.ATTACHMENT:
            limit = limit_of(item) // 1_000_000
            files = tuple(
                in_a_line(one) for one in self.session.answers(*place) if isinstance(one, Attachment)
            )
            hint = self._say("form_page.file_hint", allowed=told_types(item), limit=limit)
            return Line(
                place,
                "file",
                f"{text}（{hint}）",
                item.required,
                problem=problem,
                warning=warning,
                files=files,
            )
        if item.type is ItemType.REFERENCE:
            return Line(
                place, "told", text, item.required, answer=self._say("form_page.not_here"), problem=problem
            )
        options = self._options(item, place)
        answers = self.session.answers(*place)
        choices = tuple(
            Choice(n, label, any(same(value, a) for a in answers))
            for n, (label, value) in enumerate(options, 1)
        )
        refused = self._refused.get(place)
        free = [a for a in answers if not any(same(value, a) for _, value in options)]
        words = refused.typed if refused else "；".join(map(shown, free))
        return Line(
            place, self._kind(item, options), text, item.required, choices, words, unit,
            problem, warning, self._origin(place),
        )  # fmt: skip

    def _origin(self, place: Place) -> str:
        provenance = self.session.provenance(*place)
        if provenance is None:
            return ""
        code = "form_page.origin.confirmed" if provenance.confirmed else "form_page.origin.open"
        return self._say(code, source=provenance.source, at=provenance.at)

    def _options(self, item: Item, place: Place) -> list[tuple[str, Any]]:
        if item.type is ItemType.BOOLEAN:
            return options_of(item, self._say)
        return [(option.label, option.value) for option in self.session.options(*place)]

    def _typed(self, item: Item, place: Place) -> str:
        return in_words(self.session.answers(*place), self._say)

    @staticmethod
    def _kind(item: Item, options: list[tuple[str, Any]]) -> str:
        if item.type is ItemType.OPEN_CHOICE:
            return "open"
        if not options:
            return "text"
        return "choices" if item.repeats else "choice"
