"""Everything of instruments that commands and reports may ask for by name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from domain.risk.answers import load_links
from domain.scales.advice import load_advice
from domain.scales.exercise_draft import load_draft_rules
from domain.scales.reading import load_scales
from domain.scales.suggesting import load_suggestions


def scale_content(scales: Path, forms: Path) -> dict[str, Callable[[], Any]]:
    """Return by name how each part is read; a client reads a part when it is first asked for.

    Args:
        scales: ``resources/scales``.
        forms: ``resources/forms``.
    """
    return {
        "scales": lambda: load_scales(scales),
        "suggestions": lambda: load_suggestions(scales / "rules"),
        "exercise_drafts": lambda: load_draft_rules(scales / "rules"),
        "advice": lambda: load_advice(scales / "advice"),
        "factor_links": lambda: load_links(forms),
    }
