"""Visit numbers: ``V``, the prefix of the installation, a running number, an ISO/IEC 7064 MOD 11,10 check digit.

A scanner on a serial line has no checksum of its own: one digit damaged on the way must name no other visit. Numbers
made before there was a check digit (``V1010000042``) are shorter, and those the checkup system gives are as it likes:
both are valid as they are. The thirteenth character also keeps a visit number from being taken for a tube's, which
has twelve.
"""

import re
import unicodedata

from domain.kernel.check_characters import hybrid_check
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.numbers import next_value

LETTER = "V"
SHORTEST_PAYLOAD = 11
SHORTEST_SERIAL = 8
_FORM = re.compile(rf"{LETTER}([0-9]{{{SHORTEST_PAYLOAD},13}})([0-9])", re.ASCII)


def new_visit_number(work: UnitOfWork) -> str:
    """Return the next visit number of this installation, such as ``V101000000425``."""
    return visit_number(work.content["number_prefix"], next_value(work, "visit"))


def visit_number(prefix: str, serial: int) -> str:
    """Return a number with its check digit; `prefix` is digits, unique to the installation."""
    width = max(SHORTEST_SERIAL, SHORTEST_PAYLOAD - len(prefix))
    payload = f"{prefix}{serial:0{width}d}"
    return f"{LETTER}{payload}{check_digit(payload)}"


def check_digit(payload: str) -> str:
    """Return the check digit of digits."""
    return str(hybrid_check((int(digit) for digit in payload), 10))


def is_damaged_visit_number(text: str) -> bool:
    """Tell whether a scan has the form of our visit numbers and a wrong check digit.

    Look first whether there is such a number: one of the checkup system's may have this form by chance.
    """
    plain = "".join(unicodedata.normalize("NFKC", text).upper().split()).replace("-", "")
    found = _FORM.fullmatch(plain)
    return found is not None and check_digit(found[1]) != found[2]
