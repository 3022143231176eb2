"""QR codes of open links as SVG and PNG; made here, nothing is asked of anybody else."""

import io
from typing import Final

import segno

CONTENT_TYPES: Final = {"svg": "image/svg+xml", "png": "image/png"}
BORDER: Final = 4
PNG_SCALE: Final = 16


def qr_picture(address: str, file_type: str) -> bytes:
    """Return the picture of an address; medium error correction survives a stained poster. KeyError: unknown type."""
    code = segno.make_qr(address, error="m")
    found = io.BytesIO()
    if file_type == "svg":
        code.save(found, kind="svg", border=BORDER, xmldecl=False, nl=False, omitsize=True, light="#fff")
    elif file_type == "png":
        code.save(found, kind="png", border=BORDER, scale=PNG_SCALE)
    else:
        raise KeyError(file_type)
    return found.getvalue()
