"""Specimen numbers: 12 characters, the last one an ISO/IEC 7064 MOD 37,36 check character.

The payload uses ``0-9A-Z`` less ``I O Q U`` (letters that are mistaken for digits or for V). A number carries no
meaning about a person. Each device hands out numbers from a block of its own, so two workstations that are cut off
from each other can never make the same one.

MOD 37,36 detects every single wrong character. It misses one swap of neighbours in 630; the block therefore never
hands out a number in which such a swap would stay unseen, nor one whose check character is outside the alphabet.
With ``digits=True`` it hands out only numbers made of 12 digits: in Code 128 subset C these need 101 modules, where
12 letters and digits need up to 167, and so fit a tube label at two dots a module.
"""

import unicodedata
from dataclasses import dataclass, replace

from domain.kernel.check_characters import hybrid_check
from domain.kernel.errors import DomainError

LENGTH = 12
ALPHABET = "0123456789ABCDEFGHJKLMNPRSTVWXYZ"
_VALUES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MODULUS = len(_VALUES)
_DIGITS = ALPHABET[:10]


def check_character(payload: str) -> str:
    """Return the ISO/IEC 7064 MOD 37,36 check character of `payload`.

    Args:
        payload: One or more characters of ``0-9A-Z``.

    Raises:
        DomainError: ``specimen_number.character``: a character outside ``0-9A-Z``.
    """
    return _VALUES[hybrid_check((_value(character) for character in payload), _MODULUS)]


def _value(character: str) -> int:
    value = _VALUES.find(character)
    if value < 0 or len(character) != 1:
        raise DomainError("specimen_number.character", "specimen_number", character=character)
    return value


def parse_specimen_number(text: str) -> str:
    """Return the number a person typed or a scanner read, in its stored form.

    Full-width forms, lower case, spaces and hyphens are accepted: ``s261-1230 001x`` is ``S2611230001X``.

    Raises:
        DomainError: ``specimen_number.length``, ``specimen_number.character`` (outside `ALPHABET`) or
            ``specimen_number.check_character`` (mistyped).
    """
    number = unicodedata.normalize("NFKC", text).upper().replace("-", "").replace(" ", "")
    if len(number) != LENGTH:
        raise DomainError("specimen_number.length", "specimen_number", found=len(number), wanted=LENGTH)
    for character in number:
        if character not in ALPHABET:
            raise DomainError("specimen_number.character", "specimen_number", character=character)
    if check_character(number[:-1]) != number[-1]:
        raise DomainError("specimen_number.check_character", "specimen_number", number=number)
    return number


def is_specimen_number(text: str) -> bool:
    """Tell whether a scan looks like a specimen number, to route it."""
    try:
        parse_specimen_number(text)
    except DomainError:
        return False
    return True


def looks_like_specimen_number(text: str) -> bool:
    """Tell whether a scan is a specimen number, or twelve digits, which only a damaged one of ours would be."""
    number = unicodedata.normalize("NFKC", text).replace("-", "").replace(" ", "")
    return (len(number) == LENGTH and set(number) <= set(_DIGITS)) or is_specimen_number(number)


def grouped(number: str) -> str:
    """Return the number as printed beside the code, in fours: ``S261 1230 001X``."""
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


def unseen_swap(number: str) -> int | None:
    """Return the first position whose swap with its right neighbour would keep the check character right."""
    for position in range(len(number) - 1):
        left, right = number[position], number[position + 1]
        swapped = number[:position] + right + left + number[position + 2 :]
        if left != right and check_character(swapped[:-1]) == swapped[-1]:
            return position
    return None


@dataclass(frozen=True)
class SpecimenNumberBlock:
    """The numbers one device may hand out: a prefix of its own and the next serial.

    Args:
        prefix: 2 to 8 characters of `ALPHABET`, unique to the device (organisation and device, year if wanted).
        next: The serial tried first; serials that would make a weak number are skipped.
        digits: Only numbers of 12 digits; the prefix must then be digits too.
        end: First serial that belongs to somebody else; without it the block ends with its last place.

    Raises:
        DomainError: ``specimen_number.prefix`` (length or alphabet), ``specimen_number.prefix_weak`` (a swap
            inside the prefix, or of its end with the serial's first digit, would go unseen: choose another) or
            ``specimen_number.serial`` (negative).
    """

    prefix: str
    next: int
    digits: bool = False
    end: int | None = None

    def __post_init__(self) -> None:
        if not 2 <= len(self.prefix) <= 8 or set(self.prefix) - set(self._symbols):
            raise DomainError("specimen_number.prefix", "prefix", prefix=self.prefix)
        if self.next < 0:
            raise DomainError("specimen_number.serial", "next", serial=self.next)
        if _weak_inside(self.prefix + self._written(self.next)[:1]):
            raise DomainError("specimen_number.prefix_weak", "prefix", prefix=self.prefix)

    @property
    def _symbols(self) -> str:
        return _DIGITS if self.digits else ALPHABET

    @property
    def limit(self) -> int:
        """First serial that is not in the block."""
        places = int(len(self._symbols) ** (LENGTH - 1 - len(self.prefix)))
        return places if self.end is None else min(self.end, places)

    def allocate(self) -> tuple[str, "SpecimenNumberBlock"]:
        """Return a number and the block that follows; keep that block before the number is used.

        Raises:
            DomainError: ``specimen_number.block_exhausted``: ask the centre for a new block.
        """
        for serial in range(self.next, self.limit):
            payload = self.prefix + self._written(serial)
            number = payload + check_character(payload)
            if number[-1] in self._symbols and unseen_swap(number) is None:
                return number, replace(self, next=serial + 1)
        raise DomainError("specimen_number.block_exhausted", "prefix", prefix=self.prefix)

    def _written(self, serial: int) -> str:
        symbols, written = self._symbols, ""
        for _ in range(LENGTH - 1 - len(self.prefix)):
            serial, place = divmod(serial, len(symbols))
            written = symbols[place] + written
        return written


def is_good_prefix(prefix: str) -> bool:
    """Tell whether a block of digits with this prefix has numbers to hand out."""
    try:
        SpecimenNumberBlock(prefix, 1, digits=True)
    except DomainError:
        return False
    return True


def _weak_inside(prefix: str) -> bool:
    """Tell whether a swap inside the prefix stays unseen whatever serial follows."""
    return any(
        prefix[i] != prefix[i + 1]
        and check_character(prefix)
        == check_character(prefix[:i] + prefix[i + 1] + prefix[i] + prefix[i + 2 :])
        for i in range(len(prefix) - 1)
    )
