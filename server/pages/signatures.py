"""Signatures as a phone sends them: the picture and the strokes of a finger on the page."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from domain.kernel.errors import DomainError
from domain.kernel.texts import Texts
from forms.nodes import Place
from forms.pages import Page
from forms.session import FormSession
from forms.signing import LARGEST_PNG, handwritten
from server.pages.fields import FORM, name_of, sentence

SENT, AGAIN = "~sign:", "~unsign"
_HEAD = "data:image/png;base64,"


class _Written(msgspec.Struct, frozen=True):
    """What the script of the page sends."""

    png: str
    strokes: list[list[float]]


def take_signatures(
    session: FormSession,
    page: Page,
    sent: Mapping[str, Sequence[str]],
    now: datetime,
    texts: Texts,
    *,
    whole: bool,
) -> dict[Place, str]:
    """Put what was signed on a page under its question or the form; returns the sentence of each refused one.

    `whole`: the page asks for the signature under the form too. What was refused leaves an earlier one as it was.
    """
    asked = [place for place in page.places if session.item(place.link_id).signature_required]
    asked += [FORM] if whole and session.form.signature_required else []
    refused: dict[Place, str] = {}
    for place in asked:
        name = name_of(place)
        if name in sent.get(AGAIN, ()):
            session.unsign(*place)
        text = next((one for one in sent.get(SENT + name, ()) if one), "")
        if text and place != FORM and not session.is_enabled(*place):
            continue
        try:
            if text:
                session.sign(_signature(text, now), *place)
        except DomainError as error:
            refused[place] = sentence(error, texts)
    return refused


def written(text: str) -> tuple[bytes, list[list[float]]]:
    """Return picture and strokes of what the script of a page sent.

    Raises:
        DomainError: ``form.signature_refused`` for what no page sends.
    """
    if len(text) > 4 * LARGEST_PNG:
        raise DomainError("form.signature_refused")
    try:
        sent = msgspec.json.decode(text, type=_Written)
        return base64.b64decode(sent.png.removeprefix(_HEAD), validate=True), sent.strokes
    except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
        raise DomainError("form.signature_refused") from error


def _signature(text: str, now: datetime) -> dict[str, Any]:
    png, strokes = written(text)
    return handwritten(png, strokes, now, "客户本人")
