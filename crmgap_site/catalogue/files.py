"""Reads and writes .po files, and compiles them to .mo."""

import ast
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

MO_MAGIC: Final = 0x950412DE
CONTEXT_END: Final = "\x04"
WIDTH: Final = 100


class CatalogueError(ValueError):
    """A .po file that cannot be read; the text names the line."""


@dataclass(frozen=True, slots=True)
class Message:
    """One text as the sources say it; `plural` is "" where it has no plural."""

    msgid: str
    plural: str = ""
    context: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What a catalogue finds it by."""
        return self.context, self.msgid


@dataclass(frozen=True, slots=True)
class Entry:
    """A message with its translation: one text, or one per plural form."""

    message: Message
    texts: tuple[str, ...]
    is_fuzzy: bool = False


def read_po(content: str) -> tuple[str, list[Entry]]:
    """Return the header text and the entries of a .po file; raises CatalogueError."""
    header, entries = "", []
    for block in _blocks(content):
        entry = _entry(block)
        if entry is None:
            continue
        if entry.message.msgid:
            entries.append(entry)
        else:
            header = entry.texts[0]
    return header, entries


def write_po(header: str, entries: Iterable[Entry], *, comment: str = "") -> str:
    """Return the text of a .po file; entries stand in the order of their messages."""
    lines = [f"# {comment}"] if comment else []
    lines += ['msgid ""', *_field("msgstr", header)]
    for entry in sorted(entries, key=lambda one: (one.message.msgid.casefold(), one.message.context)):
        message = entry.message
        lines.append("")
        if entry.is_fuzzy:
            lines.append("#, fuzzy")
        if message.context:
            lines += _field("msgctxt", message.context)
        lines += _field("msgid", message.msgid)
        if message.plural:
            lines += _field("msgid_plural", message.plural)
            for number, text in enumerate(entry.texts):
                lines += _field(f"msgstr[{number}]", text)
        else:
            lines += _field("msgstr", entry.texts[0] if entry.texts else "")
    return "\n".join(lines) + "\n"


def compile_mo(header: str, entries: Iterable[Entry]) -> bytes:
    """Return the .mo file of a catalogue; fuzzy and empty entries are left out, as gettext does."""
    texts = {"": header}
    for entry in entries:
        message = entry.message
        if entry.is_fuzzy or not all(entry.texts):
            continue
        key = f"{message.context}{CONTEXT_END}{message.msgid}" if message.context else message.msgid
        texts[f"{key}\0{message.plural}" if message.plural else key] = "\0".join(entry.texts)
    pairs = sorted((key.encode(), text.encode()) for key, text in texts.items())
    start = 28 + 16 * len(pairs)
    ids = b"\0".join(key for key, _text in pairs) + b"\0"
    values = b"\0".join(text for _key, text in pairs) + b"\0"
    tables = b"".join(_table([key for key, _text in pairs], start))
    tables += b"".join(_table([text for _key, text in pairs], start + len(ids)))
    head = struct.pack("<7I", MO_MAGIC, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, start)
    return head + tables + ids + values


def _table(parts: list[bytes], offset: int) -> Iterator[bytes]:
    for part in parts:
        yield struct.pack("<2I", len(part), offset)
        offset += len(part) + 1


def _field(name: str, text: str) -> list[str]:
    if "\n" not in text and len(text) + len(name) < WIDTH:
        return [f"{name} {_quoted(text)}"]
    return [f'{name} ""', *(_quoted(line) for line in text.splitlines(keepends=True))]


def _quoted(text: str) -> str:
    for sign, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r")):
        text = text.replace(sign, escaped)
    return f'"{text}"'


def _blocks(content: str) -> Iterator[list[tuple[int, str]]]:
    block: list[tuple[int, str]] = []
    for number, line in enumerate([*content.split("\n"), ""], start=1):
        if line.strip():
            block.append((number, line.strip()))
        elif block:
            yield block
            block = []


def _entry(block: list[tuple[int, str]]) -> Entry | None:
    fields: dict[str, str] = {}
    name, is_fuzzy = "", False
    for number, line in block:
        if line.startswith("#"):
            is_fuzzy = is_fuzzy or (line.startswith("#,") and "fuzzy" in line)
            continue
        if not line.startswith('"'):
            name = line.partition(" ")[0]
            fields[name] = ""
        try:
            fields[name] += ast.literal_eval(line.removeprefix(name).lstrip())
        except (KeyError, SyntaxError, ValueError) as error:
            raise CatalogueError(f"line {number}: cannot be read") from error
    if "msgid" not in fields:
        return None
    plural = fields.get("msgid_plural", "")
    texts = tuple(text for name, text in sorted(fields.items()) if name.startswith("msgstr"))
    return Entry(Message(fields["msgid"], plural, fields.get("msgctxt", "")), texts or ("",), is_fuzzy)
