"""The text of a PDF as it stands on its pages, read with the fonts' own tables (ISO 32000, 9.10.3)."""

import io
import re
from typing import Any, Final

import pikepdf

BLOCK: Final = re.compile(rb"beginbfchar(.*?)endbfchar", re.DOTALL)
PAIR: Final = re.compile(rb"<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>")
CODE_BYTES: Final = 2  # every font of the documents is embedded as Type 0 with Identity-H


def pages_as_text(content: bytes) -> list[str]:
    """Return the text of every page, in drawing order; glyphs without a table entry are left out."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return [_text_of(page) for page in pdf.pages]


def _text_of(page: pikepdf.Page) -> str:
    fonts: Any = page.resources.get("/Font", {})
    instructions: Any = pikepdf.parse_content_stream(page, "Tf Tj TJ ET")
    tables = {name: _table(fonts[name]) for name in fonts}
    table: dict[int, str] = {}
    parts: list[str] = []
    for operands, operator in instructions:
        kind = str(operator)
        if kind == "Tf":
            table = tables.get(str(operands[0]), {})
        elif kind == "ET":
            parts.append("\n")
        else:
            shown = operands[0] if kind == "TJ" else operands
            parts += [_decode(bytes(part), table) for part in shown if isinstance(part, pikepdf.String)]
    return "".join(parts)


def _table(font: Any) -> dict[int, str]:
    if "/ToUnicode" not in font:
        return {}
    stream = font["/ToUnicode"].read_bytes()
    return {
        int(code, 16): bytes.fromhex(text.decode()).decode("utf-16-be")
        for block in BLOCK.findall(stream)
        for code, text in PAIR.findall(block)
    }


def _decode(codes: bytes, table: dict[int, str]) -> str:
    starts = range(0, len(codes), CODE_BYTES)
    return "".join(table.get(int.from_bytes(codes[at : at + CODE_BYTES], "big"), "") for at in starts)
