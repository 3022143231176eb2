"""Every page, mail and document in a made-up language and in French: no text that nobody marked, no English left."""

import re
from collections.abc import Iterable, Iterator

import pytest
from django.conf import settings
from django.utils.translation import override

from crmgap_site.catalogue.checks import po_path
from crmgap_site.catalogue.files import read_po
from diagnosis.rules.library import load_library, load_readings, load_sources
from surveys.instruments import builtin_components, load_builtin, texts_of
from tests.crmgap_site.catalogue.pseudo import CLOSE, CODE, OPEN, pseudo, pseudo_language
from tests.crmgap_site.catalogue.reading import texts_on
from tests.crmgap_site.catalogue.walk import documents, mails, pages, plant_scene, workbooks
from tests.factories.world import CANARY, PRACTICE_CANARY

pytestmark = pytest.mark.django_db

WORD = re.compile(r"[^\W\d_]{3,}")
PLAIN = frozenset("aceilnorsuyz")
"""Letters that every text of the made-up language has with an accent; a word with one of them was never marked."""
ADDRESS = re.compile(r"https?://\S+|[\w.+-]+@[\w.-]+")
CODES = re.compile(
    r"https?://\S+|[\w.+-]+@[\w.-]+|\b[A-Z]{1,3}[0-9]+[A-Z]?(?:\.[A-Z]?[0-9]+)?\b|\b[a-z]+(?:[_:-][a-z0-9]+)+\b"
    r"|\b[0-9a-f]{12,}\b"
)
CLIENT = re.compile(rf"{CANARY} client [0-9]+")
NAMES = (
    f"{CANARY} engagement", f"{CANARY} wave", f"{CANARY}.csv", CANARY,
    f"Owner of {PRACTICE_CANARY} Partners", f"{PRACTICE_CANARY} Partners",
    "Second client", "CRM gap 2026", "Banking", "region", "English", "French", "Français", "Pseudo", "CRMGap", "UTC",
    "branch", "CSV", "XLSX", "PDF", "PNG", "JPEG", "WebP", "JavaScript", "HTMT", "KMO", "VIF", "alpha",
    "Omega", "omega", "beta", "rwg", "BCa", "logo",
    "dimension", "items", "minimum", "gap,", "(Consultant)", "(Client viewer)", "send,",
)  # fmt: skip
"""Names, statistics and codes (of the audit record, of columns, of scopes), which no language translates."""


def _own_words(text: str) -> str:
    """Return what stands outside all brackets of the made-up language."""
    depth, kept = 0, []
    for sign in text:
        depth += (sign == OPEN) - (sign == CLOSE)
        if depth <= 0 and sign != CLOSE:
            kept.append(sign)
    rest = CODES.sub(" ", "".join(kept))
    rest = CLIENT.sub(" ", rest)
    for name in NAMES:
        rest = rest.replace(name, " ")
    return rest


def _library_texts() -> set[str]:
    """Return the texts of the action library, the readings and the sources, which are data of their own."""
    entries = load_library()
    texts = {
        text for one in entries for text in (one.cause, one.action, one.owner, one.lead, one.lag, one.ask)
    }
    texts |= {text for one in load_readings() for text in (one.meaning, *one.causes, *one.checks)}
    texts |= {one.meaning.partition(";")[0] for one in load_readings()}
    for code in ("die-crm", "ecsi"):
        texts |= {part for one in builtin_components(code) for part in (one.name, one.description)}
        texts.add(load_builtin(code).title)
    return (texts | set(load_sources().values())) - {""}


def _unmarked(html: str, data: Iterable[str]) -> Iterator[str]:
    for text in texts_on(html):
        rest = ADDRESS.sub(" ", text)
        for known in data:
            if known in rest:
                rest = rest.replace(known, " ")
        words = [word for word in WORD.findall(_own_words(rest)) if PLAIN & set(word)]
        if words:
            yield f"{', '.join(words[:5])} in: {text}"


def test_no_text_is_shown_that_nobody_marked(tmp_path):
    with pseudo_language(tmp_path):
        scene = plant_scene(CODE, pseudo)
        data = sorted(_library_texts(), key=len, reverse=True)
        found = {
            f"{place}: {text[:200]}"
            for source in (pages, mails, documents, workbooks)
            for place, html in source(scene)
            for text in _unmarked(html, data)
        }
    assert not found, "\n".join(sorted(found))


def _english() -> set[str]:
    """Return the product's English texts that French does not share: msgids, texts of instruments and of rules."""
    _header, entries = read_po(po_path(settings.LOCALE_PATHS[0], "fr").read_text(encoding="utf-8"))
    texts = {
        entry.message.msgid
        for entry in entries
        if entry.texts[0] != entry.message.msgid
        and "%(" not in entry.message.msgid
        and "{" not in entry.message.msgid
    }
    french = {text for entry in entries for text in entry.texts}
    for code in ("die-crm", "ecsi"):
        whole = load_builtin(code, frozenset(component.code for component in builtin_components(code)))
        own = texts_of(whole.as_dict())
        texts |= set(own.values())
        french |= set(whole.definition.translations["fr"].values())
    with override("fr"):
        french |= _library_texts()
    return (texts | _library_texts()) - french - {"English", "df", "Omega"}


def test_no_english_is_left_in_french():
    english = _english()
    scene = plant_scene("fr")
    found = {
        f"{place}: {text[:160]}"
        for source in (pages, mails, documents, workbooks)
        for place, html in source(scene)
        for text in texts_on(html)
        if text in english
    }
    assert not found, "\n".join(sorted(found))
