"""From an uploaded file to a small clean PNG: PNG, JPEG and WebP by content only, limits checked before decoding."""

import io
import warnings
from dataclasses import dataclass
from typing import BinaryIO

from django.template.defaultfilters import floatformat
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from practice.exceptions import InvalidInputError

FORMATS = ("PNG", "JPEG", "WEBP")
MOST_BYTES = 2 * 1024 * 1024
MOST_PIXELS = 4000
LEAST_PIXELS = 16
STORED_BYTES = 64 * 1024
BOXES = ((480, 240), (320, 160), (240, 120))
HEADER = 512
MARKUP = (b"<svg", b"<html", b"<!doctype", b"<?xml", b"<script", b"%!ps", b"\xc5\xd0\xd3\xc6")


@dataclass(frozen=True, slots=True)
class LogoImage:
    """A re-encoded logo: PNG bytes (at most 64 KiB) and its size in pixels."""

    content: bytes
    width: int
    height: int


def read_logo(file: BinaryIO, n_bytes: int) -> LogoImage:
    """Return the logo in an uploaded file of `n_bytes`; raises InvalidInputError with what is wrong and what to do."""
    if n_bytes == 0:
        raise _refused(_("The file is empty. Choose the picture again."))
    if n_bytes > MOST_BYTES:
        raise _refused(
            _("The file has %(size)s MB; a logo may have 2 MB. Save it smaller and choose it again.")
            % {"size": floatformat(n_bytes / 1024 / 1024, 1)}
        )
    content = file.read(MOST_BYTES + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # damaged metadata, which is thrown away anyway
        return _encoded(_decoded(content))


def _decoded(content: bytes) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _refused(
            _("The picture has far too many pixels; at most 4,000 on each side are possible.")
        ) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise _refused(_why_not(content)) from error
    width, height = image.size
    if max(width, height) > MOST_PIXELS:
        raise _refused(
            _("The picture has %(width)d x %(height)d pixels; at most 4,000 on each side are possible.")
            % {"width": width, "height": height}
        )
    if min(width, height) < LEAST_PIXELS:
        raise _refused(
            _("The picture has %(width)d x %(height)d pixels; at least 16 on each side are needed.")
            % {"width": width, "height": height}
        )
    try:
        image.draft("RGB", BOXES[0])
        image.load()
        upright = ImageOps.exif_transpose(image)
        return upright.convert("RGBA")
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as error:
        raise _refused(
            _("The picture is damaged and cannot be read. Save it anew and choose it again.")
        ) from error


def _why_not(content: bytes) -> str:
    start = content[:HEADER].lower()
    if any(mark in start for mark in MARKUP):
        return _(
            "This is a drawing or a document (such as SVG, EPS or HTML), not a picture. "
            "Save the logo as PNG, JPEG or WebP; the name of the file alone does not change it."
        )
    return _(
        "This is not a PNG, JPEG or WebP picture, whatever its name says. Save the logo as one of these."
    )


def _encoded(image: Image.Image) -> LogoImage:
    """Shrink and re-encode until the file is small; the last step always fits (240 x 120 in 256 colours)."""
    for box in BOXES:
        small = image.copy()
        small.thumbnail(box, Image.Resampling.LANCZOS)
        for candidate in (small, small.quantize(256, method=Image.Quantize.FASTOCTREE)):
            out = io.BytesIO()
            candidate.save(out, "PNG", optimize=True)
            if out.tell() <= STORED_BYTES:
                return LogoImage(out.getvalue(), *small.size)
    raise _refused(_("The picture cannot be made small enough. Save a simpler version of the logo."))


def _refused(text: str) -> InvalidInputError:
    return InvalidInputError(text, fields={"logo": text})
