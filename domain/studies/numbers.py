"""Subject numbers: ``CODE-1010042K``, unique in the group without a line to the centre.

Study code, the installation's own prefix, a running number of at least four digits of this installation and study,
and an ISO/IEC 7064 MOD 37,36 check character over all of it. Each installation has a prefix of its own (the
centre gives them), so two of them can never hand out the same number.
"""

import re
import unicodedata

from domain.biobank.numbers import ALPHABET, check_character
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.numbers import next_value

_NUMBER = re.compile(r"([A-Z][A-Z0-9]{1,11})-(\d{7,})([0-9A-Z])")
CODE = re.compile(r"[A-Z][A-Z0-9]{1,11}")
DIGITS = 4


def next_subject_number(work: UnitOfWork, code: str) -> str:
    """Return the next number of a study on this installation."""
    while True:
        serial = f"{work.content['number_prefix']}{next_value(work, f'subject:{code}'):0{DIGITS}d}"
        check = check_character(code + serial)
        if check in ALPHABET:  # letters that are mistaken for digits end no number
            return f"{code}-{serial}{check}"


def parse_subject_number(text: str) -> str:
    """Return a number a person typed or a scanner read, in its stored form.

    Raises:
        DomainError: ``subject_number.form`` for what is no such number; ``subject_number.check_character``: mistyped.
    """
    number = unicodedata.normalize("NFKC", text).strip().upper()
    found = _NUMBER.fullmatch(number)
    if found is None:
        raise DomainError("subject_number.form", field="number", value=number)
    if check_character(found[1] + found[2]) != found[3]:
        raise DomainError("subject_number.check_character", field="number", value=number)
    return number
