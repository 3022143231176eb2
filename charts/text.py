"""Measures, shortens and wraps labels without a font engine.

The tables hold the advance widths of Inter (regular and semibold) in thousandths of an em; other scripts use
a mean width, East Asian wide characters one em. Results are estimates, good to about two per cent.
"""

import unicodedata
from functools import lru_cache

ELLIPSIS = "…"
SOFT_HYPHEN = "\u00ad"
WIDE_EM = 1.0
DEFAULT_EM = (0.60, 0.63)
CYRILLIC_EM = (0.66, 0.68)

# code points 0x20 to 0x7e
_REGULAR = (
    281, 278, 403, 631, 638, 812, 639, 222, 362, 362, 500, 659, 280, 460, 276, 357, 625, 464, 605, 636, 642,
    608, 624, 571, 616, 624, 276, 280, 659, 659, 659, 507, 936, 676, 651, 727, 719, 598, 587, 743, 740, 264,
    543, 652, 562, 889, 753, 761, 635, 761, 639, 638, 642, 741, 676, 949, 642, 665, 625, 362, 357, 362, 469,
    452, 497, 564, 621, 558, 621, 582, 361, 609, 591, 237, 237, 544, 237, 869, 585, 597, 609, 609, 372, 523,
    364, 581, 557, 812, 540, 557, 541, 362, 327, 362, 659,
)  # fmt: skip
# code points 0x20 to 0x7e
_SEMIBOLD = (
    248, 309, 396, 643, 649, 844, 663, 213, 393, 393, 543, 673, 295, 466, 290, 379, 667, 481, 621, 652, 666,
    632, 648, 587, 646, 648, 290, 295, 673, 673, 673, 544, 999, 724, 657, 744, 724, 608, 586, 755, 744, 275,
    561, 677, 566, 906, 741, 775, 643, 776, 651, 649, 660, 734, 724, 1007, 690, 705, 653, 393, 379, 393,
    481, 468, 497, 575, 630, 577, 630, 593, 377, 625, 613, 261, 261, 569, 261, 898, 610, 608, 625, 625, 397,
    549, 380, 608, 576, 837, 562, 576, 562, 393, 358, 393, 673,
)  # fmt: skip
# character: (regular, semibold)
_PUNCTUATION = {
    "ß": (609, 646), "ø": (597, 608), "Ø": (761, 775), "œ": (990, 981), "æ": (925, 917), "–": (500, 500),
    "—": (1000, 1000), "−": (659, 673), "…": (821, 806), "·": (276, 290), "•": (562, 496), "“": (381, 408),
    "”": (381, 407), "‘": (199, 228), "’": (185, 214), "„": (381, 407), "‚": (199, 228), "«": (540, 597),
    "»": (540, 599), "‹": (358, 381), "›": (358, 381), "×": (659, 673), "±": (659, 673), "≤": (659, 673),
    "≥": (659, 673), "≈": (659, 673), "°": (455, 458), "§": (551, 579), "€": (665, 679), "£": (631, 658),
    "→": (955, 955), "←": (955, 955), "↑": (955, 955), "↓": (955, 955), "†": (631, 605), "‡": (540, 563),
    "\u202f": (182, 164), "\u2009": (182, 164), "ı": (237, 261), "ł": (237, 261), "Ł": (562, 578),
    "đ": (621, 630), "Đ": (719, 724),
}  # fmt: skip


@lru_cache(maxsize=2048)
def _advance(char: str, bold: bool) -> float:
    code = ord(char)
    if 0x20 <= code <= 0x7E:
        return (_SEMIBOLD if bold else _REGULAR)[code - 0x20] / 1000
    known = _PUNCTUATION.get(char)
    if known:
        return known[bold] / 1000
    if unicodedata.combining(char) or unicodedata.category(char) in {"Cf", "Cc", "Mn"}:
        return 0.0
    if unicodedata.east_asian_width(char) in {"W", "F"}:
        return WIDE_EM
    base = unicodedata.normalize("NFKD", char)
    if base[0] != char:
        return sum(_advance(part, bold) for part in base)
    return (CYRILLIC_EM if 0x400 <= code < 0x530 else DEFAULT_EM)[bold]


@lru_cache(maxsize=8192)
def _em_width(text: str, bold: bool) -> float:
    return sum(_advance(char, bold) for char in text)


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of one line in the unit of `size`."""
    return _em_width(text, bold) * size


@lru_cache(maxsize=4096)
def fit_text(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """The text on one line, cut with an ellipsis where it would be wider than `width`."""
    text = " ".join(text.replace(SOFT_HYPHEN, "").split())
    if text_width(text, size, bold=bold) <= width:
        return text
    left = width - text_width(ELLIPSIS, size, bold=bold)
    end = 0
    for end, char in enumerate(text):  # noqa: B007 - the position where the room ends is the result
        left -= _advance(char, bold) * size
        if left < 0:
            break
    kept = text[:end].rstrip(" -–,.:;·/(")
    return kept + ELLIPSIS if kept else ELLIPSIS


def _pieces(text: str) -> list[tuple[str, str]]:
    """Unbreakable pieces, each with what joins it to the piece before: a space, nothing or a hyphen."""
    pieces: list[tuple[str, str]] = []
    for word in text.split():
        glue, piece = " ", ""
        for char in word:
            if char == SOFT_HYPHEN:
                if piece:
                    pieces.append((glue, piece))
                    glue, piece = SOFT_HYPHEN, ""
                continue
            wide = unicodedata.east_asian_width(char) in {"W", "F"}
            if wide and piece and unicodedata.category(char)[0] != "P":
                pieces.append((glue, piece))
                glue, piece = "", ""
            piece += char
            if char in "-–/" and len(piece) > 1:
                pieces.append((glue, piece))
                glue, piece = "", ""
        if piece:
            pieces.append((glue, piece))
    return pieces


def _broken(piece: str, width: float, size: float, bold: bool) -> list[str]:
    """A piece wider than a line, cut into parts that end in a hyphen."""
    hyphen = text_width("-", size, bold=bold)
    parts, part, used = [], "", 0.0
    for char in piece:
        step = _advance(char, bold) * size
        if part and used + step + hyphen > width:
            parts.append(part + "-")
            part, used = "", 0.0
        part += char
        used += step
    parts.append(part)
    return parts


@lru_cache(maxsize=4096)
def wrap_text(
    text: str, width: float, size: float, *, bold: bool = False, max_lines: int = 2
) -> tuple[str, ...]:
    """The text on up to `max_lines` lines; soft hyphens are used, long words cut, the rest an ellipsis."""
    lines: list[str] = []
    line = ""
    for glue, piece in _pieces(text):
        joined = f"{line}{'' if glue == SOFT_HYPHEN else glue}{piece}" if line else piece
        if text_width(joined, size, bold=bold) <= width:
            line = joined
            continue
        if line:
            lines.append(line + "-" if glue == SOFT_HYPHEN else line)
        *full, line = (
            _broken(piece, width, size, bold) if text_width(piece, size, bold=bold) > width else [piece]
        )
        lines.extend(full)
    if line:
        lines.append(line)
    if len(lines) > max_lines:
        last = fit_text(lines[max_lines - 1].rstrip("-") + ELLIPSIS, width, size, bold=bold)
        lines = [*lines[: max_lines - 1], last]
    return tuple(lines)
