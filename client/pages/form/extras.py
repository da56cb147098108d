"""Files and signatures: beside a question that asks for them, and behind the last one for the whole form."""

from collections.abc import Callable
from typing import Any

from client.pages.form.lines import FILES, SIGN, Line, Refused, in_a_line
from domain.kernel.errors import DomainError
from forms.attachments import WHOLE, limit_of, told_types
from forms.nodes import Place
from forms.questionnaire import Item
from forms.session import FormSession
from forms.signing import picture_of
from forms.values import Attachment


class FilesAndSignatures:
    """The part of `Filling` that is neither typed nor picked."""

    def __init__(
        self, session: FormSession, say: Callable[..., str], explain: Callable[[DomainError], str]
    ) -> None:
        self.session = session
        self._say, self._explain = say, explain
        self._refused: dict[Place, Refused] = {}

    def _changed(self) -> None:
        """Forget what was worked out for the screen."""

    def item(self, place: Place) -> Item:
        """Return the question that files at a place answer."""
        return WHOLE if place == FILES else self.session.item(place.link_id)

    def attach(self, place: Place, files: list[Attachment]) -> None:
        """Put files to a question that takes them, or to the response; of one that takes one file the last stays.

        Raises:
            DomainError: The question takes no such file.
        """
        if place == FILES:
            self.session.attach(*files)
        elif self.session.item(place.link_id).repeats:
            self.session.set_answer(place.link_id, *self.session.answers(*place), *files, at=place.at)
        else:
            self.session.set_answer(place.link_id, *files[-1:], at=place.at)
        self._refused.pop(place, None)
        self._changed()

    def detach(self, place: Place, number: int) -> None:
        """Take one file of a question, or of the response, away again."""
        if place == FILES:
            self.session.detach(number)
        else:
            others = [one for at, one in enumerate(self.session.answers(*place)) if at != number]
            self.session.set_answer(place.link_id, *others, at=place.at)
        self._refused.pop(place, None)
        self._changed()

    def refuse(self, place: Place, error: DomainError) -> None:
        """Say beside a question why a file or a signature was not taken; what was there stays."""
        self._refused[place] = Refused("", self._explain(error), blocks=False)
        self._changed()

    def sign(self, place: Place, signature: dict[str, Any] | None) -> None:
        """Put a FHIR Signature where a line asks for one; None takes it back."""
        link_id = place.link_id.removesuffix(SIGN)
        if signature is None:
            self.session.unsign(link_id, place.at)
        else:
            self.session.sign(signature, link_id, place.at)
        self._refused.pop(place, None)
        self._changed()

    def at_the_end(self) -> list[Line]:
        """Return what stands behind the last question: files of the whole form, and the signature under it."""
        files = self.session.attached()
        told = self._say(
            "form_page.whole_files", allowed=told_types(WHOLE), limit=limit_of(WHOLE) // 1_000_000
        )
        refused = self._refused.get(FILES)
        lines = [
            Line(
                FILES,
                "file",
                told,
                files=tuple(map(in_a_line, files)),
                problem=refused.reason if refused else "",
            )
        ]
        if self.session.form.signature_required:
            lines.append(self.to_sign(Place(""), self.session.form.title, ""))
        return lines

    def to_sign(self, place: Place, text: str, problem: str) -> Line:
        signature = self.session.signature(*place)
        own = Place(place.link_id + SIGN, place.at)
        refused = self._refused.get(own)
        return Line(
            own, "sign", self._say("form_page.sign", text=text), required=True, picture=picture_of(signature),
            problem=refused.reason if refused else problem if signature is None else "",
        )  # fmt: skip

    def blocking(self) -> list[Place]:
        """Return where something typed was refused; a file that was not taken leaves nothing behind."""
        return [place for place, refused in self._refused.items() if refused.blocks]
