"""One form out of several instruments: what two of them ask alike is asked once, and each gets its own response.

Two questions are alike if they ask for the same factor, or have the same code, and take the same answers. Only a
question that is always asked can stand for another, so that no instrument misses an answer. Each question of the
composite says which ones it stands for; `split` needs nothing else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from domain.kernel.errors import DomainError
from forms.carrying import carry
from forms.dependencies import declared
from forms.expressions.reads import reads_of
from forms.expressions.relinking import relinked
from forms.prefill import FACTOR
from forms.questionnaire import (
    Coding,
    Constraint,
    EnableWhen,
    Expression,
    Item,
    ItemType,
    Questionnaire,
)
from forms.session import FormSession


def compose(
    forms: Sequence[Questionnaire], *, url: str = "", version: str = "", title: str = ""
) -> Questionnaire:
    """Return the composite: one group a form, in their order, link ids with the number of their form before them.

    What a form only works out from all of its answers (a total) is left out here and worked out in its part.

    Raises:
        DomainError: ``form.cannot_compose``: such a total decides whether something is asked; `field` is the link id.
    """
    keepers: dict[Any, str] = {}
    links: list[dict[str, str]] = []
    for number, form in enumerate(forms, 1):
        links.append(_links(form, number, keepers))
    stands: dict[str, list[str]] = {}
    required: set[str] = set()
    for form, mapped in zip(forms, links, strict=True):
        always = _always_asked(form)
        for item in form.walk():
            stands.setdefault(mapped[item.link_id], []).append(f"{form.canonical}#{item.link_id}")
            if item.required and item.link_id in always:
                required.add(mapped[item.link_id])
    groups = tuple(
        _Part(form, number, mapped, stands, required).group()
        for number, (form, mapped) in enumerate(zip(forms, links, strict=True), 1)
    )
    return Questionnaire(
        url or "urn:aftercheck:composite:" + "+".join(form.url for form in forms),
        version or "+".join(form.version for form in forms),
        title or "、".join(form.title for form in forms),
        "active",
        groups,
        contexts=tuple(dict.fromkeys(name for form in forms for name in form.contexts)),
        signature_required=any(form.signature_required for form in forms),
    )


def split(
    response: dict[str, Any],
    composite: Questionnaire,
    forms: Iterable[Questionnaire],
    authored: datetime | None = None,
) -> list[dict[str, Any]]:
    """Return one response per instrument, in the order of `forms`; each is ``completed`` if it can be.

    Raises:
        DomainError: As `FormSession.restore`, if the response is not one of `composite`.
    """
    whole = FormSession.restore(composite, response)
    when = authored or datetime.fromisoformat(str(response["authored"]))
    found = []
    for form in forms:
        part = FormSession(form)
        part.clear()
        mine = {
            item.link_id: other.partition("#")[2]
            for item in composite.walk()
            for other in item.stands_for
            if other.partition("#")[0] == form.canonical
        }
        for _ in carry(whole, part, lambda item, mine=mine: mine.get(item.link_id)):  # type: ignore[misc]
            pass
        finished = response.get("status") == "completed" and not part.problems()
        made = part.response(when) if finished else part.draft(when)
        found.append({**{key: value for key, value in response.items() if key in _KEPT}, **made})
    return found


_KEPT = frozenset({"subject", "author", "source", "encounter", "basedOn", "partOf"})


def _always_asked(form: Questionnaire) -> set[str]:
    """Return the link ids that no condition hides, and that do not repeat."""
    found: set[str] = set()

    def walk(items: tuple[Item, ...]) -> None:
        for item in items:
            if (
                not item.enable_when
                and item.enable_expression is None
                and not item.hidden
                and not item.is_container
            ):
                found.add(item.link_id)
                walk(item.items)

    walk(form.items)
    return found


def _links(form: Questionnaire, number: int, keepers: dict[Any, str]) -> dict[str, str]:
    """Return where each question of a form is asked in the composite; new keepers are noted."""
    found: dict[str, str] = {}
    always = _always_asked(form)
    fresh: dict[Any, str] = {}
    for item in form.walk():
        own = f"{number}/{item.link_id}"
        meaning = _meaning(item)
        found[item.link_id] = keepers.get(meaning, own) if meaning is not None and not item.items else own
        if meaning is not None and found[item.link_id] == own and item.link_id in always:
            fresh.setdefault(meaning, own)
    # Within one form nothing stands for another.
    for meaning, own in fresh.items():
        keepers.setdefault(meaning, own)
    return found


def _meaning(item: Item) -> Any:
    """Return what makes two questions the same; None for what is asked for itself alone."""
    if (
        not item.type.is_question
        or item.calculated is not None
        or item.answer_expression is not None
        or item.repeats
    ):
        return None
    factors = frozenset((code.system, code.code) for code in item.codes if code.system == FACTOR)
    codes = factors or frozenset((code.system, code.code) for code in item.codes if code.code and code.system)
    if not codes:
        return None
    values = tuple(
        (option.value.system, option.value.code) if isinstance(option.value, Coding) else option.value
        for option in item.options
    )
    return codes, item.type, values, item.value_set, item.unit.code if item.unit else ""


class _Part:
    """One form on its way into a composite."""

    def __init__(
        self,
        form: Questionnaire,
        number: int,
        links: dict[str, str],
        stands: dict[str, list[str]],
        required: set[str],
    ) -> None:
        self._form = form
        self._number = number
        self._links = links
        self._stands = stands
        self._required = required
        own = f"{number}/"
        self._away = {link_id for link_id, target in links.items() if not target.startswith(own)}
        self._left_out: set[str] = set()
        self._left_names: set[str] = set()
        before = -1
        while before != (before := len(self._left_out) + len(self._left_names)):
            self._leave_out()

    def _leave_out(self) -> None:
        """Note what cannot be worked out inside the composite, and what stands on it."""
        items = tuple(self._form.walk())
        variables = (*self._form.variables, *(one for item in items for one in declared(item)))
        self._left_names |= {one.name for one in variables if self._expression(one) is None}
        self._left_out |= {
            item.link_id for item in items if item.calculated and self._expression(item.calculated) is None
        }

    def group(self) -> Item:
        """Return the group of the form, without what another part asks for it."""
        form = self._form
        return Item(
            f"{self._number}",
            ItemType.GROUP,
            form.title,
            items=self._items(form.items),
            control="page",
            variables=self._variables(form.variables),
            constraints=self._constraints(form.constraints),
        )

    def _items(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        return tuple(made for item in items if (made := self._item(item)) is not None)

    def _item(self, item: Item) -> Item | None:
        if item.link_id in self._away or item.link_id in self._left_out:
            return None
        below = self._items(item.items)
        if item.type is ItemType.GROUP and item.items and not below:
            return None
        link_id = self._links[item.link_id]
        enable = self._expression(item.enable_expression)
        if item.enable_expression is not None and enable is None:
            raise self._refusal(item)
        return replace(
            item,
            link_id=link_id,
            items=below,
            required=item.required or link_id in self._required,
            enable_when=tuple(self._condition(item, one) for one in item.enable_when),
            enable_expression=enable,
            calculated=self._expression(item.calculated),
            initial_expression=self._expression(item.initial_expression),
            answer_expression=self._expression(item.answer_expression),
            variables=self._variables(item.variables),
            constraints=self._constraints(item.constraints),
            value_set="" if item.options else item.value_set,
            stands_for=tuple(self._stands[link_id]) if item.type.is_question else (),
        )

    def _variables(self, variables: tuple[Expression, ...]) -> tuple[Expression, ...]:
        return tuple(made for one in variables if (made := self._expression(one)) is not None)

    def _condition(self, item: Item, condition: EnableWhen) -> EnableWhen:
        if condition.question in self._left_out:
            raise self._refusal(item)
        return replace(condition, question=self._links[condition.question])

    def _expression(self, expression: Expression | None) -> Expression | None:
        """Return an expression over the composite's link ids; None if it looks at what is not there."""
        if expression is None or not expression.is_fhirpath:
            return expression
        reads = reads_of(expression.text)
        if (reads.links | reads.maybe_links) & self._left_out or reads.variables & self._left_names:
            return None
        text = relinked(expression.text, self._links, self._away)
        return None if text is None else replace(expression, text=text)

    def _constraints(self, constraints: tuple[Constraint, ...]) -> tuple[Constraint, ...]:
        found = ((one, self._expression(one.expression)) for one in constraints)
        return tuple(replace(one, expression=made) for one, made in found if made is not None)

    def _refusal(self, item: Item) -> DomainError:
        name = item.text or item.link_id
        return DomainError("form.cannot_compose", item.link_id, label=name, title=self._form.title)
