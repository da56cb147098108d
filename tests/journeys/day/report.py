"""What the day proved, as a table: each line says what, how many, how long, and whether it held."""

import sys
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Line:
    """One row of the summary."""

    what: str
    count: str = ""
    seconds: float = 0.0
    held: bool = False
    detail: str = ""


@dataclass
class Summary:
    """All rows, printed as they end."""

    quiet: bool = False
    lines: list[Line] = field(default_factory=list)
    comparison: str = ""
    """Tables of rows and digests of every store, printed behind the steps."""

    @contextmanager
    def step(self, what: str) -> Iterator[Line]:
        """Time a step; it held if nothing was raised and nobody set `held` to False."""
        line = Line(what)
        self.lines.append(line)
        if not self.quiet:
            sys.stdout.write(f"  … {what}\n")
            sys.stdout.flush()
        started = time.monotonic()
        line.held = True
        try:
            yield line
        except BaseException as error:
            line.held = False
            line.detail = line.detail or str(error).splitlines()[0][:120]
            raise
        finally:
            line.seconds = time.monotonic() - started

    def check(self, what: str, held: bool, detail: str = "") -> None:
        """Add a row for a fact."""
        self.lines.append(Line(what, held=held, detail=detail))

    @property
    def all_held(self) -> bool:
        return bool(self.lines) and all(line.held for line in self.lines)

    def table(self) -> str:
        """Return the table as text."""
        rows = [("步骤", "数量", "用时", "结果", "说明")]
        rows += [
            (
                n.what,
                n.count,
                f"{n.seconds:.1f} s" if n.seconds else "",
                "成立" if n.held else "不成立",
                n.detail,
            )
            for n in self.lines
        ]
        widths = [max(_width(row[i]) for row in rows) for i in range(4)]
        lines = ["  ".join(_padded(row[i], widths[i]) for i in range(4)) + "  " + row[4] for row in rows]
        total = (
            f"共 {len(self.lines)} 步，成立 {sum(n.held for n in self.lines)} 步，用时 {self.seconds:.0f} s"
        )
        return "\n".join([lines[0], "─" * min(110, _width(lines[0]) + 20), *lines[1:], total])

    @property
    def seconds(self) -> float:
        """Time of all steps together."""
        return sum(line.seconds for line in self.lines)

    def write(self, path: Path) -> None:
        """Keep the table beside the pictures."""
        path.write_text(f"{self.table()}\n\n{self.comparison}", "utf-8")


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
