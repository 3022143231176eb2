"""The practice's one colour, corrected until it can be read: WCAG 2.2 contrast of 4.5:1 in light, dark and print.

Relative luminance and contrast ratio: WCAG 2.2, definitions "relative luminance" and "contrast ratio". Only lightness
is changed (HLS), so that the hue stays the practice's own.
"""

import colorsys
import re
from dataclasses import dataclass
from functools import lru_cache

DEFAULT = "#0d6b66"
CONTRAST = 4.5
MARGIN = 0.05
WHITE = "#ffffff"
LIGHT_SUNKEN = "#edf0f4"
VERSION = 1
DARK_SURFACE = "#1b222c"
DARK_INK = "#0b0f14"
HEX = re.compile(r"#[0-9a-fA-F]{6}\Z")
STEPS = 400

Rgb = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Accent:
    """The chosen colour and the eight colours made of it; `light` also serves mails and documents."""

    chosen: str
    light: str
    light_hover: str
    light_soft: str
    light_line: str
    dark: str
    dark_hover: str
    dark_soft: str
    dark_line: str

    @property
    def is_corrected(self) -> bool:
        """Tell whether the chosen colour was too light to be read on white."""
        return self.light != self.chosen


def luminance(colour: str) -> float:
    """Return the relative luminance (0 to 1) of `#rrggbb`."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio (1 to 21) of two colours."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@lru_cache(maxsize=512)
def accent_of(chosen: str) -> Accent:
    """Return the readable colours of a chosen one; raises ValueError for anything but `#` and six digits."""
    if not HEX.match(chosen):
        raise ValueError("not a colour: # and six hexadecimal digits are needed")
    chosen = chosen.lower()
    light_soft = _mixed(chosen, WHITE, 0.1)
    light = _until(chosen, (WHITE, light_soft, LIGHT_SUNKEN), darker=True)
    dark_soft = _mixed(light, DARK_SURFACE, 0.22)
    dark = _until(chosen, (DARK_SURFACE, dark_soft, DARK_INK), darker=False)
    return Accent(
        chosen=chosen,
        light=light,
        light_hover=_mixed(light, "#000000", 0.82),
        light_soft=light_soft,
        light_line=_mixed(light, WHITE, 0.4),
        dark=dark,
        dark_hover=_mixed(dark, WHITE, 0.8),
        dark_soft=dark_soft,
        dark_line=_mixed(dark, DARK_SURFACE, 0.45),
    )


def style_of(accent: Accent) -> str:
    """Return the style sheet that gives portal and survey pages this accent, in light and dark."""
    light = (
        f"--accent:{accent.light};--accent-hover:{accent.light_hover};--accent-soft:{accent.light_soft};"
        f"--accent-line:{accent.light_line};--on-accent:{WHITE}"
    )
    dark = (
        f"--accent:{accent.dark};--accent-hover:{accent.dark_hover};--accent-soft:{accent.dark_soft};"
        f"--accent-line:{accent.dark_line};--on-accent:{DARK_INK}"
    )
    chosen = f':root,[data-bs-theme]{{{light}}}\n@media screen{{[data-bs-theme="dark"]{{{dark}}}}}\n'
    return f"{chosen}@media screen and (prefers-color-scheme:dark){{:root:not([data-bs-theme]){{{dark}}}}}\n"


def _until(colour: str, grounds: tuple[str, ...], *, darker: bool) -> str:
    """Change lightness step by step until the colour can be read on every ground."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_rgb(colour))
    end = 0.0 if darker else 1.0
    for step in range(STEPS + 1):
        moved = lightness + (end - lightness) * step / STEPS
        found = _hex(colorsys.hls_to_rgb(hue, moved, saturation)) if step else colour
        if all(contrast(found, ground) >= CONTRAST + MARGIN for ground in grounds):
            return found
    return "#000000" if darker else WHITE


def _mixed(colour: str, ground: str, share: float) -> str:
    first, second = _rgb(colour), _rgb(ground)
    return _hex(tuple(a * share + b * (1 - share) for a, b in zip(first, second, strict=True)))


def _rgb(colour: str) -> Rgb:
    return int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255


def _hex(rgb: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(min(max(part, 0.0), 1.0) * 255):02x}" for part in rgb)
