"""FHIRPath N1 read into a tree; what is too long or too deep is refused before anything is built.

Source: HL7 FHIRPath N1 (ANSI/HL7 NMN R1-2020), grammar in its appendix B; written as a table of precedences.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from forms.values import Quantity, Temporal

LONGEST = 4000
DEEPEST = 40
LARGEST_TREE = 1500


class ExpressionError(Exception):
    """An expression that cannot be used: why, and where in its text (0-based)."""

    def __init__(self, reason: str, at: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.at = at


class LimitExceededError(ExpressionError):
    """It would take too long or too much memory; trying again would only cost the same again."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; None stands for the empty collection ``{}``."""

    value: bool | int | Decimal | str | date | Temporal | Quantity | None


@dataclass(frozen=True, slots=True)
class Member:
    """A name looked up in `source`, or in the focus if there is none."""

    source: "Node | None"
    name: str


@dataclass(frozen=True, slots=True)
class Special:
    """``$this``, ``$index`` or ``$total``."""

    name: str


@dataclass(frozen=True, slots=True)
class Variable:
    """``%name``."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function on `source`, or on the focus if there is none."""

    source: "Node | None"
    name: str
    args: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Index:
    """``source[at]``."""

    source: "Node"
    at: "Node"


@dataclass(frozen=True, slots=True)
class Unary:
    """``+`` or ``-`` before a number."""

    operator: str
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands and what joins them; for ``is`` and ``as`` the right one is a `Literal` with the type's name."""

    operator: str
    left: "Node"
    right: "Node"


Node: TypeAlias = Literal | Member | Special | Variable | Call | Index | Unary | Binary


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


_SCAN = re.compile(
    r"(?P<space>\s+|//[^\n]*|/\*[\s\S]*?\*/)"
    r"|(?P<moment>@(?:T[0-9:.]+|[0-9][0-9-]*(?:T(?:[0-9:.]*(?:Z|[+-][0-9]{2}:[0-9]{2})?)?)?))"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<text>'(?:[^'\\]|\\.)*')"
    r"|(?P<quoted>`(?:[^`\\]|\\.)*`|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<special>\$[a-z]+)"
    r"|(?P<mark><=|>=|!=|!~|[-+*/&|=~<>.,()\[\]{}%])"
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}
_LEVELS = (
    ("implies",),
    ("or", "xor"),
    ("and",),
    ("in", "contains"),
    ("=", "!=", "~", "!~"),
    ("<=", "<", ">", ">="),
    ("|",),
    ("is", "as"),
    ("+", "-", "&"),
    ("*", "/", "div", "mod"),
)
_BINDS = {operator: level for level, row in enumerate(_LEVELS) for operator in row}
TIME_UNITS = {"year": "a", "month": "mo", "week": "wk", "day": "d"} | {
    "hour": "h", "minute": "min", "second": "s", "millisecond": "ms"}  # fmt: skip


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        match = _SCAN.match(text, at)
        if match is None:
            raise ExpressionError(f"not understood: {text[at : at + 10]!r}", at)
        if match.lastgroup != "space":
            yield _Token(match.lastgroup or "", match.group(), at)
        at = match.end()
    yield _Token("end", "", at)


@lru_cache(maxsize=2000)
def parse(text: str) -> Node:
    """Return the tree of an expression.

    Raises:
        ExpressionError: It is no FHIRPath, longer than `LONGEST` characters, nested deeper than `DEEPEST`, or of more
            than `LARGEST_TREE` parts.
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"longer than {LONGEST} characters")
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        if len(self._tokens) > LARGEST_TREE:
            raise ExpressionError(f"more than {LARGEST_TREE} parts")
        self._next = 0
        self._depth = 0

    def whole(self) -> Node:
        found = self._expression(0)
        if self._peek.kind != "end":
            raise self._unexpected()
        return found

    @property
    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self, text: str = "") -> _Token:
        token = self._peek
        if text and token.text != text:
            raise self._unexpected()
        self._next += 1
        return token

    def _unexpected(self) -> ExpressionError:
        token = self._peek
        said = "the end" if token.kind == "end" else repr(token.text)
        return ExpressionError(f"unexpected {said}", token.at)

    def _expression(self, least: int) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ExpressionError(f"nested deeper than {DEEPEST}", self._peek.at)
        left = self._polarity()
        while (token := self._peek).kind in ("name", "mark") and _BINDS.get(token.text, -1) >= least:
            self._next += 1
            if token.text in ("is", "as"):
                left = Binary(token.text, left, Literal(self._type_name()))
            else:
                left = Binary(token.text, left, self._expression(_BINDS[token.text] + 1))
        self._depth -= 1
        return left

    def _polarity(self) -> Node:
        signs = []
        while self._peek.kind == "mark" and self._peek.text in "+-":
            signs.append(self._take().text)
            if len(signs) > DEEPEST:
                raise ExpressionError("too many signs", self._peek.at)
        found = self._path()
        for sign in reversed(signs):
            found = Unary(sign, found)
        return found

    def _path(self) -> Node:
        found = self._term()
        # A long path nests as deep as it is long, and is walked by recursion.
        for _ in range(DEEPEST * 2):
            if self._peek.text == "." and self._peek.kind == "mark":
                self._next += 1
                found = self._invocation(found)
            elif self._peek.text == "[" and self._peek.kind == "mark":
                self._next += 1
                found = Index(found, self._expression(0))
                self._take("]")
            else:
                return found
        raise ExpressionError(f"a path of more than {DEEPEST * 2} steps", self._peek.at)

    def _term(self) -> Node:
        token = self._peek
        match token.kind:
            case "number":
                return self._number()
            case "text":
                return Literal(_unescape(self._take().text[1:-1]))
            case "moment":
                return Literal(self._moment())
            case "mark" if token.text in "({%":
                return self._enclosed()
        if token.text in ("true", "false") and token.kind == "name":
            return Literal(self._take().text == "true")
        return self._invocation(None)

    def _enclosed(self) -> Node:
        mark = self._take().text
        if mark == "(":
            found = self._expression(0)
            self._take(")")
            return found
        if mark == "{":
            self._take("}")
            return Literal(None)
        token = self._take()
        if token.kind not in ("name", "quoted", "text"):
            raise ExpressionError("a name is needed after %", token.at)
        return Variable(token.text if token.kind == "name" else _unescape(token.text[1:-1]))

    def _invocation(self, source: Node | None) -> Node:
        token = self._take()
        if token.kind == "special" and source is None and token.text in ("$this", "$index", "$total"):
            return Special(token.text[1:])
        if token.kind not in ("name", "quoted"):
            self._next -= 1
            raise self._unexpected()
        name = token.text if token.kind == "name" else _unescape(token.text[1:-1])
        if self._peek.text != "(" or self._peek.kind != "mark":
            return Member(source, name)
        self._next += 1
        args = []
        while self._peek.text != ")" or self._peek.kind != "mark":
            args.append(self._expression(0))
            if self._peek.text != ")":
                self._take(",")
                if self._peek.text == ")":
                    raise self._unexpected()
        self._next += 1
        return Call(source, name, tuple(args))

    def _number(self) -> Node:
        digits = self._take().text
        value: int | Decimal = Decimal(digits) if "." in digits else int(digits)
        if isinstance(value, int) and value > 2**31 - 1:
            value = Decimal(value)
        token = self._peek
        if token.kind == "text":
            self._next += 1
            unit = _unescape(token.text[1:-1])
            return Literal(Quantity(Decimal(value), unit, unit))
        if token.kind == "name" and (unit := TIME_UNITS.get(token.text.removesuffix("s"), "")):
            self._next += 1
            return Literal(Quantity(Decimal(value), token.text.removesuffix("s"), unit))
        return Literal(value)

    def _moment(self) -> date | Temporal:
        token = self._take()
        text = token.text[1:]
        kind = "time" if text.startswith("T") else "dateTime" if "T" in text else "date"
        found = Temporal.parse(kind, text.removeprefix("T"))
        if found is None:
            raise ExpressionError(f"no date or time: {token.text}", token.at)
        return date.fromisoformat(text) if kind == "date" and len(text) == 10 else found

    def _type_name(self) -> str:
        names = [self._take().text.strip("`")]
        while self._peek.text == ".":
            self._next += 1
            names.append(self._take().text.strip("`"))
        return ".".join(names)


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", lambda match: _escaped(match[1]), text, flags=re.DOTALL)


def _escaped(code: str) -> str:
    if len(code) == 5:
        return chr(int(code[1:], 16))
    return _ESCAPES.get(code, code)


def walk(node: Node) -> Iterator[Node]:
    """Yield the node and all below it."""
    yield node
    for below in children(node):
        yield from walk(below)


def children(node: Node) -> tuple[Node, ...]:
    """Return the parts a node is made of."""
    match node:
        case Member(source=source):
            return () if source is None else (source,)
        case Call(source=source, args=args):
            return args if source is None else (source, *args)
        case Index(source=source, at=at):
            return (source, at)
        case Unary(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return (left, right)
    return ()
