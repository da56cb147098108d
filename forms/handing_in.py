"""What is handed in of a composite: the answers as they were given, and once for each instrument, to be scored."""

from collections.abc import Mapping
from typing import Any

import msgspec

from forms.composite import split
from forms.questionnaire import Questionnaire
from forms.response import to_json


def parts_of(
    form: Questionnaire, parts: Mapping[str, Questionnaire], response: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return what `domain.checkup.form_commands.AnswerForm.parts` takes; empty for what is no composite.

    Args:
        form: The composite in the version that `response` names.
        parts: Its instruments by form.
        response: A finished response as `FormSession.response` gives it.
    """
    if not parts:
        return []
    answered = split(response, form, parts.values())
    return [
        {"form": name, "form_version": part.version, "answers": plain(one)}
        for (name, part), one in zip(parts.items(), answered, strict=True)
    ]


def plain(response: dict[str, Any]) -> dict[str, Any]:
    """Return a response as records keep it: JSON, decimals as numbers."""
    made: dict[str, Any] = msgspec.json.decode(to_json(response))
    return made
