"""A made-up language: every text in brackets, with accents and 40 % longer, so that a text nobody marked stands out."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from django.conf import settings
from django.test import override_settings

from crmgap_site.catalogue.files import Entry, Message, compile_mo, read_po
from crmgap_site.catalogue.sources import messages_in

CODE = "xa"
OPEN, CLOSE = "⟦", "⟧"
HEADER = "Content-Type: text/plain; charset=UTF-8\nLanguage: xa\nPlural-Forms: nplurals=2; plural=(n != 1);\n"
KEPT = re.compile(r"(%\([a-z_0-9]+\)[a-z]|%[a-z%]|\{[a-z_]*\}|<[^>]*>|&[a-z]+;)")
ACCENTS = str.maketrans("aceilnorsuyzACEILNORSUYZ", "äçéíľñöŕšüýžÄÇÉÍĽÑÖŔŠÜÝŽ")
LIBRARIES = ("django.conf", "django.contrib.auth", "django.contrib.humanize", "allauth")


def pseudo(text: str) -> str:
    """Return the text in the made-up language; placeholders and marks stay."""
    parts = KEPT.split(text)
    said = "".join(part if number % 2 else part.translate(ACCENTS) for number, part in enumerate(parts))
    ending = "\n" if said.endswith("\n") else ""
    return (
        f"{OPEN}{said.rstrip()}{'~' * max(1, round(0.4 * len(text)))}{CLOSE}{ending}"
        if text.strip()
        else text
    )


def _library_messages() -> Iterator[Message]:
    for package in LIBRARIES:
        path = files(package) / "locale" / "en" / "LC_MESSAGES" / "django.po"
        yield from (entry.message for entry in read_po(path.read_text(encoding="utf-8"))[1])


@contextmanager
def pseudo_language(folder: Path) -> Iterator[Callable[[str], str]]:
    """Make the language and offer it beside the others."""
    messages = {message.key: message for message in _library_messages()} | messages_in(settings.BASE_DIR)
    entries = [
        Entry(
            message,
            (pseudo(message.msgid), pseudo(message.plural)) if message.plural else (pseudo(message.msgid),),
        )
        for message in messages.values()
    ]
    target = folder / CODE / "LC_MESSAGES"
    target.mkdir(parents=True)
    (target / "django.mo").write_bytes(compile_mo(HEADER, entries))
    with override_settings(
        LOCALE_PATHS=[*settings.LOCALE_PATHS, folder], LANGUAGES=[*settings.LANGUAGES, (CODE, "Pseudo")]
    ):
        yield pseudo
