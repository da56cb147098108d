"""One cell of a sheet that leaves the house: text or a number, never a formula."""

from typing import Any

RISKY = ("=", "+", "-", "@", "\t", "\r", "|", "%")
"""What a sheet would take for a formula or a command where it begins a text."""


def write_cell(sheet: Any, line: int, at: int, value: Any, quoted: Any) -> None:
    """Write one cell of an ``xlsxwriter`` sheet; what begins like a formula is marked as text by format `quoted`."""
    if isinstance(value, str):
        if value.startswith(RISKY):
            sheet.write_string(line, at, value, quoted)
        elif value:
            sheet.write_string(line, at, value)
    elif value is not None:
        sheet.write_number(line, at, value)
