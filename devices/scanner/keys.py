r"""What a Chinese input method does to the keys of a scanner, undone where it can be undone.

A keyboard scanner types into whatever input method is active. In full-width mode each character comes as its
full-width form, one to one: that is mapped back and the scan is good. Composed characters (汉字) have swallowed
the letters they were made of, and some Chinese marks come from two keys (、 from / or \): such a scan cannot be
restored and is refused with ``scan.ime_active``, remedy: English input, or the scanner's serial mode.
"""

_MARKS = {
    "\u3000": " ", "。": ".", "，": ",", "；": ";", "：": ":", "‘": "'", "’": "'", "“": '"', "”": '"', "【": "[",
    "】": "]", "《": "<", "》": ">", "￥": "$", "¥": "$",
}  # fmt: skip
_ASCII = {chr(0xFF01 + i): chr(0x21 + i) for i in range(94)} | _MARKS
_TABLE = str.maketrans(_ASCII)


def to_ascii(text: str) -> str:
    """Return the text with every full-width form and unambiguous Chinese mark as the key that made it."""
    return text.translate(_TABLE)
