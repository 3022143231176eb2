"""Signs that no font of the machine has, written in words: a reader sees `[grinning face]` and never an empty box."""

import re
import unicodedata
from collections.abc import Iterable

COMPLAINT = ".notdef glyph rendered for Unicode string unsupported by fonts:"
CODE = re.compile(r"U\+([0-9A-F]{4,6})")
ASCII = 128


def signs_without_glyph(complaints: Iterable[str]) -> frozenset[str]:
    """Return the signs that the renderer found in no font, from what it complained of."""
    codes = (code for line in complaints if line.startswith(COMPLAINT) for code in CODE.findall(line))
    return frozenset(chr(int(code, 16)) for code in codes if int(code, 16) >= ASCII)


def name_signs(text: str, signs: frozenset[str]) -> str:
    """Return the text (HTML or SVG) with each of the signs written as its Unicode name in brackets."""
    return text.translate({ord(sign): _named(sign) for sign in signs})


def _named(sign: str) -> str:
    if unicodedata.category(sign) in {"Cf", "Mn", "Me"}:
        return ""  # joins or varies a sign beside it, and says nothing alone
    name = unicodedata.name(sign, "").lower() or f"U+{ord(sign):04X}"
    return f"[{name}]"
