"""Check characters by the hybrid systems of ISO/IEC 7064: every single wrong character is noticed."""

from collections.abc import Iterable


def hybrid_check(values: Iterable[int], modulus: int) -> int:
    """Return the value of the check character of ISO/IEC 7064 MOD `modulus` + 1, `modulus`.

    Args:
        values: The payload's characters as values 0 to `modulus` - 1, one or more.
        modulus: 10 for digits (MOD 11,10), 36 for digits and letters (MOD 37,36).
    """
    remainder = modulus
    for value in values:
        total = (remainder + value) % modulus or modulus
        remainder = 2 * total % (modulus + 1)
    return (1 - remainder) % modulus
