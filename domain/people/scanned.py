"""What a scan turned out to be: a plain value, so that a screen can be made before any record is loaded."""

import dataclasses

from domain.kernel.ids import Id

UNKNOWN, SEVERAL, ID_NUMBER, BENCH_CARD = "unknown", "several", "id_number", "bench_card"
FORM_SHEET, FORM_LINK = "form_sheet", "form_link"


@dataclasses.dataclass(frozen=True, slots=True)
class Scanned:
    """What was scanned.

    `kind` is the entity found (``specimen``, ``visit``, ``patient``, ``report``, ``storage_container``, ``staff``);
    ``specimen`` without a record for a valid number of a tube that is not in this store; ``id_number`` for a citizen
    number nobody has; ``form_sheet`` for the code of a printed form, with its client as record; ``form_link`` for the
    code by which a form was handed to a client's phone, with its link as record and without its secret;
    ``bench_card`` for a card of the specimen bench (mode, count, position); ``several`` when the number names more
    than one record: a person picks one of `choices`; ``unknown`` for anything else, with the `reason` (key of a
    sentence that takes ``text``). `text` is the number in its stored form, of a sheet its whole code.
    """

    kind: str
    text: str
    record_id: Id | None = None
    label: str = ""
    reason: str = ""
    choices: tuple["Scanned", ...] = ()
