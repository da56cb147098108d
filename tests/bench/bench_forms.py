"""A form of 500 items with 100 expressions: opening it, each answer to the screen, and a full evaluation beside it.

Beside it runs fhirpathpy, its expressions compiled once, evaluating all of them over the whole response after an
answer, as an engine without dependencies has to. Both must come to the same results.
"""

import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import fhirpathpy
from fhirpathpy.models import models
from PySide6.QtWidgets import QApplication, QComboBox, QFormLayout, QLabel, QLineEdit, QWidget

from forms.nodes import Place
from forms.pages import pages_of
from forms.questionnaire_reader import parse_form
from forms.response import from_json, to_json
from forms.session import FormSession
from tests.bench.big_form import PAGES, answer_for, big_form
from tests.bench.goals import Goals, percentile

NOW = datetime(2026, 11, 29, 2, 0, tzinfo=UTC)
ANSWERS = 600


class Page:
    """One page of the form in the simplest widgets: a line for each question, what is wrong, and progress."""

    def __init__(self, live: FormSession, title: str, places: tuple[Place, ...]) -> None:
        self.live = live
        self.window = QWidget()
        self.window.resize(900, 1400)
        layout = QFormLayout(self.window)
        self.progress, self.wrong = QLabel(title), QLabel()
        layout.addRow(self.progress)
        self.fields: dict[Place, QWidget] = {}
        for place in places:
            question = live.item(place.link_id)
            field: QWidget = QComboBox() if question.options else QLineEdit()
            if isinstance(field, QComboBox):
                field.addItems([option.label for option in question.options])
            self.fields[place] = field
            layout.addRow(question.text, field)
        layout.addRow(self.wrong)
        for place in places:
            self._show(place)
        self.window.show()

    def _show(self, place: Place) -> None:
        field = self.fields[place]
        asked = self.live.is_enabled(*place)
        if field.isVisibleTo(self.window) != asked:
            field.setVisible(asked)
        answers = self.live.answers(*place)
        if isinstance(field, QLineEdit):
            field.setText("，".join(str(answer) for answer in answers))

    def answer(self, place: Place, value: Any) -> None:
        """Take an answer and show all that follows from it."""
        changes = self.live.set_answer(place.link_id, value, at=place.at)
        for touched in changes.touched & self.fields.keys():
            self._show(touched)
        progress = self.live.progress()
        self.progress.setText(f"{progress.answered}/{progress.total}")
        self.wrong.setText("".join(problem.code for problem in self.live.problems()[:3]))
        to_json(self.live.draft(NOW))


def answerable(live: FormSession) -> list[Place]:
    """Return the questions that a person may answer now."""
    return [
        place for place in live.places()
        if (question := live.item(place.link_id)).type.is_question and not question.read_only
    ]  # fmt: skip


def timed(work: Callable[[], Any], processor: list[float] | None = None) -> float:
    """Return the seconds that something took; `processor` gains those of the processor alone."""
    began, spent = time.perf_counter(), time.process_time()
    work()
    if processor is not None:
        processor.append(time.process_time() - spent)
    return time.perf_counter() - began


class Library:
    """All expressions of the form by fhirpathpy, compiled once, evaluated anew after every answer."""

    def __init__(self, resource: dict[str, Any]) -> None:
        def prepared(entry: dict[str, Any]) -> Any:
            # `weight()` is no function of that library: the same sum over the scores, which it finds in the codes.
            text = entry["valueExpression"]["expression"].replace(
                "answer.weight().sum()",
                "answer.value.code.select(iif($this.length() > 0, $this.toInteger())).sum()",
            )
            return fhirpathpy.compile(text, models["r4"])

        self._variables = [(one["valueExpression"]["name"], prepared(one)) for one in resource["extension"]]
        self._others = [
            (question["linkId"], prepared(rule))
            for page in resource["item"]
            for question in page["item"]
            for rule in question.get("extension", [])
            if "valueExpression" in rule
        ]

    def evaluate(self, response: dict[str, Any]) -> dict[str, Any]:
        """Return what every expression gives, by link id."""
        known: dict[str, Any] = {"resource": response}
        for name, run in self._variables:
            known[name] = run(response, known)
        return {link_id: run(response, known) for link_id, run in self._others}

    @property
    def count(self) -> int:
        return len(self._variables) + len(self._others)


def disagreements(live: FormSession, library: Library) -> int:
    """Return how many calculations differ between the live form and the library."""
    response = json.loads(to_json(live.response_now(NOW)), parse_float=Decimal)
    found = 0
    for link_id, values in library.evaluate(response).items():
        if live.item(link_id).calculated is None:
            continue
        mine = [float(str(answer)) for answer in live.answers(link_id)]
        theirs = [float(f"{float(value):.8f}") for value in values]
        found += [round(value, 6) for value in mine] != [round(value, 6) for value in theirs]
    return found


def main() -> int:
    goals, chance = Goals("forms"), random.Random(4)  # noqa: S311 -- the same answers in every run
    resource = big_form()
    text = to_json(resource)
    open_cpu: list[float] = []
    answer_cpu: list[float] = []
    screen_cpu: list[float] = []
    opened = [timed(lambda: FormSession(parse_form(from_json(text))), open_cpu) for _ in range(7)]
    live = FormSession(parse_form(from_json(text)), clock=lambda: NOW)
    library = Library(resource)
    goals.note(items=len(list(live.form.walk())), expressions=library.count)

    alone, evaluated = [], []
    for _ in range(ANSWERS):
        place = chance.choice(answerable(live))
        value = answer_for(live.item(place.link_id), chance)
        alone.append(timed(lambda p=place, v=value: live.set_answer(p.link_id, v, at=p.at), answer_cpu))
        evaluated.append(live.evaluated)
    drafts = [timed(lambda: to_json(live.draft(NOW))) for _ in range(20)]
    restored = [timed(lambda: FormSession.restore(live.form, live.draft(NOW))) for _ in range(5)]

    application = QApplication.instance() or QApplication(sys.argv[:1])
    shown = []
    for page in pages_of(live)[:PAGES]:
        window = Page(live, page.title, page.places)
        application.processEvents()
        for _ in range(ANSWERS // PAGES):
            place = chance.choice([one for one in answerable(live) if one in window.fields])
            value = answer_for(live.item(place.link_id), chance)

            def to_screen(p: Place = place, v: Any = value, w: Page = window) -> None:
                w.answer(p, v)
                application.processEvents()

            shown.append(timed(to_screen, screen_cpu))
        window.window.close()

    response = json.loads(to_json(live.response_now(NOW)))
    whole = [timed(lambda: library.evaluate(response)) for _ in range(5)]
    goals.note(
        open_processor_ms=statistics.median(open_cpu) * 1000,
        answer_p95_processor_ms=percentile(answer_cpu, 0.95) * 1000,
        answer_to_screen_p95_processor_ms=percentile(screen_cpu, 0.95) * 1000,
        answer_median_ms=statistics.median(alone) * 1000,
        evaluated_median=statistics.median(evaluated),
        evaluated_most=max(evaluated),
        draft_ms=statistics.median(drafts) * 1000,
        answer_slowest_ms=max(alone) * 1000,
        restore_ms=statistics.median(restored) * 1000,
        library_all_ms=statistics.median(whole) * 1000,
        disagreements=disagreements(live, library),
    )
    goals.goal("open_ms", statistics.median(opened) * 1000, "<", 200)
    goals.goal("answer_p95_ms", percentile(alone, 0.95) * 1000, "<", 16)
    goals.goal("answer_to_screen_p95_ms", percentile(shown, 0.95) * 1000, "<", 16)
    goals.goal("times_faster_than_library", statistics.mean(whole) / statistics.mean(alone), ">=", 50)
    return goals.close()


if __name__ == "__main__":
    sys.exit(main())
