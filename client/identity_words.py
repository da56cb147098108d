"""What a comparison of a person's document with the record found, in words and with the tone it is shown in."""

from collections.abc import Callable

from domain.people.light_commands import Compared

TONES = {"green": "success", "yellow": "warning", "red": "danger"}


def light_sentence(say: Callable[..., str], found: Compared) -> tuple[str, str]:
    """Return the sentence of a light and its tone."""
    why = "；".join(say(f"word.identity_reason.{code}") for code in found.reasons)
    compared = "、".join(say(f"word.identity_compared.{code}") for code in found.compared)
    light = say(f"choice.light.{found.light.value}")
    sentence = say(
        "front_desk.light", light=light, why=why or say("front_desk.light_fits", compared=compared)
    )
    return sentence, TONES[found.light.value]
