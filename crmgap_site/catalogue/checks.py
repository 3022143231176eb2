"""What is wrong with the catalogue of a language: nothing may be missing, fuzzy, or filled with other placeholders."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from crmgap_site.catalogue.files import Entry, Message, compile_mo, read_po

PLACEHOLDER: Final = re.compile(r"%\([a-z_0-9]+\)[a-z]|%[a-z%]|\{[a-z_]*\}")
"""A named or plain placeholder of `%`, or one in braces; `%%` counts as one, so that it stays doubled."""


def po_path(locale: Path, language: str) -> Path:
    """Return where the catalogue of a language is kept."""
    return locale / language / "LC_MESSAGES" / "django.po"


def catalogue_problems(messages: Iterable[Message], entries: Iterable[Entry]) -> Iterator[str]:
    """Yield what is wrong with the translation of every message, and which entries nothing asks for any more."""
    found = {entry.message.key: entry for entry in entries}
    wanted = {message.key: message for message in messages}
    for key, message in wanted.items():
        entry = found.get(key)
        if entry is None:
            yield f"is missing: {message.msgid!r}"
        elif entry.is_fuzzy:
            yield f"is fuzzy: {message.msgid!r}"
        elif entry.message != message:
            yield f"has another plural: {message.msgid!r}"
        else:
            yield from _text_problems(entry)
    for key in found:
        if key not in wanted:
            yield f"is asked for nowhere: {key[1]!r}"


def _text_problems(entry: Entry) -> Iterator[str]:
    message = entry.message
    forms = 2 if message.plural else 1
    if len(entry.texts) != forms or not all(text.strip() for text in entry.texts):
        yield f"is not translated: {message.msgid!r}"
        return
    originals = (message.msgid, message.plural) if message.plural else (message.msgid,)
    for original, text in zip(originals, entry.texts, strict=True):
        if not _fits(original, text, message):
            yield f"has other placeholders: {message.msgid!r} -> {text!r}"
        if original.startswith("\n") != text.startswith("\n") or original.endswith("\n") != text.endswith(
            "\n"
        ):
            yield f"begins or ends with another line break: {message.msgid!r}"


def _fits(original: str, text: str, message: Message) -> bool:
    given, wanted = set(PLACEHOLDER.findall(text)), set(PLACEHOLDER.findall(original))
    if not message.plural:
        return sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(original)) or given == wanted
    # "one stage" may say its number in words, and a language may say it in figures
    every = wanted | set(PLACEHOLDER.findall(message.plural))
    return given <= every and (original == message.msgid or given == every)


def stale_files(locale: Path) -> list[str]:
    """Return the languages whose .mo file is not what their .po file compiles to."""
    stale = []
    for path in sorted(locale.glob("*/LC_MESSAGES/django.po")):
        header, entries = read_po(path.read_text(encoding="utf-8"))
        compiled = path.with_suffix(".mo")
        if not compiled.exists() or compiled.read_bytes() != compile_mo(header, entries):
            stale.append(path.parent.parent.name)
    return stale


def renewed(messages: Mapping[tuple[str, str], Message], entries: Iterable[Entry]) -> list[Entry]:
    """Return an entry per message: the translation there is, or an empty one to be written."""
    found = {entry.message.key: entry for entry in entries}
    result = []
    for key, message in messages.items():
        known = found.get(key)
        forms = 2 if message.plural else 1
        texts = known.texts if known and len(known.texts) == forms else ("",) * forms
        result.append(Entry(message, texts, is_fuzzy=bool(known and known.is_fuzzy)))
    return result
