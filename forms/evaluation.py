"""What follows from the answers: which items are asked, calculations, variables, options, what is wrong.

Each of these is a cell of the node it belongs to, computed when something it looked at has changed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.kernel.errors import DomainError
from forms.answers import Problem, answers_of, label, occurrence_problems, problems_of, worked_out
from forms.cells import Cell, Graph
from forms.dependencies import Cell as Key
from forms.dependencies import Dependencies, declared
from forms.enablement import holds
from forms.expressions.elements import Collection, child, json_value
from forms.expressions.reads import reads_of
from forms.expressions.registry import Clock
from forms.expressions.runtime import Run, truth
from forms.expressions.syntax import ExpressionError, LimitExceededError
from forms.fhir_values import as_coding
from forms.nodes import Node, Tree
from forms.questionnaire import Answer, Constraint, Expression, ItemType, Option
from forms.questionnaire_rules import step_of
from forms.response import draft_entry
from forms.values import Coding, same
from forms.views import ItemView, Window

_STRIKES = 3
_CODE_SYSTEMS = {
    "ucum": "http://unitsofmeasure.org",
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
}


class Evaluation:
    """The cells of one filled-in form."""

    def __init__(
        self, tree: Tree, dependencies: Dependencies, graph: Graph, contexts: Mapping[str, Any],
        clock: Callable[[], datetime], raw_form: Callable[[], Any],
    ) -> None:  # fmt: skip
        self.tree = tree
        self._dependencies = dependencies
        self.graph = graph
        self.contexts = contexts
        self._clock = clock
        self.raw_form = raw_form
        self.whole = Window(tree, frozenset(), self.options)
        self._sweep = Window(tree, dependencies.unseen, self.options)

    def attach(self, node: Node) -> None:
        """Give a new node its cells."""
        item, link_id = node.item, node.item.link_id
        if node is self.tree.root:
            for variable in (*self.tree.form.variables, *self.tree.form.named):
                if variable.name:
                    self._add_variable(node, variable, "")
            return
        for variable in declared(item):
            self._add_variable(node, variable, link_id)
        enabled_by_rules = item.enable_when or item.enable_expression is not None
        if enabled_by_rules or (node.parent is not None and node.parent.enabled is not None):
            node.enabled = self._cell(("E", link_id), lambda: self._enabled(node))
        if item.calculated is not None:
            node.calculated = self._cell(("A", link_id), lambda: self._calculated(node))
        if item.answer_expression is not None and item.answer_expression.is_fhirpath:
            node.options = self._cell(("O", link_id), lambda: self._offered(node))
        node.written = self._cell(("W", link_id), lambda: draft_entry(node), eager=False)
        node.problems = self._cell(("P", link_id), lambda: tuple(self._problems(node)), eager=False)
        if any(constraint.severity == "warning" for constraint in item.constraints):
            node.warnings = self._cell(
                ("P", link_id), lambda: tuple(self._broken(node, "warning")), eager=False
            )

    def evaluate(self, node: Node, expression: Expression, what: str) -> Collection:
        """Return what an expression gives at a node; what goes wrong is noted there, and gives nothing."""
        try:
            return self._evaluated(node, expression, what)
        except ExpressionError as error:
            node.faults[what] = error.reason
            return []

    def _evaluated(self, node: Node, expression: Expression, what: str) -> Collection:
        """Evaluate; an expression that ran into its limits some times is not tried again."""
        if not expression.is_fhirpath:
            return []
        if node.struck.get(what, 0) >= _STRIKES:
            raise ExpressionError(node.faults.get(what, "over its limits"))
        sweeping = reads_of(expression.text).sweeping
        window = self._sweep if sweeping and what not in ("constraint", "initial") else self.whole
        context: Collection = [window.root if node is self.tree.root else window.item(node)]
        try:
            found = step_of(expression)(
                Run(_Host(self, node, window), Clock(self._clock()), context), context
            )
        except LimitExceededError:
            node.struck[what] = node.struck.get(what, 0) + 1
            raise
        except RecursionError as error:
            raise ExpressionError("nested too deeply") from error
        node.faults.pop(what, None)
        return found

    def options(self, node: Node) -> tuple[Option, ...]:
        """Return what may be chosen now."""
        if node.options is None:
            return node.item.options
        found: tuple[Option, ...] = node.options.get()
        return found

    def initial(self, node: Node) -> tuple[Answer, ...]:
        """Return what a question begins with: preset answers and options, or its initialExpression."""
        item = node.item
        preset = item.initial or tuple(option.value for option in item.options if option.initial)
        if not item.type.is_question or (not preset and item.initial_expression is None):
            return ()
        if not preset and item.initial_expression is not None:
            return self._taken(node, self.evaluate(node, item.initial_expression, "initial"), "initial")
        return answers_of(item, preset)

    def broken(self, node: Node, constraints: tuple[Constraint, ...], severity: str) -> Iterator[Problem]:
        """Yield the constraints of this severity that are not fulfilled; one that gives nothing is."""
        link_id, at = node.place() if node is not self.tree.root else ("", ())
        name = label(node.item) if node is not self.tree.root else self.tree.form.title
        for constraint in constraints:
            if constraint.severity != severity:
                continue
            try:
                told = truth(self.evaluate(node, constraint.expression, "constraint"))
            except ExpressionError:
                told = None
            if told is False:
                code = "form.constraint" if constraint.human else "form.constraint_untold"
                yield Problem(link_id, code, {"label": name, "text": constraint.human or constraint.key}, at)

    def _cell(self, key: Key, compute: Callable[[], Any], *, eager: bool = True) -> Cell:
        return Cell(self.graph, compute, self._dependencies.order.get(key, 1_000_000), eager=eager)

    def _add_variable(self, node: Node, variable: Expression, scope: str) -> None:
        name = variable.name
        node.variables[name] = self._cell(
            ("V", scope, name), lambda: self._held(node, variable, f"%{name}"), eager=False
        )

    def _held(self, node: Node, variable: Expression, what: str) -> "Collection | _Failed":
        """Return what a variable holds; one that failed fails whoever looks at it, rather than be empty."""
        try:
            return self._evaluated(node, variable, what)
        except ExpressionError as error:
            return _Failed(f"{what}: {error.reason}"[:200])

    def _enabled(self, node: Node) -> bool:
        if node.parent is not None and not node.parent.is_enabled:
            return False
        item = node.item
        results = [
            holds(condition, self._answers_near(node, condition.question)) for condition in item.enable_when
        ]
        if results and not (all(results) if item.enable_all else any(results)):
            return False
        if item.enable_expression is None:
            return True
        try:
            return truth(self.evaluate(node, item.enable_expression, "enableWhenExpression")) is True
        except ExpressionError as error:
            node.faults["enableWhenExpression"] = error.reason
            return False

    def _answers_near(self, node: Node, question: str) -> list[Answer]:
        found: list[Answer] = []
        for other in self.tree.related(node, question):
            if other.is_enabled:
                found += other.value()
        return found

    def _calculated(self, node: Node) -> tuple[Answer, ...]:
        expression = node.item.calculated
        if expression is None:
            return ()
        return self._taken(
            node, self.evaluate(node, expression, "calculatedExpression"), "calculatedExpression"
        )

    def _taken(self, node: Node, values: Collection, what: str) -> tuple[Answer, ...]:
        """Return results as answers; what the question does not take is noted, and gives nothing."""
        try:
            return answers_of(node.item, worked_out(node.item, values), self.options(node))
        except DomainError as error:
            node.faults[what] = error.code
            return ()

    def _offered(self, node: Node) -> tuple[Option, ...]:
        expression = node.item.answer_expression
        values = self.evaluate(node, expression, "answerExpression") if expression is not None else []
        found = []
        for value in values:
            coding = as_coding(value) or next(
                (one for one in map(as_coding, child(value, "coding")) if one), None
            )
            if coding is not None:
                found.append(Option(coding))
            elif isinstance(value, Coding):
                found.append(Option(value, value.score))
            elif isinstance(value, str | int) and not isinstance(value, bool):
                found.append(Option(value))
        return tuple(found)

    def _problems(self, node: Node) -> Iterator[Problem]:
        if not node.is_enabled:
            return
        item, at = node.item, node.place().at
        answers = node.value() if item.type.is_question else ()
        wanted = item.required or bool(item.min_occurs)
        if wanted and not item.hidden and not self._is_answered(node):
            yield Problem(item.link_id, "form.required", {"label": label(item)}, at)
        elif item.type.is_question:
            for problem in problems_of(item, answers):
                yield Problem(item.link_id, problem.code, problem.facts, at)
            if node.options is not None and item.type is ItemType.CHOICE:
                offered = [option.value for option in self.options(node)]
                if not all(any(same(one, answer) for one in offered) for answer in answers):
                    yield Problem(item.link_id, "form.not_an_option", {"label": label(item)}, at)
        if item.type is ItemType.GROUP and item.repeats and node.index == 0 and node.parent is not None:
            node.parent.structure.get()
            count = len(node.parent.sets[node.set_index][item.link_id])
            for problem in occurrence_problems(item, count):
                yield Problem(item.link_id, problem.code, problem.facts, at)
        if answers or item.type is ItemType.GROUP:
            yield from self._broken(node, "error")

    def _broken(self, node: Node, severity: str) -> Iterator[Problem]:
        if node.is_enabled:
            yield from self.broken(node, node.item.constraints, severity)

    def _is_answered(self, node: Node) -> bool:
        if node.item.type is not ItemType.GROUP:
            return bool(node.value())
        asked = (child for child in node.children() if child.is_enabled)
        return any(self._is_answered(child) for child in asked if child.item.type is not ItemType.DISPLAY)


@dataclass(frozen=True)
class _Failed:
    """The value of a variable whose expression failed."""

    reason: str


class _Host:
    """What variables mean at one node, through one window."""

    def __init__(self, evaluation: Evaluation, node: Node, window: Window) -> None:
        self._evaluation = evaluation
        self._node = node
        self._window = window

    def variable(self, name: str) -> Collection:
        evaluation, window = self._evaluation, self._window
        match name:
            case "resource" | "rootResource":
                return [window.root]
            case "context":
                return [window.root if self._node is evaluation.tree.root else window.item(self._node)]
            case "questionnaire":
                return [evaluation.raw_form()]
            case "qitem" | "qItem":
                source = self._node.item.source
                return [dict(source.raw)] if source is not None else []
            case "ucum" | "sct" | "loinc":
                return [_CODE_SYSTEMS[name]]
        at: Node | None = self._node
        while at is not None:
            if name in at.variables:
                cell = at.variables[name]
                if not evaluation.graph.is_computing(cell):
                    held = cell.get()
                    if isinstance(held, _Failed):
                        raise ExpressionError(held.reason)
                    return [self._seen(value) for value in held]
            at = at.parent
        if name in evaluation.contexts:
            found = evaluation.contexts[name]
            return [json_value(value) for value in (found if isinstance(found, list) else [found])]
        if name in evaluation.tree.form.contexts:
            return []
        raise ExpressionError(f"%{name} is not known")

    def _seen(self, value: Any) -> Any:
        """Return a part of the response as this window shows it."""
        return self._window.item(value.node) if isinstance(value, ItemView) else value
